#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Is a committed page what its maker prints? same.sh PAGE COMMAND… prints TAP.
page=$1
shift
echo "TAP version 13"
echo "1..1"
if difference=$("$@" | diff "$page" - 2>&1) && [ -s "$page" ]; then
	echo "ok 1 - $(basename "$page") is what $(basename "$1") prints"
else
	echo "not ok 1 - $(basename "$page") is what $(basename "$1") prints; ./dev docs makes it anew"
	head -n 20 <<<"$difference" | awk '{ print "# " $0 }'
fi
