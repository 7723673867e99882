#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `nslab run` promises of its options and exit statuses: options.py NSLAB prints TAP."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NSLAB = os.path.abspath(sys.argv[1])

PASS = """scenario: All is well
tags: [good, fast]
nodes: {a: {}}
links: []
steps:
  - run: {in: a, command: ["true"]}
"""
FAIL = """scenario: All is lost
tags: [bad]
nodes: {a: {}}
links: []
steps:
  - run: {in: a, command: ["false"]}
"""
ERROR = """scenario: It cannot be built
tags: [ugly]
nodes: {a: {routes: [default via 192.0.2.1]}}
links: []
steps:
  - run: {in: a, command: ["true"]}
"""
SLOW = """scenario: It takes a minute
timeout: 10min
nodes: {a: {}}
links: []
steps:
  - run: {in: a, command: [sleep, "60"]}
"""
MATRIX = """scenario: Of many cases
params: {word: default}
matrix: {family: [ipv4, ipv6], size: [1, 2]}
nodes: {a: {}, b: {}}
links:
  - a:eth0: [192.0.2.1/24, "2001:db8::1/64"]
    b:eth0: [192.0.2.2/24, "2001:db8::2/64"]
steps:
  - send: {in: a, with: udp, to: "b:9", payload: $(word)}
  - expect: {at: b:eth0, dir: in, packets: udp, count: 1, payload: default}
"""


def missing(kind, name):
    return f"scenario: Needs {name}\nrequires: {{{kind}: [{name}]}}\nnodes: {{a: {{}}}}\nlinks: []\nsteps:\n  - run: {{in: a, command: [\"true\"]}}\n"


class Failed(Exception):
    pass


def holds(condition, words):
    if not condition:
        raise Failed(words)


class Place:
    """A folder of its own, with scenarios in it."""

    def __init__(self, **files):
        self.path = tempfile.mkdtemp(prefix="nslab-options.")
        os.chmod(self.path, 0o755)
        for name, text in files.items():
            with open(self.file(name + ".nslab.yaml"), "w", encoding="utf-8") as file:
                file.write(text)

    def file(self, name):
        return os.path.join(self.path, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def environment(self):
        return {**os.environ, "LC_ALL": "C.UTF-8", "HOME": self.path, "XDG_CACHE_HOME": self.file("cache"),
                "XDG_STATE_HOME": self.file("state"), "NO_COLOR": "1"}

    def run(self, *words, wants=None, **more):
        done = subprocess.run([NSLAB, "run", *words], cwd=self.path, env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, text=True, check=False, **more)
        if wants is not None and done.returncode != wants:
            raise Failed(f"exit status {done.returncode}, wanted {wants}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def events(self, *words):
        return [json.loads(line) for line in self.run("-o", "json", *words).splitlines() if line.startswith("{")]

    def verdicts(self, *words):
        return [event["verdict"] for event in self.events(*words) if event["type"] == "case-end"]


def test_exit_status_is_0_where_all_pass_or_are_skipped():
    with Place(one=PASS, two=missing("programs", "no-such-program")) as place:
        place.run(wants=0)


def test_exit_status_is_1_where_one_fails():
    with Place(one=PASS, two=FAIL) as place:
        place.run(wants=1)


def test_exit_status_is_3_where_one_is_an_error():
    with Place(one=FAIL, two=ERROR) as place:
        place.run(wants=3)


def test_exit_status_is_2_where_nothing_is_selected_or_valid():
    with Place(one=PASS) as place:
        place.run("-k", "nothing", wants=2)
        place.run("--tag", "nothing", wants=2)
        place.run("no-such-file.nslab.yaml", wants=2)
        place.run("--no-such-option", wants=2)
        place.run("-j", "none", wants=2)
    with Place(one=PASS + "  - walk: {}\n", two=PASS) as place:
        holds("All is well" not in place.run(wants=2), "something ran, though one file was invalid")
    with Place() as place:
        place.run(wants=2)


def test_x_stops_after_the_first_failure():
    with Place(a=FAIL, b=PASS, c=PASS, d=PASS) as place:
        out = place.run("-x", "-j", "1", wants=1)
        holds("3 not run" in out, out)
    with Place(a=ERROR, b=PASS) as place:
        out = place.run("-x", "-j", "1", wants=3)
        holds("1 not run" in out, out)


def test_k_selects_by_words_of_id_and_title():
    with Place(ping=PASS, pong=FAIL, m=MATRIX) as place:
        holds(place.run("--list", "-k", "ping").split() == ["ping.nslab.yaml"], "-k ping")
        holds(place.run("--list", "-k", "lost").split() == ["pong.nslab.yaml"], "-k lost: the title")
        holds(place.run("--list", "-k", "not ping and not (ipv4 or pong)").split() ==
              ["m.nslab.yaml[family=ipv6,size=1]", "m.nslab.yaml[family=ipv6,size=2]"], "-k 'not …'")
        place.run("-k", "ping and", wants=2)
        place.run("-k", "(ping", wants=2)


def test_tag_selects_by_tags():
    with Place(ping=PASS, pong=FAIL, long=SLOW.replace('run: {in: a, command: [sleep, "60"]}', "wait: 5s")) as place:
        out = place.run("-q", "--list", "--tag", "good or bad")
        holds(out.split() == ["ping.nslab.yaml", "pong.nslab.yaml"], out)
        holds(place.run("--list", "--tag", "good and not fast", wants=2) != "", "good and not fast")
        holds(place.run("-q", "--list", "--tag", "long").split() == ["long.nslab.yaml"], "a long wait has the tag 'long'")


def test_list_runs_nothing():
    with Place(m=MATRIX, f=FAIL) as place:
        out = place.run("--list", wants=0).split()
        holds(out == ["f.nslab.yaml"] + [f"m.nslab.yaml[family={f},size={s}]" for f in ("ipv4", "ipv6") for s in "12"], out)


def test_a_case_id_is_an_argument():
    with Place(m=MATRIX) as place:
        out = place.run("m.nslab.yaml[family=ipv6,size=1]", wants=0)
        holds("1 passed" in out, out)
        out = place.run("m.nslab.yaml[family=ipv6,size=1]", "m.nslab.yaml[family=ipv4,size=2]", wants=0)
        holds("2 passed" in out, out)
        place.run("m.nslab.yaml[family=ipx]", wants=2)


def test_d_overrides_a_param_and_is_in_the_line_that_runs_it_again():
    with Place(m=MATRIX) as place:
        out = place.run("-D", "word=it's else", "-k", "ipv4 and size=1", wants=1)
        again = re.search(r"again +(.*)", out)
        holds(again, out)
        done = subprocess.run(again.group(1).replace("nslab", NSLAB, 1), shell=True, cwd=place.path, env=place.environment(),
                              capture_output=True, text=True, check=False)
        holds(done.returncode == 1 and "1 failed" in done.stdout, done.stdout + done.stderr)
        place.run("-D", "other=1", wants=2)


def test_last_failed_runs_what_failed_the_last_time():
    with Place(a=PASS, b=FAIL, c=FAIL) as place:
        place.run(wants=1)
        out = place.run("--last-failed", "--list", wants=0).split()
        holds(out == ["b.nslab.yaml", "c.nslab.yaml"], out)
        with open(place.file("b.nslab.yaml"), "w", encoding="utf-8") as file:
            file.write(PASS)
        place.run("--last-failed", wants=1)
        out = place.run("--last-failed", "--list", wants=0).split()
        holds(out == ["c.nslab.yaml"], out)
        place.run("a.nslab.yaml", wants=0)
        out = place.run("--last-failed", "--list", wants=0).split()
        holds(out == ["c.nslab.yaml"], f"another run forgot what failed: {out}")


def test_repeat_runs_each_case_so_often():
    with Place(a=PASS, b=PASS) as place:
        holds(place.verdicts("--repeat", "5") == ["pass"] * 10, "--repeat 5")


def test_j_runs_cases_at_once():
    wait = SLOW.replace('run: {in: a, command: [sleep, "60"]}', "wait: 400ms")
    with Place(a=wait, b=wait, c=wait, d=wait) as place:
        began = time.monotonic()
        place.run("-j", "4", wants=0)
        together = time.monotonic() - began
        began = time.monotonic()
        place.run("-j", "1", wants=0)
        alone = time.monotonic() - began
        holds(together < 1.2 and alone >= 1.6, f"{together:.2f} s with -j 4, {alone:.2f} s with -j 1")


def test_require_makes_what_is_missing_an_error():
    doctor = subprocess.run([NSLAB, "doctor"], capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    absent = re.findall(r"^ +[–-] (vlan|netem|dummy|vlan_filtering|xdp)\b", doctor.stdout, re.M)
    if absent:
        with Place(a=missing("features", absent[0]), b=PASS) as place:
            place.run(wants=0)
            out = place.run("--require", absent[0], wants=3)
            holds(absent[0] in out, out)
            place.run("--require", "all", wants=3)
            place.run("--require", "udp", wants=0)
    with Place(a=missing("programs", "no-such-program")) as place:
        place.run("--require", "all", wants=3)


def test_seed_decides_what_is_random():
    text = MATRIX.replace("payload: $(word)", "payload: {random: 32}").replace("payload: default", "payload: {random: 32}")
    with Place(m=text) as place:
        def payload(*words):
            events = place.events("-k", "ipv4 and size=1", *words)
            return [event["data"][-64:] for event in events if event["type"] == "packet" and "UDP" in event["summary"]][0]
        holds(payload("--seed", "7") == payload("--seed", "7"), "the same seed")
        holds(payload("--seed", "7") != payload("--seed", "8"), "another seed")


def test_timeout_and_its_multiplier_bound_a_case():
    with Place(slow=SLOW) as place:
        began = time.monotonic()
        out = place.run("--timeout", "300ms", wants=1)
        holds(time.monotonic() - began < 5, "--timeout")
        holds("still running" in out, out)
    late = """scenario: Late
nodes: {a: {}}
links: []
steps:
  - step: nap
    run: {in: a, command: [sleep, "0.5"]}
    timeout: 100ms
"""
    with Place(late=late) as place:
        place.run(wants=1)
        place.run("--timeout-multiplier", "30", wants=0)
        place.run("--timeout-multiplier", "0", wants=2)
        place.run("--timeout-multiplier", "often", wants=2)


def test_wrap_goes_before_programs_under_test_only():
    text = """scenario: Under test
params: {program: /bin/echo}
nodes: {a: {}}
links: []
steps:
  - run: {in: a, command: [$(program), tested], stdout: {matches: "^wrapped( two words)? /bin/echo tested$"}}
  - run: {in: a, command: [echo, helper], stdout: {equals: "helper\\n"}}
"""
    with Place(a=text) as place:
        place.run("--wrap", "echo wrapped", wants=0)
        place.run("--wrap", "echo wrapped 'two words'", wants=0)
        place.run(wants=1)


def test_s_shows_output_as_it_comes():
    text = """scenario: It talks
nodes: {a: {}}
links: []
steps:
  - run: {in: a, shell: "echo early; sleep 2; echo late"}
"""
    with Place(a=text) as place:
        child = subprocess.Popen([NSLAB, "run", "-s"], cwd=place.path, env=place.environment(), stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        while "early" not in child.stdout.readline():
            holds(time.monotonic() - began < 1.8, "the output came only at the end")
        holds(time.monotonic() - began < 1.8, "the output came only at the end")
        child.communicate()
        holds(child.returncode == 0, "status")
        holds("early" not in place.run(wants=0), "output of what passed is shown without -s")


def test_several_outputs_stand_side_by_side():
    with Place(a=PASS, b=FAIL) as place:
        out = place.run("-o", "terminal", "-o", "tap=out.tap", "-o", "junit=out.xml", "-o", "json=out.json", "-o", "markdown=out.md",
                        "-o", "github=out.txt", wants=1)
        holds("1 passed, 1 failed" in out, out)
        for name, words in {"out.tap": "not ok 2", "out.xml": "<failure", "out.json": '"run-end"', "out.md": "All is lost",
                            "out.txt": "::error"}.items():
            with open(place.file(name), encoding="utf-8") as file:
                holds(words in file.read(), f"{name} lacks {words}")
        place.run("-o", "pdf", wants=2)
        place.run("-o", "tap=no/such/folder/x", wants=2)


def test_artifacts_hold_captures_and_logs():
    with Place(m=MATRIX, f=FAIL.replace('["false"]', '[sh, -c, "echo words; exit 1"]')) as place:
        place.run("--artifacts", "out", wants=1)
        found = sorted(os.path.relpath(os.path.join(folder, name), place.file("out")) for folder, _, names in
                       os.walk(place.file("out")) for name in names)
        holds([name for name in found if "f.nslab" in name] == ["f.nslab.yaml/capture.pcapng", "f.nslab.yaml/step-0.stdout.log"] or
              len([name for name in found if "f.nslab" in name]) == 2, found)
        holds(len([name for name in found if name.startswith("m.nslab.yaml[") and name.endswith("capture.pcapng")]) == 4, found)
        holds(not [name for name in found if "part" in name], found)


def test_captures_count_the_packets_that_json_tells():
    if not shutil.which("tshark"):
        return "tshark is not here"
    folder = os.path.join(HERE, "pass")
    with Place() as place:
        names = [f"{folder}/{name}.nslab.yaml" for name in
                 ("node-router", "segment", "send-file", "layer-vlan", "receive-stream", "expect-lo", "offloads-on")]
        events = place.events("--artifacts", place.file("out"), *names)
        cases = {event["case"]: event["id"] for event in events if event["type"] == "case-begin"}
        paths = {event["case"]: event["artifacts"] for event in events if event["type"] == "case-end"}
        for case, name in cases.items():
            interfaces = {event["index"]: f"{event['node']}:{event['interface']}" for event in events
                          if event["type"] == "interface" and event["case"] == case}
            told = {}
            for event in events:
                if event["type"] == "packet" and event["case"] == case:
                    key = (interfaces[event["interface"]], event["length"])
                    told[key] = told.get(key, 0) + 1
            out = subprocess.run(["tshark", "-r", paths[case] + "/capture.pcapng", "-T", "fields", "-e", "frame.interface_name", "-e",
                                  "frame.len"], env=place.environment(), capture_output=True, text=True, check=False)
            holds(out.returncode == 0, out.stderr)
            seen = {}
            for line in out.stdout.splitlines():
                interface, length = line.split("\t")
                seen[(interface, int(length))] = seen.get((interface, int(length)), 0) + 1
            holds(seen == told and seen, f"{name}: tshark sees {seen}, JSON tells {told}")
    return None


def test_an_interrupt_ends_all_at_once_and_prints_a_summary():
    for sent in (signal.SIGINT, signal.SIGTERM):
        with Place(a=SLOW, b=SLOW, c=PASS) as place:
            child = subprocess.Popen([NSLAB, "run", "-j", "2"], cwd=place.path, env=place.environment(), stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, start_new_session=True)
            time.sleep(0.7)
            began = time.monotonic()
            os.killpg(child.pid, sent)
            out, _ = child.communicate(timeout=20)
            holds(child.returncode == 130, f"exit status {child.returncode}: {out}")
            holds(time.monotonic() - began < 2, f"it took {time.monotonic() - began:.1f} s")
            holds("not run" in out and "interrupted" in out.lower(), out)


def test_quiet_and_verbose():
    with Place(m=MATRIX, b=FAIL) as place:
        out = place.run("-q", wants=1)
        holds("Of many cases" not in out and "All is lost" in out, out)
        out = place.run("-v", wants=1)
        holds("send" in out and "UDP" in out, out)


def test_durations_lists_the_slowest():
    with Place(a=PASS, b=SLOW.replace('run: {in: a, command: [sleep, "60"]}', "wait: 300ms")) as place:
        out = place.run("--durations", "1", wants=0)
        holds(out.count("It takes a minute") + out.count("b.nslab.yaml") >= 2, out)


def main():
    tests = [(name[5:].replace("_", " "), value) for name, value in globals().items() if name.startswith("test_")]
    wanted = sys.argv[2:]
    tests = [(name, test) for name, test in tests if not wanted or any(word in name for word in wanted)]
    print("TAP version 13")
    print(f"1..{len(tests)}", flush=True)
    bad = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            skip = test()
            print(f"ok {number} - {name}{' # SKIP ' + skip if skip else ''}", flush=True)
        except (Failed, subprocess.TimeoutExpired, AssertionError, KeyError, IndexError, ValueError) as why:
            bad += 1
            print(f"not ok {number} - {name}")
            for line in f"{type(why).__name__}: {why}".splitlines()[:40]:
                print(f"# {line[:300]}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
