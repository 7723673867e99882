#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the public headers with their paths: install-headers.sh SOURCE-ROOT INCLUDEDIR, run by `meson install`.
# The command line's own are not public, and neither are those that say so by their names.
set -eu

case $2 in
/*) target=${DESTDIR:-}$2 ;;
*) target=$MESON_INSTALL_DESTDIR_PREFIX/$2 ;;
esac
cd "$1"
find lab drivers -name '*.h' ! -path 'lab/cli/*' ! -name '*_internal.h' ! -name '*_inside.h' ! -name rtnl_request.h | while read -r header; do
	mkdir -p "$target/${header%/*}"
	cp "$header" "$target/$header"
	chmod 644 "$target/$header"
done
