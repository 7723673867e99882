# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of JSON Schema 2020-12 as our schema uses, for machines without python3-jsonschema."""
import re

KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "default", "type", "enum", "const", "pattern", "minimum", "maximum",
    "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "required", "items", "anyOf", "oneOf",
    "allOf", "not", "if", "then",
}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}[name])


def equal(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


class Validator:
    def __init__(self, root):
        self.root = root

    def complaints(self, value):
        found = []
        self.hold(self.root, value, "$", found)
        return found

    def fits(self, schema, value):
        found = []
        names = self.hold(schema, value, "", found)
        return not found, names

    def hold(self, schema, value, path, found):
        """Appends what is wrong to `found`; returns the names of the properties that were looked at."""
        if schema is True or schema is False:
            if not schema:
                found.append(f"{path}: nothing is allowed here")
            return set(value) if schema and isinstance(value, dict) else set()
        unknown = set(schema) - KNOWN
        if unknown:
            raise ValueError(f"keywords that this validator does not know: {unknown}")
        names = set()
        if "$ref" in schema:
            target = self.root
            for part in schema["$ref"].split("/")[1:]:
                target = target[part]
            names |= self.hold(target, value, path, found)
        types = schema.get("type")
        if types and not any(is_type(value, t) for t in ([types] if isinstance(types, str) else types)):
            found.append(f"{path}: {value!r} is not of type {types}")
        if "enum" in schema and not any(equal(value, e) for e in schema["enum"]):
            found.append(f"{path}: {value!r} is none of {schema['enum']}")
        if "const" in schema and not equal(value, schema["const"]):
            found.append(f"{path}: {value!r} is not {schema['const']!r}")
        if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
            found.append(f"{path}: {value!r} does not match {schema['pattern']}")
        if is_type(value, "number") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            found.append(f"{path}: {value!r} is out of range")
        names |= self.combine(schema, value, path, found)
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                self.hold(schema["items"], item, f"{path}[{i}]", found)
        if isinstance(value, dict):
            names |= self.hold_object(schema, value, path, found, names)
        return names

    def combine(self, schema, value, path, found):
        names = set()
        for part in schema.get("allOf", []):
            names |= self.hold(part, value, path, found)
        for keyword in ("anyOf", "oneOf"):
            if keyword not in schema:
                continue
            tried = [self.fits(part, value) for part in schema[keyword]]
            fitting = [n for fits, n in tried if fits]
            if not fitting or (keyword == "oneOf" and len(fitting) != 1):
                found.append(f"{path}: {str(value)[:80]} fits {len(fitting)} of {keyword}")
            for n in fitting:
                names |= n
        if "not" in schema and self.fits(schema["not"], value)[0]:
            found.append(f"{path}: fits what it must not")
        if "if" in schema:
            fits, seen = self.fits(schema["if"], value)
            if fits:
                names |= seen | self.hold(schema.get("then", True), value, path, found)
        return names

    def hold_object(self, schema, value, path, found, seen):
        names = set()
        for name in schema.get("required", []):
            if name not in value:
                found.append(f"{path}: {name} is missing")
        for name, item in value.items():
            matched = False
            if name in schema.get("properties", {}):
                matched = True
                self.hold(schema["properties"][name], item, f"{path}.{name}", found)
            for pattern, part in schema.get("patternProperties", {}).items():
                if re.search(pattern, name):
                    matched = True
                    self.hold(part, item, f"{path}.{name}", found)
            if not matched and "additionalProperties" in schema:
                matched = True
                before = len(found)
                self.hold(schema["additionalProperties"], item, f"{path}.{name}", found)
                if len(found) > before and schema["additionalProperties"] is False:
                    found[-1] = f"{path}: unknown key {name}"
            if matched:
                names.add(name)
            elif "unevaluatedProperties" in schema and name not in seen:
                if not schema["unevaluatedProperties"]:
                    found.append(f"{path}: unknown key {name}")
        return names
