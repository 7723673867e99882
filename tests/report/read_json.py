# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the JSON form of the run in stream.c: one object a line, as docs/events.md describes it."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    events = [json.loads(line) for line in file]
assert len(events) > 50
for event in events:
    assert {"type", "case", "time"} <= event.keys()
    assert isinstance(event["time"], int) and event["time"] >= 1767268800000000000
assert events[0]["type"] == "run-begin" and events[0]["version"] == 1
assert events[-1]["type"] == "run-end" and events[-1]["failed"] == 3
outputs = [event for event in events if event["type"] == "output"]
assert bytes.fromhex(outputs[0]["data"]) == b"one packet se"
verdicts = {event["verdict"] for event in events if event["type"] == "case-end"}
assert verdicts == {"pass", "fail", "skip", "xfail", "error", "flaky"}
