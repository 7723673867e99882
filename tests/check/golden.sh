#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `nslab check` says of the broken files that only drivers, libpcap or a kernel can judge: golden.sh NSLAB DIRECTORY [--update]
#
# tests/golden/diag/NAME.check.expected is what it prints of NAME.nslab.yaml, without the summary. nft's own words differ
# from version to version, and a machine's limits from machine to machine: both are left out of the comparison.
set -u
nslab=$(realpath "$1")
directory=$(realpath "$2")
update=${3:-}
export NO_COLOR=1 LC_ALL=C.UTF-8

cd "$directory" || exit 1
names=(*.check.expected)
seen=$(mktemp)
trap 'rm -f "$seen"' EXIT

say() {
	"$nslab" check "$1.nslab.yaml" 2>&1 | sed -e '/^[0-9]* file.*: .* error/d' -e '/^$/d' -e '/\[too-large\]/s/[0-9][0-9]* \(neighbour\|entries\)/N \1/' \
		-e '/\[too-large\]/s/hold [0-9]*/hold N/' -e '/gc_thresh3=/s/=[0-9]*$/=N/' \
		-e '/\[bad-ruleset\]/s/nft: syntax error.*\[/nft: syntax error … [/'
}

if [ "$update" = --update ]; then
	for name in "${names[@]%.check.expected}"; do say "$name" >"$name.check.expected"; done
	exit
fi
if ! "$nslab" doctor >/dev/null 2>&1; then
	echo "1..0 # SKIP no lab is possible here: nslab doctor says why"
	exit
fi
echo "TAP version 13"
echo "1..$((${#names[@]} + 1))"
number=0 failed=0
for name in "${names[@]%.check.expected}"; do
	number=$((number + 1))
	say "$name" >"$seen"
	if diff -u "$name.check.expected" "$seen" >"$seen.diff"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' "$seen.diff"
		failed=1
	fi
	rm -f "$seen.diff"
done
number=$((number + 1))
# The comparison itself: what is said of one file is not what is expected of another.
say "${names[0]%.check.expected}" >"$seen"
if cmp -s "$seen" "${names[-1]}"; then
	echo "not ok $number - two files are told apart"
	failed=1
else
	echo "ok $number - two files are told apart"
fi
exit $failed
