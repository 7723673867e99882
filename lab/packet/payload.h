/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Payload bytes made by rule: hex, counting, seeded random. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"
#include "lab/base/text.h"

/* Pairs of hex digits; spaces, ':' and newlines may stand between pairs. Appends. 0 or -EINVAL. */
int payload_add_hex(const char *hex, struct text *out, struct err *err);
/* Bytes counting up from 0, modulo 256. */
void payload_add_counter(size_t length, struct text *out);
/* Bytes from `seed`; another `purpose` (the step's name) gives other bytes. The same on every machine. */
void payload_add_random(uint64_t seed, const char *purpose, size_t length, struct text *out);
