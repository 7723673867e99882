# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the JUnit form of the run in stream.c: the elements that the usual schemas allow, in their order, and the counts."""
import re
import sys
import xml.etree.ElementTree

CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase"],
    "properties": ["property"],
    "testcase": ["properties", "skipped", "error", "failure", "system-out"],
}
NEEDED = {
    "testsuite": ["name", "tests", "failures", "errors", "skipped", "time", "timestamp"],
    "testcase": ["name", "classname", "file", "line", "time"],
    "property": ["name", "value"],
    "failure": ["message", "type"],
    "error": ["message", "type"],
    "skipped": ["message"],
}

root = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
assert root.tag == "testsuites"
for element in root.iter():
    order = [CHILDREN[element.tag].index(child.tag) for child in element]
    assert order == sorted(order), element.tag
    for name in NEEDED.get(element.tag, []):
        assert name in element.attrib, (element.tag, name)
    assert re.fullmatch(r"[0-9]+\.[0-9]{6}", element.get("time", "0.000000"))

suite = root[0]
for tag, name in (("testcase", "tests"), ("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
    assert len(list(suite.iter(tag))) == int(suite.get(name)), name

odd = suite.findall("testcase")[-1]
assert odd.get("name").startswith('HTTP <GET> & "friends"'), odd.get("name")
output = odd.find("system-out").text
assert "]]>" in output and r"\x00\x07 bell \xff\xfe" in output, output
