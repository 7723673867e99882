/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded randomness: the same seed gives the same lab. */
#include "lab/base/rng.h"

#include <string.h>

uint64_t hash_text(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

struct rng rng_for(uint64_t seed, const char *purpose)
{
	struct rng rng = {seed ^ hash_text(purpose, strlen(purpose))};

	rng_next(&rng);
	return rng;
}

uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void rng_fill(struct rng *rng, void *bytes, size_t length)
{
	unsigned char *out = bytes;

	for (size_t i = 0; i < length; i += 8) {
		uint64_t value = rng_next(rng);

		for (size_t k = 0; k < 8 && i + k < length; k++)
			out[i + k] = (unsigned char)(value >> (8 * k));
	}
}
