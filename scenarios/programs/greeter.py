#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers "hello NAME" to each line: greeter.py PORT. The example under test in your-own-program.nslab.yaml."""
import socketserver
import sys


class Greeter(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                if line.endswith(b"\n"):
                    self.wfile.write(b"hello " + line)
        except ConnectionError:
            pass  # a client that hangs up is no reason to stop


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


Server(("", int(sys.argv[1])), Greeter).serve_forever()
