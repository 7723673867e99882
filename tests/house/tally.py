#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts what `meson test` logged: tally.py LABEL=testlog.json…; the last line is "N passed, N failed, N skipped".

An argument skipped:NAME=REASON stands for something that was not even tried.

A TAP test counts once for each of its points, any other test once. What failed
is shown with its output, what was skipped with its reason. Exit status 1 where
something failed, 2 where nothing ran.
"""

import json
import re
import sys

POINT = re.compile(r"(not )?ok\b *(\d+)? *(?:- *)?((?:[^#\\]|\\.)*)(?:# *(SKIP|TODO)\S*\s*(.*))?$", re.IGNORECASE)
PLAN = re.compile(r"1\.\.(\d+)\s*(?:# *SKIP\S*\s*(.*))?$", re.IGNORECASE)
GOOD = ("OK", "EXPECTEDFAIL")


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []  # (name, text)
        self.skipped = []  # (name, reason)

    def add_points(self, name, lines):
        """TAP in `lines`: returns whether there was any."""
        planned, points, bailed = None, 0, None
        for line in lines:
            plan = PLAN.match(line)
            if plan and planned is None:
                planned = int(plan.group(1))
                if planned == 0:
                    self.skipped.append((name, plan.group(2) or "no reason given"))
                continue
            if line.startswith("Bail out!"):
                bailed = line
            point = POINT.match(line)
            if not point:
                continue
            points += 1
            self.add_point(name, point)
        if planned is None and points == 0:
            return False
        if bailed:
            self.failed.append((name, bailed))
        elif planned is None or planned != points:
            self.failed.append((name, f"{points} test points of {planned if planned is not None else 'an unknown number'} planned"))
        return True

    def add_point(self, name, point):
        bad, _, title, directive, reason = point.groups()
        title = f"{name}: {title.strip()}"
        if directive and directive.upper() == "SKIP" and not bad:
            self.skipped.append((title, reason or "no reason given"))
        elif directive and directive.upper() == "TODO":
            # Expected to fail: passing all the same is a failure.
            if bad:
                self.passed += 1
            else:
                self.failed.append((title, f"passed, though it was expected to fail: {reason}"))
        elif bad:
            self.failed.append((title, ""))
        else:
            self.passed += 1

    def add_test(self, label, test):
        name = f"{label}: {test['name']}"
        stdout, stderr = test.get("stdout") or "", test.get("stderr") or ""
        output = (stdout + stderr).strip()
        before = len(self.failed)
        tap = self.add_points(name, stdout.splitlines())
        result = test["result"]
        if result in GOOD:
            if not tap:
                self.passed += 1
        elif result == "SKIP":
            if not tap:
                self.skipped.append((name, output.splitlines()[-1] if output else "no reason given"))
        elif len(self.failed) == before:
            self.failed.append((name, f"{result.lower()}, exit status {test.get('returncode')}"))
        if len(self.failed) > before:
            title, text = self.failed[-1]
            shown = about_failures(stdout) + stderr if tap else output
            self.failed[-1] = (title, f"{text}\n{shown}".strip())


def about_failures(stdout):
    """TAP without what is well: points that are not ok, with what stands below them, and what is no TAP."""
    lines, well = [], False
    for line in stdout.splitlines():
        point = POINT.match(line)
        if point:
            well = not point.group(1)
        if not well and not PLAN.match(line) and not line.startswith("TAP version"):
            lines.append(line + "\n")
    return "".join(lines)


def main(arguments):
    tally = Tally()
    for argument in arguments:
        label, path = argument.split("=", 1)
        if label.startswith("skipped:"):
            tally.skipped.append((label.removeprefix("skipped:"), path))
            continue
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                if line.strip():
                    tally.add_test(label, json.loads(line))
    for name, reason in tally.skipped:
        print(f"skipped: {name}: {reason}")
    for name, text in tally.failed:
        print(f"FAILED: {name}")
        for line in text.splitlines():
            print(f"    {line}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped")
    if tally.failed:
        return 1
    return 0 if tally.passed or tally.skipped else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
