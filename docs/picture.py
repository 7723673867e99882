#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws what a program printed to a terminal as SVG: picture.py COMMAND… >docs/run.svg

Runs the command as it stands and understands the colours that nslab uses.
"""

import html
import re
import subprocess
import sys

CLASSES = {"1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "34": "u", "36": "c"}
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
WIDTH, HEIGHT, LEFT, TOP = 8.43, 19, 18, 46


def spans(line, state):
    """(classes, text) of a line; `state` is what the line before left switched on."""
    out, at = [], 0
    for escape in ESCAPE.finditer(line):
        out.append((" ".join(sorted(state)), line[at : escape.start()]))
        at = escape.end()
        for code in escape.group(1).split(";"):
            if code in ("", "0"):
                state.clear()
            elif code in CLASSES:
                state.add(CLASSES[code])
    out.append((" ".join(sorted(state)), line[at:]))
    return [(names, text) for names, text in out if text]


def draw(lines):
    columns = max(len(ESCAPE.sub("", line)) for line in lines)
    width, height = round(columns * WIDTH + 2 * LEFT), len(lines) * HEIGHT + TOP + 14
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">')
    print("<!-- SPDX-License-Identifier: GPL-2.0-or-later -->")
    print("<style>text{font:14px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d4d7dd;white-space:pre}")
    print(".b{font-weight:bold}.d{fill:#8b919c}.r{fill:#ff7b72}.g{fill:#7ee787}.y{fill:#e3b341}.u{fill:#79c0ff}.c{fill:#76e3ea}</style>")
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#14171c"/>')
    for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        print(f'<circle cx="{LEFT + 4 + 20 * i}" cy="18" r="6" fill="{colour}"/>')
    state = set()
    for i, line in enumerate(lines):
        drawn = "".join(
            f'<tspan class="{names}">{html.escape(text)}</tspan>' if names else html.escape(text) for names, text in spans(line, state)
        )
        if drawn:
            print(f'<text x="{LEFT}" y="{TOP + i * HEIGHT}" xml:space="preserve">{drawn}</text>')
    print("</svg>")


def main(command):
    run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    shown = " ".join(word for word in command if not word.startswith("--color"))
    draw([f"\x1b[32m$\x1b[0m {shown.replace('build/', '')}"] + run.stdout.decode().rstrip("\n").split("\n"))


if __name__ == "__main__":
    main(sys.argv[1:])
