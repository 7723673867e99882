#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proof: on a bare Debian 12 and 13, two commands suffice: roots.sh NSLAB SCENARIOS [short|long]
#
# Makes each system with debootstrap(8), copies the tree into it, and runs
# `./dev run` there as root in a plain chroot, `./dev test` as root with the
# system as the root of its mount namespace, and `./dev run` so as an ordinary
# user (who may not make a user namespace in a chroot). Needs root and a network that leads to a Debian mirror (NSLAB_MIRROR
# names another than debootstrap's own). Ubuntu is not tried here.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

tree=$(cd "$(dirname "$0")/../.." && pwd)
releases=(bookworm trixie)
plan $((4 * ${#releases[@]}))

skip_release() {
	for what in "a bare system" "./dev run in a chroot" "./dev test" "./dev run as an ordinary user"; do skip "$1: $what" "$2"; done
}

# in_root HOW ROOT COMMAND…: with /proc, /sys and /dev, in namespaces that take the mounts with them when they end.
# HOW is chroot or pivot.
in_root() {
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child --propagation private bash -c '
		how=$1 root=$2
		shift 2
		[ $how = chroot ] || mount --bind "$root" "$root" || exit 1
		mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" &&
			mount --bind /etc/resolv.conf "$root/etc/resolv.conf" && cd "$root" || exit 1
		set -- env -i HOME=/root TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
		[ $how = pivot ] || exec chroot . "$@"
		pivot_root . . && umount -l . && exec "$@"' bash "$@"
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

	in_root chroot "$root" "$home/dev" run >"$scratch/log" 2>&1
	point $? "$release: ./dev run in a chroot" "$scratch/log"
	in_root pivot "$root" "$home/dev" test >"$scratch/log" 2>&1
	point $? "$release: ./dev test: $(tail -n 1 "$scratch/log")" "$scratch/log"
	in_root pivot "$root" bash -c 'chown -R 1000:1000 "/var/some one" && cd "$1" &&
		HOME="/var/some one" exec setpriv --reuid=1000 --regid=1000 --clear-groups ./dev run' bash "$home" >"$scratch/log" 2>&1
	point $? "$release: ./dev run as an ordinary user" "$scratch/log"
	rm -rf "$root"
done
conclude
