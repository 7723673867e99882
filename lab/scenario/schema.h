/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab schema`: the language as JSON Schema, for editors. */
#pragma once

#include "lab/base/field.h"

/*
 * Adds a JSON Schema (draft 2020-12, json-schema.org) made from the field
 * tables, the layers and the drivers of `registry`. It accepts every scenario
 * that the reader accepts; it cannot refuse all that the reader refuses: names
 * that lead nowhere, words of routes, keys that exclude each other.
 */
void schema_print(const struct registry *registry, struct text *out);
