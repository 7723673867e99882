/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded randomness: the same seed gives the same lab. SplitMix64; not for secrets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* A generator for one purpose: the same seed and the same `purpose` give the same numbers. */
struct rng rng_for(uint64_t seed, const char *purpose);
uint64_t rng_next(struct rng *rng);
void rng_fill(struct rng *rng, void *bytes, size_t length);

/* A hash of a text (FNV-1a, 64 bit), for names that must be alike from run to run. */
uint64_t hash_text(const char *text, size_t length);
