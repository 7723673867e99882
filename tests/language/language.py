#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The language, held to its word: language.py NSLAB [--bless] [--user UID] [NAME...] prints TAP.

pass/ holds scenarios that must pass, or be skipped for a reason that is printed; they run twice, watched by plain sockets
and by rings. fail/ holds scenarios that must not pass: what nslab prints, and its exit status, stand in NAME.expected, with
times, ports the kernel chose and other things that differ from run to run normalised. --bless writes these files anew.
"""
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
               "HOME": "/nonexistent"}


def run(command, folder):
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def normalised(text):
    """Two runs of one failure differ in times, in how wide they made a column, and in ports and process ids."""
    text = re.sub(r"[+-]?\d+(\.\d+)? (ns|µs|ms|s)\b", "TIME", text)
    text = re.sub(r"(192\.0\.2\.\d+):[3-6]\d{4}\b", r"\1:PORT", text)
    # A value of another width moves the words behind it, and may push one to the next line: only the words count.
    return re.sub(r"[ \n]*\n +(?=[^ ])", "\n  ", re.sub(r" {2,}", "  ", text))


class Tap:
    def __init__(self):
        self.points = []

    def point(self, good, name, detail="", skip=None):
        self.points.append((good, name, detail, skip))

    def finish(self):
        print("TAP version 13")
        print(f"1..{len(self.points)}")
        for number, (good, name, detail, skip) in enumerate(self.points, 1):
            print(f"{'ok' if good else 'not ok'} {number} - {name}{f' # SKIP {skip}' if skip else ''}")
            if not good:
                for line in detail.splitlines()[:60]:
                    print(f"# {line}")
        return 0 if all(point[0] for point in self.points) else 1


def chosen(folder, names):
    files = sorted(name for name in os.listdir(os.path.join(HERE, folder)) if name.endswith(".nslab.yaml"))
    return [name for name in files if not names or name.removesuffix(".nslab.yaml") in names]


def check_passing(tap, nslab, names, observer):
    """All of pass/ in one run; its JSON tells each case's verdict."""
    files = chosen("pass", names)
    if not files:
        return
    _, output = run([*nslab, "run", "-o", "json", "--observer", observer, *files], os.path.join(HERE, "pass"))
    ids, titles, verdicts = {}, {}, {}
    for line in output.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("type") == "case-begin":
            ids[event["case"]] = event["id"]
            titles[event["id"]] = event["title"]
        elif event.get("type") == "case-end":
            verdicts[ids[event["case"]]] = (event["verdict"], event["reason"])
    seen = {name.split("[")[0] for name in verdicts}
    for name in files:
        if name not in seen:
            tap.point(False, f"{name}, {observer}", output[-300:])
    for name, (verdict, reason) in sorted(verdicts.items()):
        tap.point(verdict in ("pass", "skip", "xfail"), f"{titles[name]} ({name}, {observer})", f"{verdict}: {reason}",
                  reason if verdict == "skip" else None)


def check_failing(nslab, name, bless):
    folder = os.path.join(HERE, "fail")
    status, output = run([*nslab, "run", "-j", "1", "--color", "never", name], folder)
    seen = normalised(output) + f"exit status {status}\n"
    golden = os.path.join(folder, name.removesuffix(".nslab.yaml") + ".expected")
    if bless:
        with open(golden, "w", encoding="utf-8") as file:
            file.write(seen)
    try:
        with open(golden, encoding="utf-8") as file:
            wanted = file.read()
    except FileNotFoundError:
        wanted = "(there is no .expected file)\n"
    return status != 0 and seen == wanted, name, f"--- expected\n{wanted}--- seen\n{seen}"


def main(arguments):
    nslab = [os.path.abspath(arguments.pop(0))]
    bless = "--bless" in arguments
    tap = Tap()
    if "--user" in arguments:
        at = arguments.index("--user")
        user = arguments[at + 1]
        del arguments[at:at + 2]
        if os.geteuid() != 0:
            print("1..0 # SKIP this is an ordinary user already, and 'language' has run as one")
            return 0
        nslab = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", *nslab]
        # A user must be able to reach both the program and the scenarios.
        status, output = run([*nslab, "run", "--list", "node-host.nslab.yaml"], os.path.join(HERE, "pass"))
        if status != 0:
            print(f"1..0 # SKIP user {user} cannot run it here: {output.strip().splitlines()[-1]}")
            return 0
    names = [name for name in arguments if not name.startswith("-")]
    for observer in ("auto", "rings"):
        check_passing(tap, nslab, names, observer)
    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(lambda name: check_failing(nslab, name, bless), chosen("fail", names)):
            tap.point(*result)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
