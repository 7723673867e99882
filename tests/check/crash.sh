#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A libnftables that crashes takes its child with it, and not the check: crash.sh NSLAB LIBRARY DIRECTORY prints TAP.
set -u
nslab=$1 directory=$3
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp "$2" "$work/libnftables.so.1"
export LC_ALL=C.UTF-8 LD_LIBRARY_PATH=$work

echo "TAP version 13"
echo "1..1"
"$nslab" check "$directory/bad-ruleset.nslab.yaml" >"$work/out" 2>&1
status=$?
if grep -q 'were not tried' "$work/out"; then
	echo "ok 1 - the ruleset that makes libnftables crash is named # SKIP $(grep -m 1 'were not tried' "$work/out")"
elif ((status == 2)) && grep -q 'bad-ruleset.nslab.yaml:4:15: error: reading this ruleset ends in a crash' "$work/out"; then
	echo "ok 1 - the ruleset that makes libnftables crash is named"
else
	echo "not ok 1 - the ruleset that makes libnftables crash is named"
	sed 's/^/# /' "$work/out"
fi
