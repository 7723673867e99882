/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a libFuzzer target without libFuzzer: its seeds, then a bounded number of seeded mutations of them. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/mem.h"
#include "lab/base/rng.h"
#include "lab/base/text.h"

/*
 * usage: fuzz_x [ITERATIONS [SEED]]       mutations of the built-in seeds; prints TAP
 *        fuzz_x FILE…                     each file once: to look again at an input that failed
 *        fuzz_x --seeds DIRECTORY         the built-in seeds as files: a corpus for libFuzzer to start from
 *
 * The same seed gives the same inputs. A failure is a crash or a sanitizer's
 * report; the number of the iteration is printed before it only when it is
 * wanted (FUZZ_TRACE in the environment), so that a run is fast.
 */

#define INPUT_MAX 4096u

static size_t pick(struct rng *rng, size_t count)
{
	return count ? (size_t)(rng_next(rng) % count) : 0;
}

/* One small change: a bit, a byte, a stretch copied, dropped or put in, or the tail cut off. */
static void mutate(struct rng *rng, uint8_t *bytes, size_t *length)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x3f, 0xc0, 0x0c};
	size_t at = pick(rng, *length), size = 1 + pick(rng, 16);

	switch (pick(rng, 7)) {
	case 0:
		if (*length)
			bytes[at] ^= (uint8_t)(1u << pick(rng, 8));
		break;
	case 1:
		if (*length)
			bytes[at] = (uint8_t)rng_next(rng);
		break;
	case 2:
		if (*length)
			bytes[at] = edges[pick(rng, sizeof(edges))];
		break;
	case 3:
		*length = at;
		break;
	case 4:
		if (at + size <= *length) {
			memmove(bytes + at, bytes + at + size, *length - at - size);
			*length -= size;
		}
		break;
	case 5:
		if (*length + size <= INPUT_MAX) {
			memmove(bytes + at + size, bytes + at, *length - at);
			rng_fill(rng, bytes + at, size);
			*length += size;
		}
		break;
	default:
		if (at + size <= *length) {
			size_t from = pick(rng, *length - size + 1);

			memmove(bytes + at, bytes + from, size);
		}
	}
}

/* In a buffer of just its length, so that ASan sees a byte too many. */
static void run_exact(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	if (!copy)
		abort();
	if (length)
		memcpy(copy, bytes, length);
	LLVMFuzzerTestOneInput(copy, length);
	free(copy);
}

static int run_file(const char *path)
{
	FILE *stream = fopen(path, "re");
	struct text bytes = {0};
	char piece[4096];
	size_t n;

	if (!stream) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	while ((n = fread(piece, 1, sizeof(piece), stream)) > 0)
		text_add_bytes(&bytes, piece, n);
	fclose(stream);
	run_exact((const uint8_t *)bytes.data, bytes.length);
	text_free(&bytes);
	return 0;
}

static int write_seeds(const char *directory, const struct fuzz_seed *seeds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct text path = {0};

		text_addf(&path, "%s/seed-%02zu", directory, i);
		FILE *stream = fopen(text_str(&path), "we");
		bool written = stream && fwrite(seeds[i].bytes, 1, seeds[i].length, stream) == seeds[i].length;

		if (!stream || fclose(stream) != 0 || !written) {
			fprintf(stderr, "%s: %s\n", text_str(&path), strerror(errno));
			text_free(&path);
			return 1;
		}
		text_free(&path);
	}
	return 0;
}

static int run_mutations(const struct fuzz_seed *seeds, size_t count, uint64_t iterations, uint64_t seed)
{
	struct rng rng = rng_for(seed, "fuzz");
	bool trace = getenv("FUZZ_TRACE") != NULL;

	printf("TAP version 13\n1..2\n");
	for (size_t i = 0; i < count; i++)
		run_exact(seeds[i].bytes, seeds[i].length);
	printf("ok 1 - %zu seeds\n", count);
	fflush(stdout);
	for (uint64_t i = 0; i < iterations; i++) {
		const struct fuzz_seed *from = &seeds[pick(&rng, count)];
		uint8_t bytes[INPUT_MAX];
		size_t length = from->length < INPUT_MAX ? from->length : INPUT_MAX;

		if (trace)
			fprintf(stderr, "# iteration %llu\n", (unsigned long long)i);
		memcpy(bytes, from->bytes, length);
		for (size_t changes = 1 + pick(&rng, 8); changes; changes--)
			mutate(&rng, bytes, &length);
		run_exact(bytes, length);
	}
	printf("ok 2 - %llu mutations, seed %llu\n", (unsigned long long)iterations, (unsigned long long)seed);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t iterations = 20000, seed = 1;
	const char *directory = argc == 3 && str_eq(argv[1], "--seeds") ? argv[2] : NULL;
	int first_file = 1, failed = 0;

	if (argc > 1 && str_to_u64(argv[1], &iterations) == 0)
		first_file = 2;
	if (first_file == 2 && argc > 2 && str_to_u64(argv[2], &seed) == 0)
		first_file = 3;
	if (first_file < argc && !directory) {
		for (int i = first_file; i < argc; i++)
			failed |= run_file(argv[i]);
		return failed;
	}
	struct fuzz_seed seeds[FUZZ_SEEDS_MAX];
	size_t count = fuzz_seeds(seeds);
	int r = directory ? write_seeds(directory, seeds, count) : run_mutations(seeds, count, iterations, seed);

	fuzz_seeds_free(seeds, count);
	return r;
}
