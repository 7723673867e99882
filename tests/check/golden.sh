#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `nslab check` says of every broken file: golden.sh NSLAB DIRECTORY [--update] prints TAP.
#
# Theory of operation
#
# NAME.check.expected is what it prints of NAME.nslab.yaml, without the summary,
# where drivers, libpcap, the machine's limits or a kernel have a say. Of all other files
# it says what the reader of scenarios says by itself, NAME.expected
# (tests/scenario/test_golden.c); so nothing is reported there that is not so.
#
# nft's own words differ from version to version, and a machine's limits from
# machine to machine: words behind "nft:" and numbers of "too-large" findings are not compared. A file
# name that begins with a diagnostic's name provokes that one.
set -u
script=$(realpath "$0")
nslab=$(realpath "$1")
directory=$(realpath "$2")
update=${3:-}
export NO_COLOR=1 LC_ALL=C.UTF-8

cd "$directory" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# A first line "# -D name=value" sets a param.
say() {
	local words=() first
	read -r first <"$1.nslab.yaml"
	[[ $first == '# -D '* ]] && words=(-D "${first#\# -D }")
	"$nslab" check "${words[@]}" "$1.nslab.yaml" 2>"$work/errors" | sed -e '/^$/d' -e '$d'
}
comparable() {
	sed -e '/\[bad-ruleset\]$/s/error: nft: .* \[/error: nft: … [/' -e '/\[too-large\]$/,/= help/{' -e 's/[0-9][0-9]* \(M\|neigh\|conn\|entr\)/N \1/g' \
		-e 's/\(hold\|holds\|=\|and\) *[0-9][0-9]*/\1 N/g' -e 's/ipv[46]/ipvN/g' -e '}' "$1"
}

files=(*.nslab.yaml)
if [[ $update == --update ]]; then
	for file in "${files[@]}"; do
		name=${file%.nslab.yaml}
		say "$name" >"$work/seen"
		[[ ! -e $name.check.expected && -e $name.expected ]] && cmp -s "$name.expected" "$work/seen" && continue
		diff -q <(comparable "$name.check.expected" 2>/dev/null) <(comparable "$work/seen") >/dev/null || cp "$work/seen" "$name.check.expected"
	done
	exit
fi

# The slug that the file's name begins with: the longest that fits.
slugs=$(sed -n 's/^[[:space:]]*X(\([A-Z_]*\),.*/\1/p' ../../../lab/base/diag_list.h | tr 'A-Z_' 'a-z-')
slug_of() {
	local slug longest=
	for slug in $slugs; do
		[[ $1 == "$slug" || $1 == "$slug"-* ]] && ((${#slug} > ${#longest})) && longest=$slug
	done
	echo "$longest"
}

number=0
point() { # STATUS WORDS
	number=$((number + 1))
	if (($1 == 0)); then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}
hint="where this is meant, write them anew: $script NSLAB DIRECTORY --update"
echo "TAP version 13"
for file in "${files[@]}"; do
	name=${file%.nslab.yaml}
	expected=$name.check.expected
	[[ -e $expected ]] || expected=$name.expected
	say "$name" >"$work/seen"
	if grep -q 'were not tried' "$work/errors"; then
		number=$((number + 1))
		echo "ok $number - $name # SKIP $(head -n 1 "$work/errors")"
		continue
	fi
	diff -u <(comparable "$expected") <(comparable "$work/seen") >"$work/diff" 2>&1 && grep -qF "[$(slug_of "$name")]" "$work/seen"
	status=$?
	point $status "$name"
	((status == 0)) || { sed 's/^/# /' "$work/diff"; echo "# $hint"; }
done

# The comparison can say no.
say bad-filter >"$work/seen"
! diff -q <(comparable bad-option.check.expected) <(comparable "$work/seen") >/dev/null
point $? 'two files are told apart'
sed 's/:7:/:8:/' bad-ruleset.check.expected >"$work/moved"
! diff -q <(comparable bad-ruleset.check.expected) <(comparable "$work/moved") >/dev/null
point $? 'a finding on another line is told apart'
echo "1..$number"
