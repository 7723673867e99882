/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of a runner gone wrong: what is read of them can be written, read again and reported. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lab/report/report.h"
#include "tests/fuzz/fuzz.h"

/* What was decoded is encoded and decoded again, and must say the same. */
static void round_trip(const struct event *event, struct arena *arena)
{
	struct text bytes = {0}, before = {0}, after = {0};
	struct event again;

	event_encode(event, &bytes);
	if (event_decode((const uint8_t *)bytes.data, bytes.length, arena, &again, NULL) != (long)bytes.length)
		abort();
	event_to_json(event, &before);
	event_to_json(&again, &after);
	if (strcmp(text_str(&before), text_str(&after)) != 0)
		abort();
	text_free(&bytes);
	text_free(&before);
	text_free(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const outputs[] = {"terminal", "github", "tap=/dev/null"};
	struct report_options options = {.colour = true, .unicode = size % 2, .live = true, .output = true, .columns = (unsigned)(size % 200),
					 .verbosity = REPORT_VERBOSE, .durations = 3};
	struct arena *arena = arena_new();
	struct report_set *set = report_set_new(), *second = report_set_new();
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct event event;
	long used;

	if (report_set_add(set, outputs[0], null, &options, NULL) < 0 || report_set_add(set, outputs[1], null, &options, NULL) < 0 ||
	    report_set_add(set, outputs[2], null, &options, NULL) < 0 || report_set_add(second, "junit", null, &options, NULL) < 0 ||
	    report_set_add(second, "markdown=/dev/null", null, &options, NULL) < 0)
		abort();
	for (size_t at = 0; at < size; at += (size_t)used) {
		used = event_decode(data + at, size - at, arena, &event, NULL);
		if (used <= 0)
			break;
		round_trip(&event, arena);
		event.case_index %= 64; /* so that the record stays small */
		event_emit(report_set_sink(set), &event, NULL);
		event_emit(report_set_sink(second), &event, NULL);
	}
	report_set_close(set, NULL);
	report_set_close(second, NULL);
	report_set_free(set);
	report_set_free(second);
	close(null);
	arena_free(arena);
	return 0;
}

/* One event of each type alone, then all of them as one stream, in the order of a run. */
size_t fuzz_seeds(struct fuzz_seed ret[FUZZ_SEEDS_MAX])
{
	struct text all = {0};

	for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
		struct event event = {.type = (enum event_type)type};
		struct text one = {0};

		event_encode(&event, &one);
		event_encode(&event, &all);
		ret[type].length = one.length;
		ret[type].bytes = (uint8_t *)text_steal(&one);
	}
	ret[EVENT_TYPE_COUNT].length = all.length;
	ret[EVENT_TYPE_COUNT].bytes = (uint8_t *)text_steal(&all);
	return EVENT_TYPE_COUNT + 1;
}
