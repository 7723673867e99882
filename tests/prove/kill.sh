#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proof: SIGKILL at random moments leaves nothing behind: kill.sh NSLAB SCENARIOS [short|long]
#
# Theory of operation
#
# The proof runs in a user, PID and mount namespace of its own, so that what
# remains can be counted and not guessed: every process in the PID namespace that
# is not ours, every mount in the mount namespace, and every network namespace,
# since the kernel counts those per user namespace (namespaces(7),
# /proc/sys/user/max_net_namespaces): with the limit set to one, one more can
# only be made where none is left.
# shellcheck source-path=SCRIPTDIR
if [[ ${NSLAB_PROVE_INSIDE:-} != yes ]]; then
	# As root we are root inside as well; an ordinary user stays one, and only this script keeps capabilities.
	map=(--map-root-user)
	((EUID == 0)) || map=(--map-current-user --keep-caps)
	inside=(unshare --user "${map[@]}" --pid --fork --kill-child --mount --mount-proc)
	if ! reason=$("${inside[@]}" true 2>&1); then
		echo "1..0 # SKIP no namespaces for the proof itself here: $reason"
		exit 0
	fi
	NSLAB_PROVE_INSIDE=yes exec "${inside[@]}" "$0" "$@"
fi
source "$(dirname "$0")/lib.sh"

kills=$(short_or_long 12 200)
plan 7

as_ordinary=()
((EUID == 0)) || as_ordinary=(setpriv --inh-caps=-all --ambient-caps=-all)
mkdir "$scratch/tmp" "$scratch/home" "$scratch/artifacts"
export TMPDIR=$scratch/tmp HOME=$scratch/home

lab() { exec "${as_ordinary[@]}" "$nslab" run -q -j 4 --artifacts "$scratch/artifacts" "$scenarios" >"$scratch/output" 2>&1; }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
# Processes in this PID namespace besides this script; a zombie has no command line any more.
strangers() {
	local entry
	for entry in /proc/[0-9]*; do
		[[ ${entry#/proc/} != "$$" && ${entry#/proc/} != "$BASHPID" ]] || continue
		[[ -z $(tr -d '\0' 2>/dev/null <"$entry/cmdline") ]] || echo "${entry#/proc/}"
	done 2>/dev/null
}
look_interfaces() { ip -o link | sed -E 's/^[0-9]+: ([^:]+):.*/\1/' | sort; }

# Once in peace: how long it takes, so that the moments fall into it.
began=$(now_ms)
(lab)
status=$?
took=$(($(now_ms) - began))
point $((status != 0)) "undisturbed, all scenarios pass ($took ms)" "$scratch/output"

sort /proc/self/mountinfo >"$scratch/mounts"
look_interfaces >"$scratch/interfaces"
runners_killed=0
left=0
for ((i = 0; i < kills; i++)); do
	(lab) &
	supervisor=$!
	sleep "$(printf '0.%03d' $((RANDOM % (took < 999 ? took : 999))))"
	victim=$supervisor
	if ((i % 2)); then
		{ read -ra runners <"/proc/$supervisor/task/$supervisor/children"; } 2>/dev/null
		if ((${#runners[@]})); then
			victim=${runners[RANDOM % ${#runners[@]}]}
			runners_killed=$((runners_killed + 1))
		fi
	fi
	kill -KILL "$victim" 2>/dev/null
	wait "$supervisor" 2>/dev/null
	for ((try = 0; try < 30; try++)); do
		remaining=$(strangers)
		[[ -n $remaining ]] || break
		sleep 0.1
	done
	if [[ -n $remaining ]]; then
		left=$((left + 1))
		for pid in $remaining; do echo "kill $i: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"; done >>"$scratch/processes"
		xargs -r kill -KILL <<<"$remaining" 2>/dev/null
	fi
done
point $left "no process remains after $kills kills, $runners_killed of them of a runner" "$scratch/processes"

sort /proc/self/mountinfo | diff "$scratch/mounts" - >"$scratch/difference"
point $? "no mount remains" "$scratch/difference"
look_interfaces | diff "$scratch/interfaces" - >"$scratch/difference"
point $? "no interface remains" "$scratch/difference"

find "$scratch/tmp" -mindepth 1 >"$scratch/files"
point $((0 != $(wc -l <"$scratch/files"))) "no temporary file remains" "$scratch/files"

: >"$scratch/incomplete"
find "$scratch/artifacts" -name '*.pcapng' | while read -r file; do
	tshark -r "$file" >/dev/null 2>"$scratch/tshark" || echo "$file: $(head -n 1 "$scratch/tshark")" >>"$scratch/incomplete"
done
point $((0 != $(wc -l <"$scratch/incomplete"))) "every capture that is there is complete" "$scratch/incomplete"

# Namespaces are freed in the background, one after another.
echo 1 >/proc/sys/user/max_net_namespaces
for ((try = 0; try < 100; try++)); do
	unshare --net true 2>"$scratch/namespaces" && break
	sleep 0.1
done
point $((try == 100)) "no network namespace remains" "$scratch/namespaces"
conclude
