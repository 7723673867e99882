#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `meson install` leaves: install.sh MESON BUILD-DIR SOURCE-ROOT CC prints TAP.
# Installed below a folder of the test's own, and the lint example is built against that alone.
set -u

meson=$1
build=$(realpath "$2")
root=$(realpath "$3")
cc=$4
# shellcheck source=tests/cli/tap.sh
source "$root/tests/cli/tap.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
dest=$work/dest

installs() {
	[[ -w $build/meson-logs ]] || { echo 'the build folder belongs to somebody else: meson cannot write its log'; return 77; }
	DESTDIR=$dest $meson install -C "$build" --no-rebuild >log 2>&1 || { cat log; return 1; }
}
installed() {
	[[ -n $(below /libnslab.so) && -n $(below /lab/base/err.h) ]] || { echo 'the library was not installed'; return 77; }
}
below() { # below PATTERN: the one installed path that ends so
	find "$dest" -path "*$1" | head -n 1
}
program_runs() {
	installed || return
	wants 0 "$(below /bin/nslab)" --version && wants 0 "$(below /bin/nslab)" explain steps.send
}
headers_alone() {
	installed || return
	local header failed=0 include
	include=$(dirname "$(dirname "$(below /lab/base)")")
	while read -r header; do
		echo "#include \"${header#./}\"" >one.c
		$cc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers -Werror -fsyntax-only -I"$include" one.c 2>log ||
			{ echo "$header does not stand alone:"; head -n 3 log; failed=1; }
	done < <(cd "$include" && find . -name '*.h' | sort)
	return $failed
}
builds_by_pkg_config() {
	installed || return
	command -v pkg-config >/dev/null || { echo 'pkg-config is not installed'; return 77; }
	local pc=$(below /nslab.pc) flags
	# A prefix of our own in place of the one that is configured.
	flags=$(PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$dest pkg-config --cflags --libs nslab) || return
	# shellcheck disable=SC2086
	$cc -D_GNU_SOURCE -o lint "$root/examples/lint/lint.c" $flags >log 2>&1 || { echo "$flags"; cat log; return 1; }
	export LD_LIBRARY_PATH=$(dirname "$(below /libnslab.so)")
	wants 1 ./lint "$root/scenarios/pierce/pierce-a-firewall.nslab.yaml" && has out "'for:'"
}

test_that 'everything installs below a folder' installs
test_that 'the installed program runs' program_runs
test_that 'every installed header can be included alone' headers_alone
test_that 'the lint example builds against the installed library by pkg-config, and works' builds_by_pkg_config
tap_done
