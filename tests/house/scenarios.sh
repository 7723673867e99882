#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every scenario that we ship is beyond reproach before it runs: scenarios.sh NSLAB DIRECTORY prints TAP.
set -u
nslab=$1
directory=$2

mapfile -t files < <(find "$directory" -name '*.nslab.yaml' | sort)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "TAP version 13"
echo "1..$((3 + 2 * ${#files[@]}))"
number=0
# point STATUS WORDS [OUTPUT]
point() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		[ -z "${3:-}" ] || printf '%s\n' "$3" | awk '{ print "# " $0 }'
	fi
}

[ ${#files[@]} -ge 16 ]
point $? "there are at least sixteen of them (${#files[@]})"

# The two judges can say no.
printf 'scenario: Wrong\nnodes: {a: {}, b: {}}\nlinks:\n  - a:eth0: 192.0.2.1/24\n    b:eth0: 198.51.100.1/24\nsteps:\n  - expect: {at: a:eth0, count: 0}\n' \
	>"$scratch/odd.nslab.yaml"
! "$nslab" check --strict "$scratch/odd.nslab.yaml" >/dev/null 2>&1
point $? "check --strict refuses an address that is off its link"
printf 'scenario:    Untidy\nnodes: {a: {}}\nsteps:\n     -   wait: 1ms\n' >"$scratch/untidy.nslab.yaml"
! "$nslab" fmt --check "$scratch/untidy.nslab.yaml" >/dev/null 2>&1
point $? "fmt --check refuses a file in another form"

for file in "${files[@]}"; do
	name=${file#"$directory"/}
	output=$("$nslab" check --strict "$file" 2>&1)
	point $? "$name passes check --strict" "$output"
	output=$("$nslab" fmt --check "$file" 2>&1)
	point $? "$name is in the common form" "$output"
done
