/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Payload bytes made by rule: hex, counting, seeded random. */
#include "lab/packet/payload.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lab/base/rng.h"

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int payload_add_hex(const char *hex, struct text *out, struct err *err)
{
	_cleanup_text_ struct text bytes = {0};

	for (const char *p = hex; *p;) {
		if (isspace((unsigned char)*p) || (*p == ':' && p != hex && p[1])) {
			p++;
			continue;
		}
		int high = digit(p[0]), low = high < 0 ? -1 : digit(p[1]);

		if (high < 0)
			return err_set(err, -EINVAL, "'%.40s' is no hexadecimal: '%c' at position %zu", hex, *p, (size_t)(p - hex) + 1);
		if (low < 0)
			return err_set(err, -EINVAL, "'%.40s' is no hexadecimal: half a byte at position %zu", hex, (size_t)(p - hex) + 1);
		text_add_char(&bytes, (char)(high << 4 | low));
		p += 2;
	}
	text_add_bytes(out, bytes.data, bytes.length);
	return 0;
}

void payload_add_counter(size_t length, struct text *out)
{
	for (size_t i = 0; i < length; i++)
		text_add_char(out, (char)(i & 0xff));
}

void payload_add_random(uint64_t seed, const char *purpose, size_t length, struct text *out)
{
	struct rng rng = rng_for(seed, purpose);
	unsigned char piece[64];

	for (size_t done = 0; done < length; done += sizeof(piece)) {
		size_t now = length - done < sizeof(piece) ? length - done : sizeof(piece);

		rng_fill(&rng, piece, sizeof(piece));
		text_add_bytes(out, piece, now);
	}
}
