#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proof: the host's own network is the same after all scenarios, a check and a doctor's visit: host.sh NSLAB SCENARIOS [short|long]
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

PATH=$PATH:/usr/sbin:/sbin
parts=(links addresses routes rules nftables sysctl)

look_links() { ip -d link; }
# Lifetimes of leased addresses count down by themselves.
look_addresses() { ip addr | sed -E 's/(valid_lft|preferred_lft) [0-9]+sec/\1 some/g'; }
look_routes() { for family in -4 -6; do ip $family route show table all | sed -E 's/expires [0-9]+sec//'; done; }
look_rules() { for family in -4 -6; do ip $family rule; done; }
look_nftables() { nft list ruleset 2>&1; }
# Counters and secrets that move by themselves are not settings.
look_sysctl() { sysctl -a 2>/dev/null | grep '^net\.' | grep -vE '^net\.netfilter\.nf_conntrack_count|stable_secret|random_secret' | sort; }

# look DIRECTORY: the host as it is now.
look() {
	mkdir "$scratch/$1"
	for part in "${parts[@]}"; do "look_$part" >"$scratch/$1/$part"; done
}

plan ${#parts[@]}
look before
"$nslab" doctor >"$scratch/doctor" 2>&1
"$nslab" check "$scenarios" >"$scratch/check" 2>&1
"$nslab" run -q --repeat "$(short_or_long 1 20)" "$scenarios" >"$scratch/run" 2>&1
look after
for part in "${parts[@]}"; do
	if [[ $part == sysctl ]]; then
		# Keys that a module brought with it may be new; none that existed may differ.
		comm -23 "$scratch/before/$part" "$scratch/after/$part" >"$scratch/difference"
	else
		diff "$scratch/before/$part" "$scratch/after/$part" >"$scratch/difference"
	fi
	[[ ! -s $scratch/difference && -s $scratch/run ]]
	point $? "the host's $part are what they were" "$scratch/difference"
done
conclude
