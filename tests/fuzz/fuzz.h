/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fuzz target gives: the function that libFuzzer calls, and seeds for those who run without it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One input. Returns 0; a crash, an abort or a sanitizer's report is the failure. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_SEEDS_MAX 64
struct fuzz_seed {
	uint8_t *bytes; /* malloc'd */
	size_t length;
};
/* Fills `ret` with well-formed inputs; returns how many, at most FUZZ_SEEDS_MAX and at least one. */
size_t fuzz_seeds(struct fuzz_seed ret[FUZZ_SEEDS_MAX]);
void fuzz_seeds_free(struct fuzz_seed *seeds, size_t count);
