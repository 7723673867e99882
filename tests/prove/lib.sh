# SPDX-License-Identifier: GPL-2.0-or-later
# What the proofs share: PROOF.sh NSLAB SCENARIOS [short|long] prints TAP. To be sourced.
# shellcheck shell=bash
set -u

nslab=$(realpath "$1")
scenarios=$(realpath "$2")
form=${3:-short}
points=0
bad=0

scratch=$(mktemp -d "${TMPDIR:-/tmp}/nslab-prove.XXXXXX")
at_end() { rm -rf "$scratch"; }
trap at_end EXIT

# short_or_long SHORT LONG: the one that was asked for.
short_or_long() { if [[ $form == long ]]; then echo "$2"; else echo "$1"; fi; }

plan() { printf 'TAP version 13\n1..%d\n' "$1"; }
# point STATUS WORDS: 0 is ok. Standard input, if a file is given as third argument, is shown where it is not.
point() {
	points=$((points + 1))
	if (($1 == 0)); then
		echo "ok $points - $2"
	else
		bad=$((bad + 1))
		echo "not ok $points - $2"
		[[ -z ${3:-} ]] || tail -n 40 "$3" | sed 's/^/# /'
	fi
}
skip() {
	points=$((points + 1))
	echo "ok $points - $1 # SKIP $2"
}
# The exit status of a proof; call it last.
conclude() { ((bad == 0)); }
