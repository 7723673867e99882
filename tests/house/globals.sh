#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No floor keeps state in a global, and no two floors use one name: globals.sh CC ARCHIVE… prints TAP.
#
# What the compiler put into .data or .bss can change; tables are const, and lie in .rodata or .data.rel.ro.
set -u
cc=$1
shift

# SECTION SIZE NAME of every object in a section that can be written. The sanitizers' own do not count.
mutable() {
	objdump -t "$@" | awk '
		/file format/ { object = $1 }
		match($0, / (\.data|\.bss|\.tdata|\.tbss)(\.[^r][^ \t]*)?\t[0-9a-f]+ /) {
			split(substr($0, RSTART + 1, RLENGTH - 2), part, "\t")
			name = $NF
			if (part[2] !~ /^0+$/ && $3 == "O" && name !~ /asan|ubsan|sancov|^\.L|^__cov|^completed/) print object " " name " in " part[1]
		}'
}

# Names that more than one of the objects or archives defines for others.
shared() {
	nm -A --defined-only "$@" 2>/dev/null | awk 'NF >= 3 && $(NF - 1) ~ /^[TDRB]$/ { print $NF }' | sort | uniq -d
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "TAP version 13"
echo "1..$(($# + 3))"

printf 'static int count;\nstatic int limit = 7;\nint next(int n);\nint next(int n)\n{\n\tlimit += n;\n\treturn count++ + limit;\n}\n' >"$scratch/bad.c"
if $cc -c -o "$scratch/bad.o" "$scratch/bad.c" && [ "$(mutable "$scratch/bad.o" | wc -l)" -eq 2 ]; then
	echo "ok 1 - an object with two globals is seen"
else
	echo "not ok 1 - an object with two globals is seen"
fi
cp "$scratch/bad.o" "$scratch/same.o"
if [ "$(shared "$scratch/bad.o" "$scratch/same.o")" = next ]; then verdict=ok; else verdict='not ok'; fi
echo "$verdict 2 - a name that two objects define is seen"
found=$(shared "$@")
if [ -z "$found" ]; then verdict=ok; else verdict='not ok'; fi
echo "$verdict 3 - no two floors define the same name"
[ -z "$found" ] || printf '%s\n' "$found" | awk '{ print "# " $0 }'
number=3
for archive; do
	found=$(mutable "$archive")
	if [ -z "$found" ]; then verdict=ok; else verdict='not ok'; fi
	echo "$verdict $((++number)) - $(basename "$archive") keeps no state in globals"
	[ -z "$found" ] || printf '%s\n' "$found" | awk '{ print "# " $0 }'
done
