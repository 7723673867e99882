#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The rules of the house, as far as a program can see them: rules.sh TREE prints TAP.
#
# Theory of operation
#
# A rule is a function that prints one line for each place that breaks it, and a
# function that writes a small tree which breaks it. Each rule is first held
# against its own bad tree, and has to complain: a rule that sees nothing is a
# failure too. Rules look at files alone, so that they hold in a tree without git.
set -u

tree=$(cd "$1" && pwd) || exit 1

# Lowest first; a floor includes itself and what stands before it.
floors=(lab/base lab/packet lab/scenario lab/event lab/kernel drivers lab/check lab/observe lab/expect lab/run lab/report lab/cli)

# C files of the product below the current directory.
product() { find lab drivers -name '*.[ch]' 2>/dev/null | sort; }
# What people wrote: code, scripts, scenarios, words.
written() {
	find . \( -name .git -o -name 'build*' -o -name .cache \) -prune -o -type f \
		\( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.md' -o -name '*.yaml' -o -name meson.build -o -path ./dev -o -path ./.ci/run \) \
		-print | sort
}
# FILE:LINE:TEXT of product code without its comments and strings: line numbers stay.
code() {
	local file
	product | while read -r file; do
		awk -v file="$file" '
			{
				line = $0
				gsub(/\\["\\]/, "", line)
				gsub(/"[^"]*"/, "\"\"", line)
				out = ""
				while (line != "") {
					if (inside) {
						end = index(line, "*/")
						if (!end) break
						line = substr(line, end + 2); inside = 0
					} else {
						start = index(line, "/*")
						if (!start) { out = out line; break }
						out = out substr(line, 1, start - 1); line = substr(line, start + 2); inside = 1
					}
				}
				sub(/\/\/.*/, "", out)
				if (out ~ /[^ \t]/) print file ":" NR ":" out
			}' "$file"
	done
}

rule_floors() { # a floor includes only itself and the floors below it
	product | xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' | awk -v floors="${floors[*]}" '
		BEGIN { n = split(floors, f, " "); for (i = 1; i <= n; i++) rank[f[i]] = i }
		function floor_of(path,   i, best) { for (i = 1; i <= n; i++) if (index(path, f[i] "/") == 1) best = i; return best }
		{
			split($0, part, ":")
			match($0, /"[^"]*"/); target = substr($0, RSTART + 1, RLENGTH - 2)
			own = floor_of(part[1]); other = floor_of(target)
			if (!own) next
			if (!other) print part[1] ":" part[2] ": " target " is not included by its path from the root"
			else if (other > own) print part[1] ":" part[2] ": " f[own] " must not include " target
		}'
}
bad_floors() {
	mkdir -p lab/base lab/run && echo '#include "lab/run/plan.h"' >lab/base/text.c && echo '#include "plan.h"' >lab/run/plan.c
}

rule_libraries() { # each outside library has one floor that speaks to it
	local entry
	for entry in 'pcap(/|\.h)=lab/packet/' 'libfyaml\.h=lab/scenario/' 'netlink/=lab/kernel/' 'nftables/=lab/kernel/' 'criterion/=tests/'; do
		product | grep -v "^${entry#*=}" | xargs -r grep -nE "#[[:space:]]*include[[:space:]]*<${entry%=*}" /dev/null |
			sed "s|\$| belongs into ${entry#*=} alone|"
	done
}
bad_libraries() { mkdir -p lab/run && printf '#include <netlink/netlink.h>\n' >lab/run/plan.c; }

rule_no_shell() { # the product starts no shell for its own work
	code | grep -E '[^a-z_](system|popen) *\('
}
bad_no_shell() { mkdir -p lab/kernel && printf '\treturn system("ip link");\n' >lab/kernel/rtnl.c; }

rule_no_sleep() { # nothing sleeps: waiting is the event loop's
	code | grep -E '[^a-z_](sleep|usleep|nanosleep|clock_nanosleep) *\('
}
bad_no_sleep() { mkdir -p lab/run && printf 'void f(void)\n{\n\tusleep(10);\n}\n' >lab/run/run.c; }

rule_one_clock() { # time is read in lab/base/clock.c alone
	code | grep -v '^lab/base/clock\.c:' | grep -E '[^a-z_](clock_gettime|gettimeofday|time) *\('
}
bad_one_clock() { mkdir -p lab/run && printf '\tclock_gettime(CLOCK_MONOTONIC, &now);\n' >lab/run/run.c; }

rule_randomness() { # chance comes from lab/base/rng.c alone, by a seed
	code | grep -v '^lab/base/rng\.c:' | grep -E '[^a-z_](rand|random|srand|srandom|drand48|getrandom|arc4random[a-z_]*) *\('
}
bad_randomness() { mkdir -p lab/run && printf '\tint port = rand() %% 1000;\n' >lab/run/run.c; }

rule_quiet_library() { # below lab/cli nothing prints to the terminal or ends the process
	code | grep -v '^lab/cli/' | grep -E '[^a-z_](printf|puts|putchar|perror|exit|err|errx|warn|warnx) *\(|[^a-z_](stdout|stderr)[^a-z_]' |
		grep -vE '\.(stdout|stderr)|(->|_)(stdout|stderr)|->(err|warn) *\('
}
bad_quiet_library() { mkdir -p lab/packet && printf '\tfprintf(stderr, "oops");\n' >lab/packet/build.c; }

rule_licence() { # every source begins with its licence
	local file
	written | grep -vE '\.md$|^./tests/golden/' | while read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "$file: no SPDX line"
	done
}
bad_licence() { mkdir -p lab/base && echo 'int x;' >lab/base/x.c; }

rule_head() { # every C file says in one sentence what it is
	local file
	product | while read -r file; do
		sed -n 2p "$file" | grep -q '^/\*' || echo "$file:2: no sentence that says what the file is"
	done
}
bad_head() { mkdir -p lab/base && printf '/* SPDX-License-Identifier: GPL-2.0-or-later */\n#include <stdio.h>\n' >lab/base/x.c; }

rule_own_header_first() { # a module includes its own header before all others
	local file header first
	product | grep '\.c$' | while read -r file; do
		header=${file%.c}.h
		[ -f "$header" ] || continue
		first=$(grep -m1 -E '^#[[:space:]]*include' "$file")
		case $first in *"\"$header\""*) ;; *) echo "$file: $header is not its first include" ;; esac
	done
}
bad_own_header_first() {
	mkdir -p lab/base && touch lab/base/x.h && printf '#include <stdio.h>\n#include "lab/base/x.h"\n' >lab/base/x.c
}

rule_size() { # a file fits in the head
	product | xargs -r wc -l | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }'
}
bad_size() { mkdir -p lab/base && yes ';' | head -n 700 >lab/base/x.c; }

rule_no_unfinished() { # what is here is done
	written | grep -v '^./tests/house/' | xargs -r grep -nE '\b(TODO|FIXME|XXX|HACK)\b|not implemented|not yet implemented' /dev/null | grep -v '# TODO'
}
bad_no_unfinished() { mkdir -p lab/base && echo '/* TODO: all of it */' >lab/base/x.c; }

rule_no_machine() { # no path of one person's machine
	written | grep -v '^./tests/house/' | xargs -r grep -noE "(^|[[:space:]\"'=(\`])/[a-z]+/[a-z]" /dev/null |
		grep -vE "/(bin|dev|etc|lib|proc|run|sbin|sys|tmp|usr|var|docs|drivers|lab|scenarios|tests|nonexistent|no|net)/[a-z]\$"
}
bad_no_machine() { mkdir -p docs && echo 'cd /home/somebody/nslab' >docs/running.md; }

# 99.130.83.99 is the magic cookie of RFC 2131, which looks like an address.
rule_addresses() { # examples keep to the documentation ranges (RFC 5737)
	written | grep -vE '^./tests/golden/' | grep -E '\.yaml$|^./docs/|^./README|^./CONTRIBUTING' |
		xargs -r grep -noE '\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b' /dev/null |
		grep -vE ':(192\.0\.2|198\.51\.100|203\.0\.113|127\.[0-9]+\.[0-9]+|0\.0\.0|255\.255\.255|224\.0\.0|239\.[0-9]+\.[0-9]+|99\.130\.83)\.[0-9]+$'
}
bad_addresses() { mkdir -p scenarios && echo 'address: 10.0.0.1/8' >scenarios/x.nslab.yaml; }

rule_links() { # every link between documents leads somewhere
	local file link target
	written | grep '\.md$' | while read -r file; do
		grep -oE '\]\([^)# ]+' "$file" | sed 's/^](//' | grep -vE '^[a-z]+:' | while read -r link; do
			target=$(dirname "$file")/$link
			[ -e "$target" ] || echo "$file: the link to $link leads nowhere"
		done
	done
}
bad_links() { mkdir -p docs && echo 'see [there](nowhere.md)' >docs/x.md; }

rules=(floors libraries no_shell no_sleep one_clock randomness quiet_library licence head own_header_first size no_unfinished no_machine
	addresses links)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "TAP version 13"
echo "1..$((2 * ${#rules[@]}))"
number=0
for rule in "${rules[@]}"; do
	words=$(sed -n "s/^rule_$rule() { # //p" "$0")
	mkdir "$scratch/$rule"
	complaint=$(cd "$scratch/$rule" && "bad_$rule" && "rule_$rule")
	if [ -n "$complaint" ]; then verdict=ok; else verdict='not ok'; fi
	echo "$verdict $((++number)) - the rule '$rule' sees a tree that breaks it"
	complaint=$(cd "$tree" && "rule_$rule")
	if [ -z "$complaint" ]; then verdict=ok; else verdict='not ok'; fi
	echo "$verdict $((++number)) - $words"
	[ -z "$complaint" ] || sed 's/^/# /' <<<"$complaint"
done
