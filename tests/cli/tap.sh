# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TAP for shell tests: sourced. A test is a function; its output is shown where it fails.

tap_number=0
tap_failed=0

# test_that 'an English sentence' function [argument…]
test_that() {
	local name=$1 output status
	shift
	tap_number=$((tap_number + 1))
	output=$("$@" 2>&1)
	status=$?
	if ((status == 77)); then
		echo "ok $tap_number - $name # SKIP $output"
	elif ((status == 0)); then
		echo "ok $tap_number - $name"
	else
		echo "not ok $tap_number - $name"
		sed 's/^/# /' <<<"$output"
		tap_failed=1
	fi
}

tap_done() {
	echo "1..$tap_number"
	exit $tap_failed
}

# wants STATUS command…: runs it, fails with its output where it ends otherwise.
wants() {
	local wanted=$1 status
	shift
	"$@" >out 2>err
	status=$?
	if ((status != wanted)); then
		echo "'$*' ended with $status, not $wanted"
		cat out err
		return 1
	fi
}

# has FILE WORDS: the file holds them.
has() {
	grep -qF -- "$2" "$1" || {
		echo "'$2' is not in $1:"
		cat "$1"
		return 1
	}
}
lacks() {
	if grep -qF -- "$2" "$1"; then
		echo "'$2' is in $1:"
		cat "$1"
		return 1
	fi
}
