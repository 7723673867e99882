/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeds: freed alike for all targets, and two plain ones for a target that has none of its own. */
#include <stdlib.h>

#include "lab/base/mem.h"
#include "tests/fuzz/fuzz.h"

__attribute__((weak)) size_t fuzz_seeds(struct fuzz_seed ret[FUZZ_SEEDS_MAX])
{
	ret[0] = (struct fuzz_seed){.bytes = mem_alloc(1), .length = 1};
	ret[1] = (struct fuzz_seed){.bytes = mem_alloc(64), .length = 64};
	return 2;
}

void fuzz_seeds_free(struct fuzz_seed *seeds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(seeds[i].bytes);
}
