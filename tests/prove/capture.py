#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Proof: tshark reads what a run recorded, and sees what nslab's own JSON says: capture.py NSLAB SCENARIOS prints TAP.

Of every case: its packets in their order, each with the interface's name, its stamp to the nanosecond, and its lengths.
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

FIELDS = ("frame.interface_name", "frame.time_epoch", "frame.len", "frame.cap_len")


def told(stream):
    """id, artifacts folder and packets of every case, as the JSON lines tell."""
    cases = collections.defaultdict(lambda: {"names": {}, "packets": []})
    for line in stream:
        event = json.loads(line)
        case = cases[event["case"]]
        if event["type"] == "case-begin":
            case["id"] = event["id"]
        elif event["type"] == "interface":
            case["names"][event["index"]] = f"{event['node']}:{event['interface']}"
        elif event["type"] == "packet":
            case["packets"].append(event)
        elif event["type"] == "case-end":
            case["artifacts"] = event["artifacts"]
    return [case for number, case in sorted(cases.items()) if number >= 0]


def shown(path):
    """The packets that tshark finds, in its words."""
    command = ["tshark", "-r", path, "-T", "fields"] + [word for field in FIELDS for word in ("-e", field)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ValueError(run.stderr.strip())
    return [tuple(line.split("\t")) for line in run.stdout.splitlines()]


def expected(case):
    rows = []
    for packet in case["packets"]:
        seconds, rest = divmod(packet["stamp"], 1_000_000_000)
        rows.append((case["names"][packet["interface"]], f"{seconds}.{rest:09d}", str(packet["length"]), str(len(packet["data"]) // 2)))
    return rows


def main(nslab, scenarios):
    if not shutil.which("tshark"):
        print("1..0 # SKIP tshark is not installed")
        return 0
    with tempfile.TemporaryDirectory(prefix="nslab-prove.") as scratch:
        stream = os.path.join(scratch, "run.json")
        run = subprocess.run(
            [nslab, "run", "-q", "--artifacts", os.path.join(scratch, "artifacts"), "-o", "terminal", "-o", "json=" + stream, scenarios],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        cases = []
        if run.returncode == 0:
            with open(stream, encoding="utf-8") as lines:
                cases = told(lines)
        bad = run.returncode != 0 or not any(case["packets"] for case in cases)
        print(f"TAP version 13\n1..{1 + len(cases)}")
        print(f"{'not ok' if bad else 'ok'} 1 - all scenarios pass, and packets are told")
        if bad:
            print("\n".join("# " + line for line in run.stdout.splitlines()))
        for number, case in enumerate(cases, 2):
            try:
                wanted, seen = expected(case), shown(os.path.join(case["artifacts"], "capture.pcapng"))
                why = "" if wanted == seen else f"{len(wanted)} packets told, {len(seen)} shown: {sorted(set(wanted) ^ set(seen))[:4]}"
            except ValueError as error:
                why = str(error)
            print(f"{'not ok' if why else 'ok'} {number} - {case['id']}: {len(case['packets'])} packets")
            if why:
                bad = True
                print(f"# {why}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
