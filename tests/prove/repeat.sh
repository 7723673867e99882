#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proof: the scenarios pass again and again, on an idle machine and on a busy one: repeat.sh NSLAB SCENARIOS [short|long]
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

times=$(short_or_long 3 200)
plan 2

"$nslab" run -q -j 4 --repeat "$times" "$scenarios" >"$scratch/idle" 2>&1
point $? "all scenarios, $times times, four at once" "$scratch/idle"

# Every core is kept busy by somebody else; each spinner ends with us, by its own pid.
spinners=()
end_spinners() {
	((${#spinners[@]} == 0)) || kill "${spinners[@]}" 2>/dev/null
	at_end
}
trap end_spinners EXIT
for ((core = $(nproc); core > 0; core--)); do
	(while :; do :; done) &
	spinners+=($!)
done
"$nslab" run -q -j 4 --repeat "$times" "$scenarios" >"$scratch/busy" 2>&1
point $? "the same $times times, with every core kept busy" "$scratch/busy"
conclude
