#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line as a person meets it: cli.sh NSLAB SOURCE-ROOT EXAMPLE-LINT FORBID prints TAP.
# cli.sh --update NSLAB SOURCE-ROOT writes the golden outputs anew.
set -u

update=
[[ $1 == --update ]] && update=yes && shift
nslab=$(realpath "$1")
root=$(realpath "$2")
lint=${3:+$(realpath "$3")}
forbid=${4:+$(realpath "$4")}
golden=$root/tests/golden/cli
here=$root/tests/cli
# shellcheck source=tests/cli/tap.sh
source "$here/tap.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$here/fixture.nslab.yaml" .
export LC_ALL=C.UTF-8 COLUMNS=80 NO_COLOR=
unset NO_COLOR

# --- golden outputs: NAME, then the words after nslab ---
goldens=(
	"help-fmt help fmt"
	"explain-kind explain nodes.kind"
	"explain-count explain steps.expect.count"
	"explain-routes explain nodes.routes"
	"explain-ttl explain steps.send.packet.ip.ttl"
	"explain-link explain links"
	"explain-frames explain steps.send.tx_ring.frames"
	"tree tree fixture.nslab.yaml"
	"tree-given tree --given -D greeting=bye fixture.nslab.yaml"
	"graph graph fixture.nslab.yaml"
	"graph-dot graph --dot fixture.nslab.yaml"
)

same_as_golden() {
	local name=$1
	shift
	"$nslab" "$@" >out 2>&1 || {
		echo "'nslab $*' ended with $?"
		cat out
		return 1
	}
	diff -u "$golden/$name.txt" out || {
		echo "if this is meant, write the golden outputs anew: $here/cli.sh --update $nslab $root"
		return 1
	}
}

if [[ $update ]]; then
	for entry in "${goldens[@]}"; do
		read -r name words <<<"$entry"
		# shellcheck disable=SC2086
		"$nslab" $words >"$golden/$name.txt" || exit 1
	done
	exit 0
fi

# --- commands and options ---
overview() {
	wants 0 "$nslab" || return
	local command
	for command in new check fmt run shell tree graph plan doctor drivers help; do
		grep -qE "^  $command " out || { echo "no line for $command"; return 1; }
	done
}
every_command_has_help() {
	local command
	"$nslab" >commands
	while read -r command; do
		wants 0 "$nslab" help "$command" || return
		mv out by_help
		wants 0 "$nslab" "$command" --help || return
		diff by_help out || return
		wants 0 "$nslab" "$command" -h || return
		has out "Usage: nslab $command" || return
	done < <(sed -n 's/^  \([a-z]*\) .*/\1/p' commands)
}
version() {
	wants 0 "$nslab" --version && grep -qxE 'nslab [0-9]+\.[0-9]+\.[0-9]+' out
}
unknown_command() {
	wants 2 "$nslab" chekc && has err "did you mean 'check'?" && wants 2 "$nslab" help grpah && has err "did you mean 'graph'?"
}
unknown_option() {
	wants 2 "$nslab" fmt --chekc x && has err 'did you mean --check?' && wants 2 "$nslab" fmt -z x && has err 'unknown option -z'
}
arguments_counted() {
	wants 2 "$nslab" tree && has err 'tree wants FILE' && wants 2 "$nslab" tree a b && has err "'b'" &&
		wants 2 "$nslab" schema x && has err 'takes no arguments'
}
option_values() {
	wants 2 "$nslab" tree --color && has err 'wants WHEN' && wants 2 "$nslab" tree --color=alwyas x && has err "did you mean 'always'?" &&
		wants 2 "$nslab" fmt --check=yes x && has err 'takes no value' && wants 2 "$nslab" tree -D greeting x && has err 'NAME=VALUE'
}
option_forms() {
	local -a form
	for form in '-Dgreeting=a' '-D greeting=a' '--define=greeting=a' '--define greeting=a'; do
		# shellcheck disable=SC2086
		wants 0 "$nslab" tree $form fixture.nslab.yaml && has out 'payload: a' || return
		# shellcheck disable=SC2086
		wants 0 "$nslab" tree fixture.nslab.yaml $form && has out 'payload: a' || return
	done
	wants 2 "$nslab" tree -- --given && has err -- --given
}
colours() {
	wants 0 "$nslab" graph fixture.nslab.yaml && lacks out $'\e[' &&
		wants 0 "$nslab" graph --color=always fixture.nslab.yaml && has out $'\e[' &&
		wants 0 env TERM=xterm script -qec "'$nslab' graph fixture.nslab.yaml" /dev/null && has out $'\e[' &&
		wants 0 env TERM=xterm NO_COLOR=1 script -qec "'$nslab' graph fixture.nslab.yaml" /dev/null && lacks out $'\e[' &&
		wants 0 env TERM=xterm script -qec "'$nslab' graph --color never fixture.nslab.yaml" /dev/null && lacks out $'\e['
}
colours_take_no_room() {
	local words
	for words in 'help fmt' explain 'explain steps.send' 'tree fixture.nslab.yaml' 'graph fixture.nslab.yaml'; do
		# shellcheck disable=SC2086
		"$nslab" $words >plain && "$nslab" $words --color=always | sed 's/\x1b\[[0-9;]*m//g' | diff plain - || return
	done
}
full_disk() {
	"$nslab" schema >/dev/full 2>err
	(($? == 3)) && has err 'cannot write the output'
}
completion() {
	wants 0 "$nslab" completion && cp out completion.bash && bash -n completion.bash || return
	bash -c '
		source ./completion.bash
		COMP_WORDS=(nslab gr); COMP_CWORD=1; _nslab; [[ ${COMPREPLY[*]} == graph ]] || exit 1
		COMP_WORDS=(nslab graph --d); COMP_CWORD=2; _nslab; [[ ${COMPREPLY[*]} == *--dot* ]] || exit 1
		COMP_WORDS=(nslab help sch); COMP_CWORD=2; _nslab; [[ ${COMPREPLY[*]} == schema ]]'
}

test_that 'without arguments all commands are shown, in groups' overview
test_that 'every command has one page of help, however it is asked for' every_command_has_help
test_that 'the version is one line' version
test_that 'an unknown command is refused with the nearest' unknown_command
test_that 'an unknown option is refused with the nearest' unknown_option
test_that 'arguments are counted' arguments_counted
test_that 'values of options are read strictly' option_values
test_that 'options are taken in every form and at every place' option_forms
test_that 'colours are for terminals, unless they are asked for or refused' colours
test_that 'colours change nothing but colours' colours_take_no_room
test_that 'a full disk is no success' full_disk
test_that 'bash completes commands and options' completion
for entry in "${goldens[@]}"; do
	read -r name words <<<"$entry"
	# shellcheck disable=SC2086
	test_that "'nslab $words' prints what it did" same_as_golden "$name" $words
done

# --- explain ---
explain_unknown() {
	wants 2 "$nslab" explain nodes.ruotes && has err "did you mean 'routes'?" &&
		wants 2 "$nslab" explain steps.send.packet.ip.tll && has err "did you mean 'ttl'?" &&
		wants 2 "$nslab" explain steps.send.tx_rng && has err "did you mean 'tx_ring'?" &&
		wants 2 "$nslab" explain scenario.deeper && has err 'has no keys below'
}
explain_short_ways() {
	wants 0 "$nslab" explain steps.send.to && mv out long && wants 0 "$nslab" explain send.to && diff <(tail -n +2 long) <(tail -n +2 out) &&
		wants 0 "$nslab" explain nodes.firewall.kind && has out router && wants 0 "$nslab" explain tcp.flags &&
		wants 0 "$nslab" explain steps.expect.fields.ip.ttl && has out 'RFC 791'
}
test_that 'an unknown key is refused with the nearest' explain_unknown
test_that 'paths may begin at a verb, a layer or a technique, and pass through names' explain_short_ways

# --- check ---
check_good() {
	wants 0 "$nslab" check fixture.nslab.yaml && has out '1 file, no findings'
}
check_bad() {
	sed 's/kind: silent/kind: slient/; s/count: 1/cuont: 1/' fixture.nslab.yaml >bad.nslab.yaml
	wants 2 "$nslab" check bad.nslab.yaml && has out "did you mean 'silent'?" && has out 'bad.nslab.yaml:21:' && has out '1 file: 2 errors'
}
check_strict() {
	printf 'scenario: nothing\nnodes:\n  lonely:\n' >lonely.nslab.yaml
	wants 0 "$nslab" check lonely.nslab.yaml && has out 'warning:' && wants 2 "$nslab" check --strict lonely.nslab.yaml && has out 'error:'
}
check_below() {
	mkdir -p deep/er .hidden && cp fixture.nslab.yaml deep/er/one.nslab.yaml && cp fixture.nslab.yaml deep/two.nslab.yaml &&
		cp bad.nslab.yaml .hidden/ && cp bad.nslab.yaml deep/no-scenario.yaml
	wants 0 "$nslab" check deep && has out '2 files' && (cd deep && wants 0 "$nslab" check && has out '2 files') &&
		mkdir -p empty && wants 2 "$nslab" check empty && has err 'no *.nslab.yaml'
}
check_json() {
	wants 2 "$nslab" check --format json bad.nslab.yaml fixture.nslab.yaml || return
	python3 - <<-'PYTHON'
		import json
		report = json.load(open("out"))
		assert (report["files"], report["errors"], report["kernel_asked"]) == (2, 2, True), report
		places = [(f["file"], f["line"], f["id"], f["severity"]) for f in report["findings"]]
		assert places == [("bad.nslab.yaml", places[0][1], "unknown-choice", "error"), ("bad.nslab.yaml", places[1][1], "unknown-key", "error")], places
		assert places[0][1] < places[1][1]
		assert all(f["end_column"] > f["column"] for f in report["findings"])
	PYTHON
}
# As where the host lets nobody have a namespace.
without_namespaces() {
	unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"' sh "$@"
}
check_untried() {
	without_namespaces true 2>err || { echo "cannot take namespaces away here: $(cat err)"; return 77; }
	sed 's/^  bob:$/  bob:\n    nftables: "nonsense"/' fixture.nslab.yaml >ruled.nslab.yaml
	sed '/nftables/,/^      }/d' fixture.nslab.yaml >bare.nslab.yaml
	wants 2 "$nslab" check ruled.nslab.yaml && has out 'nft: syntax error' &&
		wants 0 without_namespaces "$nslab" check ruled.nslab.yaml && has err 'rulesets and sysctls were not tried' && has out 'were not tried' &&
		wants 3 without_namespaces "$nslab" check --strict ruled.nslab.yaml &&
		wants 0 without_namespaces "$nslab" check --strict bare.nslab.yaml && lacks out 'not tried' &&
		wants 2 without_namespaces "$nslab" check bad.nslab.yaml
}
test_that 'a good scenario has no findings' check_good
test_that 'check says all that is wrong at once' check_bad
test_that 'check speaks JSON to editors' check_json
test_that 'where there are no namespaces, check says what it did not try' check_untried
test_that 'what is odd is a warning, and an error with --strict' check_strict
test_that 'a folder means the scenarios below it, hidden ones aside' check_below

# --- fmt ---
fmt_check() {
	cp fixture.nslab.yaml f.nslab.yaml && wants 0 "$nslab" fmt --check f.nslab.yaml && [[ ! -s out ]] || return
	sed -i 's/^tags: /tags:    /; s/^  bob:$/  bob:   /' f.nslab.yaml
	cp f.nslab.yaml before && wants 1 "$nslab" fmt --check f.nslab.yaml && has out '+tags: [cli]' && cmp before f.nslab.yaml
}
fmt_writes() {
	chmod 640 f.nslab.yaml && wants 0 "$nslab" fmt f.nslab.yaml && has out f.nslab.yaml && cmp f.nslab.yaml fixture.nslab.yaml &&
		[[ $(stat -c %a f.nslab.yaml) == 640 ]] && wants 0 "$nslab" fmt f.nslab.yaml && [[ ! -s out ]] && [[ -z $(ls f.nslab.yaml.* 2>/dev/null) ]]
}
fmt_link() {
	sed 's/^tags: /tags:    /' fixture.nslab.yaml >real.nslab.yaml && ln -s real.nslab.yaml link.nslab.yaml &&
		wants 0 "$nslab" fmt link.nslab.yaml && [[ -L link.nslab.yaml ]] && cmp real.nslab.yaml fixture.nslab.yaml
}
fmt_stdin() {
	sed 's/^tags: /tags:    /' fixture.nslab.yaml | "$nslab" fmt - >out 2>err && cmp out fixture.nslab.yaml
}
fmt_broken() {
	printf 'scenario: [\n' >broken.nslab.yaml && wants 2 "$nslab" fmt broken.nslab.yaml && has err 'broken.nslab.yaml:' &&
		[[ $(cat broken.nslab.yaml) == 'scenario: [' ]]
}
fmt_golden() {
	"$nslab" fmt - <"$golden/odd.yaml" >out && diff -u "$golden/odd.formatted.yaml" out
}
test_that 'fmt --check shows what would change, changes nothing, and exits with 1' fmt_check
test_that 'fmt rewrites a file in its place and keeps its mode' fmt_writes
test_that 'fmt writes through a symbolic link' fmt_link
test_that 'fmt - is a filter' fmt_stdin
test_that 'fmt leaves a file alone that is no YAML' fmt_broken
test_that 'fmt lays an odd text out as it did' fmt_golden

# --- tree, graph, plan, drivers ---
ascii_graph() {
	wants 0 env LC_ALL=C "$nslab" graph fixture.nslab.yaml && ! grep -qP '[^\x00-\x7f]' out && has out '+- eth0'
}
dot_is_dot() {
	"$nslab" graph --dot fixture.nslab.yaml >out || return
	# Every line is one of the few forms that we write; graphviz reads it where it is installed.
	local string='"([^"\\]|\\.)*"'
	if grep -vE "^(graph $string \{|}|	(graph|node|edge) \[.*\];|	$string( -- $string)? \[([a-z]+=([a-z]+|$string)(, )?)+\];)\$" out; then
		echo 'is no line of DOT'
		return 1
	fi
	command -v dot >/dev/null || return 0
	dot -Tsvg out >svg && has svg '<svg'
}
plan_both_ways() {
	wants 0 "$nslab" plan fixture.nslab.yaml && has out alice && wants 0 "$nslab" plan --shell fixture.nslab.yaml && bash -n out && has out 'ip '
}
drivers_listed() {
	wants 0 "$nslab" drivers && has out rx_ring && wants 0 "$nslab" drivers tx_ring && has out block_size && has out 'On this machine:' &&
		wants 2 "$nslab" drivers rx_rnig && has err "did you mean 'rx_ring'?"
}
test_that 'without UTF-8 graphs are drawn in ASCII' ascii_graph
test_that 'the DOT is what graphviz reads' dot_is_dot
test_that 'a plan can be read and be run by a shell' plan_both_ways
test_that 'techniques are listed with their options and tried' drivers_listed

# --- new ---
new_lesson() {
	wants 0 "$nslab" new my-first_lab && has my-first_lab.nslab.yaml 'scenario: My first lab' &&
		wants 0 "$nslab" check --strict my-first_lab.nslab.yaml && wants 0 "$nslab" fmt --check my-first_lab.nslab.yaml
}
new_refuses() {
	echo mine >taken.nslab.yaml && wants 2 "$nslab" new taken && has err 'there already' && [[ $(cat taken.nslab.yaml) == mine ]]
}
new_runs() {
	"$nslab" doctor --json >doctor.json || { echo 'no lab is possible here: nslab doctor says why'; return 77; }
	wants 0 "$nslab" new && wants 0 "$nslab" run hello.nslab.yaml
}
test_that 'the first scenario has no finding and is laid out well' new_lesson
test_that 'new does not write over a file' new_refuses
test_that 'the first scenario passes' new_runs

# --- doctor ---
doctor_lines() {
	"$nslab" doctor >out 2>err
	local status=$?
	((status == 0 || status == 3)) || { cat out err; return 1; }
	if ((status == 0)); then has out 'Labs run here'; else has out 'No lab is possible here'; fi
	has out userns && has out rx_ring && has out nftables && has out tcpdump && has out memory
}
doctor_json() {
	"$nslab" doctor --json >out
	python3 - <<-'PYTHON'
		import json
		report = json.load(open("out"))
		names = [(f["group"], f["name"]) for f in report["findings"]]
		assert len(names) == len(set(names)), "a name stands twice"
		assert {f["group"] for f in report["findings"]} == {"sandbox", "link", "netfilter", "socket", "program", "limit"}
		states = {f["state"] for f in report["findings"]}
		assert states <= {"ok", "missing", "fatal", "untried"}, states
		for finding in report["findings"]:
		    if finding["state"] in ("missing", "fatal"):
		        assert finding["note"], finding
		assert report["lab_possible"] == (not any(f["state"] == "fatal" for f in report["findings"]))
	PYTHON
}
doctor_knows_drivers() {
	"$nslab" doctor --json >out
	local driver
	while read -r driver _; do
		grep -qF "\"group\": \"socket\", \"name\": \"$driver\"" out || { echo "$driver is no feature"; return 1; }
	done < <("$nslab" drivers | grep -oE '^[a-z_]+ ')
}
doctor_touches_nothing() {
	ls /sys/class/net >before && cat /proc/sys/net/ipv4/ip_forward /proc/self/mountinfo >>before
	"$nslab" doctor >out
	ls /sys/class/net >after && cat /proc/sys/net/ipv4/ip_forward /proc/self/mountinfo >>after
	diff before after
}
doctor_says_what_to_change() {
	unshare -Ur true 2>/dev/null || { echo 'a user namespace cannot be made here, so nothing can be forbidden in one'; return 77; }
	# A world in which no network namespace can be made.
	wants 3 unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$0" doctor' "$nslab" &&
		has out 'No lab is possible here' && has out 'a limit on the number of' && has out 'user.max_net_namespaces=10000' &&
		wants 3 unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$0" doctor --json' "$nslab" && has out '"state": "untried"'
}
test_that 'doctor says what stands in the way of a lab, and what to change' doctor_says_what_to_change
doctor_in_a_container() {
	"$forbid" true || { echo 'seccomp filters cannot be set here'; return 77; }
	wants 3 "$forbid" "$nslab" doctor && has out 'No lab is possible here' && has out 'seccomp' &&
		wants 3 "$forbid" "$nslab" run fixture.nslab.yaml && has err 'nslab doctor'
}
test_that 'where a container forbids namespaces, doctor names the filter, and run is an error' doctor_in_a_container
test_that 'doctor tries all groups and says whether labs run' doctor_lines
test_that 'doctor --json is JSON, and tells a reason for all that is missing' doctor_json
test_that 'every technique is a feature' doctor_knows_drivers
test_that 'doctor leaves interfaces, sysctls and mounts as they are' doctor_touches_nothing

# --- a lint rule of the user's own ---
lint_finds() {
	wants 1 "$lint" "$root/scenarios/pierce/pierce-a-firewall.nslab.yaml" && has out "'for:'" &&
		wants 0 "$lint" fixture.nslab.yaml && wants 2 "$lint" broken.nslab.yaml
}
test_that "a lint rule of the user's own finds what it is about" lint_finds

tap_done
