#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds `nslab fmt` against texts of every layout: fmt.py NSLAB YAML_JSON SOURCE-ROOT prints TAP.

The result has to be the same data with the same comments in the same order, and to format to itself.
Texts are our scenarios, our broken files as far as they are YAML, and ones that are made here from a
seed: random trees, written with random indentation, blanks, comments, quotes and scalars of all styles.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

nslab, yaml_json, root = sys.argv[1:4]
root = pathlib.Path(root)
number = failed = 0
COUNT = 150


def result(name, problems):
    global number, failed
    number += 1
    print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    for problem in problems[:5]:
        failed = 1
        print("# " + problem.replace("\n", "\n# "))


def fmt(text):
    done = subprocess.run([nslab, "fmt", "-"], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def data_of(folder, texts):
    names = []
    for i, text in enumerate(texts):
        path = folder / f"{i}.yaml"
        path.write_bytes(text.encode())
        names.append(path)
    lines = subprocess.run([yaml_json, *names], check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
    return [json.loads(line) for line in lines]


class Maker:
    """Random YAML. Every comment is numbered, so that a lost or moved one is noticed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.comments = 0
        self.lines = []

    def comment(self):
        self.comments += 1
        return f"#c{self.comments}"

    def tail(self):
        """What may follow a value on its line."""
        blanks = " " * self.random.choice([0, 0, 0, 1, 4])
        return f"{blanks or ' '}{self.comment()}" if self.random.random() < 0.15 else blanks

    def gap(self, column):
        """Blank lines and comments between two lines."""
        while self.random.random() < 0.12:
            self.lines.append(" " * self.random.choice([0, 0, 3]))
        while self.random.random() < 0.12:
            self.lines.append(" " * self.random.choice([0, column, column, column + 1, column + 5]) + self.comment())

    def word(self):
        return self.random.choice(["a", "eth0", "192.0.2.1/24", "10ms", "x y z", "p#q", "it's", "2..5", "1", "true"])

    def scalar(self, column):
        """First line's text and further whole lines."""
        kind = self.random.randrange(8)
        indent = " " * (column + self.random.choice([1, 2, 5]))
        if kind == 0:
            return self.random.choice(['"a # b"', "'it''s'", '"x\\n y"', "''"]) + self.tail(), []
        if kind == 1:
            return '"one', [f"{indent}two  ", "", f"{indent}three\\", f"{indent}four\"" + self.tail()]
        if kind == 2:
            return "plain", [f"{indent}goes on", f"{indent}and on" + self.tail()]
        if kind in (3, 4):
            keep = self.random.choice(["", "-", "+"])
            body = [f"{indent}text # no comment", "", f"{indent}   deeper: [", f"{indent}end  "]
            if keep == "+":
                body += ["", ""]
            header = self.random.choice("|>") + keep
            return header + (" " + self.comment() if self.random.random() < 0.2 else ""), body
        if kind == 5:
            return "[" + ", ".join(self.word().replace(" ", "") for _ in range(3)) + "]" + self.tail(), []
        if kind == 6:
            return "{a: 1,", [f"{indent}b: [x,", f"{indent} y],  {self.comment()}", f"{indent}c: 'd'}}" + self.tail()]
        return self.word() + self.tail(), []

    def node(self, column, depth, lead):
        """Writes a map or list whose first line begins with `lead` and the rest stands at `column`."""
        as_list = self.random.random() < 0.4 and depth > 0
        for i in range(self.random.randrange(1, 5)):
            start = lead if i == 0 and lead is not None else " " * column
            if i or lead is None:
                self.gap(column)
            if as_list:
                sign = "-" + " " * self.random.choice([1, 1, 3])
            else:
                key = self.random.choice([f"key{i}", f'"q k{i}"', f"a.b{i}"] + (["step", "steps", "nodes"] if i == 0 else []))
                sign = key + " " * self.random.choice([0, 0, 0, 1]) + ":" + " " * self.random.choice([1, 1, 3])
            deeper = depth < 4 and self.random.random() < 0.55
            if deeper and as_list and self.random.random() < 0.6:
                self.node(column + len(sign), depth + 1, start + sign)
            elif deeper:
                inner = column + self.random.choice([1, 2, 4, 7])
                self.lines.append((start + sign).rstrip() + self.tail())
                self.gap(inner)
                self.node(inner, depth + 1, None)
            elif self.random.random() < 0.1:
                self.lines.append((start + sign).rstrip())
            else:
                first, more = self.scalar(column)
                self.lines.append(start + sign + first)
                self.lines += more

    def text(self):
        self.gap(0)
        self.node(0, 0, None)
        self.gap(0)
        end = self.random.choice(["\n", "\n", "\r\n"])
        return end.join(self.lines) + self.random.choice([end, end, "", end * 3])


def comments(text):
    """The numbered ones, in order: no value holds such a mark."""
    import re

    return re.findall(r"#c\d+", text)


def hold(texts, folder, may_refuse):
    """All that is wrong with how these texts are formatted."""
    problems, kept, formatted = [], [], []
    for name, text in texts:
        status, out, err = fmt(text)
        if status:
            if not may_refuse:
                problems.append(f"{name} is refused: {err}\n{text}")
            continue
        again = fmt(out)
        if again[0] or again[1] != out:
            problems.append(f"{name} does not format to itself:\n{text}\n--- once:\n{out}\n--- twice:\n{again[1]}{again[2]}")
        if comments(text) != comments(out):
            problems.append(f"{name}: comments are lost or moved:\n{text}\n---\n{out}")
        if "\t" in out.replace(text, "") and "\t" not in text:
            problems.append(f"{name}: a tab came from nowhere")
        kept.append((name, text))
        formatted.append(out)
    before = data_of(folder, [text for _, text in kept])
    after = data_of(folder, formatted)
    for (name, text), a, b, out in zip(kept, before, after, formatted):
        if a is None or a != b:
            problems.append(f"{name} means something else:\n{text}\n---\n{out}")
    return problems, len(kept)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    ours = [(str(p), p.read_bytes().decode()) for p in sorted(root.glob("scenarios/**/*.nslab.yaml"))]
    problems, count = hold(ours, folder, may_refuse=False)
    result("our scenarios keep their data and comments, and format to themselves", problems if count else ["there are none"])

    broken = []
    for path in sorted(root.glob("tests/golden/diag/*.nslab.yaml")):
        try:
            broken.append((str(path), path.read_bytes().decode()))
        except UnicodeDecodeError:
            pass
    problems, count = hold(broken, folder, may_refuse=True)
    result("scenarios that are wrong, but YAML, do so as well", problems)

    problems, count = hold([(f"seed {seed}", Maker(seed).text()) for seed in range(COUNT)], folder, may_refuse=True)
    if count < COUNT * 9 // 10:
        problems.append(f"only {count} of {COUNT} generated texts could be formatted")
    result(f"{COUNT} texts of random layout do so as well", problems)
    print(f"# {count} of {COUNT} generated texts were formatted, the others refused")

print(f"1..{number}")
sys.exit(failed)
