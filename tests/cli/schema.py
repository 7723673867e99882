#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the JSON Schema against scenarios: schema.py NSLAB YAML_JSON SOURCE-ROOT prints TAP.

It must accept whatever nslab itself accepts, refuse what a field table alone can tell to be wrong,
and name no key that `nslab explain` does not know.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from small_schema import Validator  # noqa: E402

nslab, yaml_json, root = sys.argv[1:4]
root = pathlib.Path(root)
number = failed = 0


def result(name, problems):
    global number, failed
    number += 1
    print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    for problem in problems:
        failed = 1
        print("# " + str(problem).replace("\n", "\n# "))


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()


def accepted(path):
    """Whether nslab itself reads it. Rulesets and the like are of no interest here."""
    return subprocess.run([nslab, "tree", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


schema = json.loads(output(nslab, "schema"))

# What each of these adds to a good scenario has to be refused.
GOOD = """scenario: a good one
nodes:
  a:
  b: {kind: router}
links:
  - a:eth0: 192.0.2.1/24
    b:eth0: 192.0.2.2/24
"""
BAD = {
    "an unknown key": "tag: [x]\n",
    "a node of no kind": "params: {x: 1}\nmatrix: 3\n",
    "a duration without a unit": "timeout: 30\n",
    "a step without a verb": "steps:\n  - step: idle\n",
    "a step with two verbs": "steps:\n  - wait: 1s\n    close: x\n",
    "an unknown technique": "steps:\n  - send: {in: a, with: telepathy, to: b}\n",
    "an option of another technique": "steps:\n  - send: {in: a, with: udp, to: b, block_size: 4096}\n",
    "a wrong choice": "steps:\n  - expect: {at: a, dir: sideways}\n",
    "a missing key": "steps:\n  - open: {in: a, with: tcp}\n",
    "a key of a layer that it has not": "steps:\n  - send: {in: a, with: raw, packet: {ip: {tll: 3}}}\n",
    "a number out of its range": "steps:\n  - send: {in: a, with: udp, to: b, times: 0}\n",
    "a list where a map belongs": "requires: [nc]\n",
}
MORE_GOOD = {
    "options of the technique": "steps:\n  - send: {in: a, with: tx_ring, block_size: 64KiB, interface: eth0, packet: {eth: , ip: {ttl: 3}, udp: }}\n",
    "values that are references": "params: {n: 3, w: udp}\nsteps:\n  - send: {in: a, with: $(w), to: b, times: $(n)}\n",
    "a list of layers": "steps:\n  - send:\n      in: a\n      with: raw\n      packet:\n        - ip: {dst: 192.0.2.2}\n        - udp\n",
    "words for true and false": "use: []\nsteps:\n  - receive: {in: a, with: udp, background: yes}\n",
    "durations in several forms": "timeout: 1.5s\nsteps:\n  - send: {in: a, with: udp, to: b, every: 0}\n",
    "a scalar for a map, and the map": "steps:\n  - open: {in: a, with: udp, socket: s}\n  - close: s\n  - open: {in: a, with: udp, socket: s}\n"
    "  - close: {socket: s, how: reset}\n    when: \"false\"\n",
}

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    small = Validator(schema)
    full = None
    try:
        import jsonschema

        jsonschema.Draft202012Validator.check_schema(schema)
        full = jsonschema.Draft202012Validator(schema)
    except (ImportError, AttributeError):
        print("# python3-jsonschema 4 is not installed: held by the small validator beside this file alone")

    def complaints(path):
        """By our own validator, and where there is one by a complete one, which has to agree."""
        data = json.loads(output(yaml_json, path))
        found = [f"{path}: {c}" for c in small.complaints(data)]
        if full:
            more = [f"{path}: {e.json_path}: {e.message[:300]}" for e in full.iter_errors(data)]
            assert bool(found) == bool(more), f"the validators disagree: {found or more}"
        return found

    good = sorted(root.glob("scenarios/**/*.nslab.yaml")) + [root / "tests/cli/fixture.nslab.yaml"]
    good += [path for path in sorted(root.glob("tests/golden/diag/*.nslab.yaml")) if accepted(path)]
    result("every scenario of ours is accepted", [c for path in good for c in complaints(path)])

    problems = []
    for name, text in MORE_GOOD.items():
        path = folder / "good.nslab.yaml"
        path.write_text(GOOD + text)
        problems += [f"{name}: {c}" for c in complaints(path)]
        if not accepted(path):
            problems.append(f"{name} is refused by nslab itself: the sample is wrong")
    result("whatever the language allows is accepted", problems)

    problems = []
    for name, text in BAD.items():
        path = folder / "bad.nslab.yaml"
        path.write_text(GOOD + text)
        if not complaints(path):
            problems.append(f"{name} is accepted")
        if accepted(path):
            problems.append(f"{name} is accepted by nslab itself: the sample is wrong")
    result("what the tables alone can refuse is refused", problems)

# Every key of the schema can be explained.
paths = []


def walk(definition, path, depth):
    if depth > 4:
        return
    for key, value in definition.get("properties", {}).items():
        here = f"{path}.{key}" if path else key
        paths.append(here)
        for alternative in value.get("anyOf", []):
            inner = alternative.get("items", alternative)
            for target in [inner, inner.get("additionalProperties", {}), *inner.get("anyOf", [])]:
                name = target.get("$ref", "").rpartition("/")[2] if isinstance(target, dict) else ""
                if name and name != "reference" and not (name in ("step", "packet") and depth > 1):
                    walk(schema["$defs"][name], here, depth + 1)


walk(schema, "", 0)
problems = []
for path in paths:
    done = subprocess.run([nslab, "explain", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode or len(done.stdout) < 30:
        problems.append(f"{path}: {done.stderr.decode().strip()}")
if len(paths) < 100:
    problems.append(f"only {len(paths)} keys were found in the schema")
result("every key of the schema can be explained", problems)

print(f"1..{number}")
sys.exit(failed)
