#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proof: on a bare Debian 12 and 13, two commands suffice: roots.sh NSLAB SCENARIOS [short|long]
#
# Makes each system with debootstrap(8), copies the tree into it, and runs
# `./dev run` and `./dev test` there as root, then `./dev run` as an ordinary
# user. Needs root and a network that leads to a Debian mirror (NSLAB_MIRROR
# names another than debootstrap's own). Ubuntu is not tried here.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

tree=$(cd "$(dirname "$0")/../.." && pwd)
releases=(bookworm trixie)
plan $((4 * ${#releases[@]}))

skip_release() {
	for what in "a bare system" "./dev run" "./dev test" "./dev run as an ordinary user"; do skip "$1: $what" "$2"; done
}

# in_root ROOT COMMAND…: with /proc, /sys and /dev of its own, in namespaces that take the mounts with them when they end.
in_root() {
	local root=$1
	shift
	unshare --mount --pid --fork --kill-child --propagation private bash -c '
		mount -t proc proc "$1/proc" && mount --rbind /sys "$1/sys" && mount --rbind /dev "$1/dev" &&
			mount --bind /etc/resolv.conf "$1/etc/resolv.conf" &&
			exec env -i HOME=/root TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot "${@}"' bash "$root" "$@"
}

for release in "${releases[@]}"; do
	if ((EUID != 0)); then
		skip_release "$release" "chroot needs root"
		continue
	fi
	if ! command -v debootstrap >/dev/null; then
		skip_release "$release" "debootstrap is not installed"
		continue
	fi
	root=$scratch/$release
	debootstrap --variant=minbase "$release" "$root" ${NSLAB_MIRROR:+"$NSLAB_MIRROR"} >"$scratch/log" 2>&1
	status=$?
	point $status "$release: a bare system" "$scratch/log"
	((status == 0)) || continue
	touch "$root/etc/resolv.conf"

	# A path with a space in it, as people have them.
	home="/var/some one/nslab"
	mkdir -p "$root$home"
	(cd "$tree" && tar -c --exclude=./build --exclude='./build-*' --exclude=./.git .) | tar -x -C "$root$home"

	in_root "$root" "$home/dev" run >"$scratch/log" 2>&1
	point $? "$release: ./dev run" "$scratch/log"
	in_root "$root" "$home/dev" test >"$scratch/log" 2>&1
	point $? "$release: ./dev test: $(tail -n 1 "$scratch/log")" "$scratch/log"
	in_root "$root" bash -c 'chown -R 1000:1000 "/var/some one" && cd "$1" &&
		HOME="/var/some one" exec setpriv --reuid=1000 --regid=1000 --clear-groups ./dev run' bash "$home" >"$scratch/log" 2>&1
	point $? "$release: ./dev run as an ordinary user" "$scratch/log"
	rm -rf "$root"
done
conclude
