/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a run: its events gathered by case, as far as reports need them. */
#include "lab/report/record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TITLE_BYTES 40 /* of a step, in the line that says what went wrong with it */

struct run_record *run_record_new(void)
{
	struct run_record *run = mem_new(struct run_record);

	run->arena = arena_new();
	run->begin.program = "";
	return run;
}

static void attempt_free(struct attempt_record *attempt)
{
	for (size_t i = 0; i < attempt->steps.count; i++)
		text_free(&attempt->steps.items[i].output);
	array_free(&attempt->steps);
	array_free(&attempt->expects);
	array_free(&attempt->notes);
	array_free(&attempt->interfaces);
	array_free(&attempt->packets);
	attempt->packet_count = 0;
}

void run_record_free(struct run_record *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->cases.count; i++) {
		struct case_record *record = run->cases.items[i];

		if (!record)
			continue;
		attempt_free(&record->now);
		attempt_free(&record->before);
		arena_free(record->arena);
		free(record);
	}
	array_free(&run->cases);
	array_free(&run->notes);
	arena_free(run->arena);
	free(run);
}

struct case_record *run_record_case(const struct run_record *run, int64_t index)
{
	return index >= 0 && (size_t)index < run->cases.count ? run->cases.items[index] : NULL;
}

size_t run_record_count(const struct run_record *run)
{
	size_t announced = run->begin.cases > 0 && run->begin.cases <= RECORD_CASES_MAX ? (size_t)run->begin.cases : 0;

	return announced > run->cases.count ? announced : run->cases.count;
}

struct step_record *attempt_step(const struct attempt_record *attempt, int64_t step)
{
	for (size_t i = attempt->steps.count; i-- > 0;)
		if (attempt->steps.items[i].begin.step == step)
			return &attempt->steps.items[i];
	return NULL;
}

const char *step_title(const struct step_record *step)
{
	const char *title = step->begin.title, *verb = step->begin.verb;

	if (!*verb || !str_starts(title, verb))
		return title;
	title += strlen(verb);
	return *title == ' ' ? title + 1 : *title ? step->begin.title : "";
}

static int begin_case(struct run_record *run, const struct event *event, struct err *err)
{
	if (event->case_index < 0 || event->case_index >= RECORD_CASES_MAX)
		return err_set(err, -EBADMSG, "an event begins case %" PRId64 ", which there cannot be", event->case_index);
	while (run->cases.count <= (size_t)event->case_index)
		array_push(&run->cases, NULL);

	struct case_record **slot = &run->cases.items[event->case_index];
	if (!*slot) {
		*slot = mem_new(struct case_record);
		(*slot)->arena = arena_new();
		(*slot)->begun = event->stamp;
	} else {
		attempt_free(&(*slot)->before);
		(*slot)->before = (*slot)->now;
		(*slot)->now = (struct attempt_record){0};
	}

	struct event copy;
	event_copy(event, (*slot)->arena, &copy);
	(*slot)->index = event->case_index;
	(*slot)->begin = copy.case_begin;
	(*slot)->end = (struct event_case_end){.reason = "", .artifacts = ""};
	(*slot)->ended = false;
	(*slot)->now.lab_took = -1;
	return 0;
}

static void take_output(struct attempt_record *attempt, const struct event_output *output)
{
	struct step_record *step = attempt_step(attempt, output->step);

	if (!step)
		return;
	step->output_length += output->data_length;
	text_add_bytes(&step->output, output->data, output->data_length);
	if (step->output.length > RECORD_OUTPUT_MAX * 2) {
		size_t cut = step->output.length - RECORD_OUTPUT_MAX;

		memmove(step->output.data, step->output.data + cut, RECORD_OUTPUT_MAX + 1);
		step->output.length = RECORD_OUTPUT_MAX;
	}
}

static void take_packet(struct run_record *run, struct case_record *record, const struct event_packet *packet)
{
	struct attempt_record *attempt = &record->now;
	const char *node = "?", *interface = "?";

	attempt->packet_count++;
	if (!run->wants_packets || attempt->packets.count >= RECORD_PACKETS_MAX)
		return;
	for (size_t i = 0; i < attempt->interfaces.count; i++) {
		if (attempt->interfaces.items[i].index == packet->interface) {
			node = attempt->interfaces.items[i].node;
			interface = attempt->interfaces.items[i].interface;
		}
	}
	array_push(&attempt->packets, (struct packet_record){
		.number = packet->packet,
		.stamp = packet->stamp,
		.place = arena_printf(record->arena, "%s:%s %s", node, interface, packet->out ? "out" : "in"),
		.summary = arena_strdup(record->arena, packet->summary ? packet->summary : ""),
	});
}

static void take_expect(struct attempt_record *attempt, const struct event *event, const struct event_expect *expect)
{
	array_push(&attempt->expects, *expect);
	if (attempt_step(attempt, expect->step))
		return;
	array_push(&attempt->steps, (struct step_record){
		.begin = {.step = expect->step, .verb = "expect", .title = "", .line = expect->line, .node = ""},
		.end = {.step = expect->step, .verdict = expect->verdict, .message = "", .call = ""},
		.begun = event->stamp,
		.ended = true,
	});
}

static void take_case_event(struct run_record *run, struct case_record *record, const struct event *event)
{
	struct attempt_record *attempt = &record->now;
	struct step_record *step;
	struct event copy;

	if (event->type == EVENT_PACKET) { /* not copied: they may be many and large */
		take_packet(run, record, &event->packet);
		return;
	}
	if (event->type == EVENT_OUTPUT) {
		take_output(attempt, &event->output);
		return;
	}
	event_copy(event, record->arena, &copy);
	switch (event->type) {
	case EVENT_INTERFACE:
		array_push(&attempt->interfaces, copy.interface);
		break;
	case EVENT_LAB_READY:
		attempt->lab_took = copy.lab_ready.took;
		break;
	case EVENT_STEP_BEGIN:
		array_push(&attempt->steps, (struct step_record){.begin = copy.step_begin, .begun = event->stamp});
		break;
	case EVENT_STEP_END:
		step = attempt_step(attempt, copy.step_end.step);
		if (step) {
			step->end = copy.step_end;
			step->ended = true;
		}
		break;
	case EVENT_EXPECT:
		take_expect(attempt, event, &copy.expect);
		break;
	case EVENT_NOTE:
		array_push(&attempt->notes, (struct note_record){copy.note.severity, copy.note.text});
		break;
	case EVENT_CASE_END:
		record->end = copy.case_end;
		record->ended = true;
		break;
	default: /* the run's own are not here */
		break;
	}
}

int run_record_take(struct run_record *run, const struct event *event, struct err *err)
{
	struct event copy;

	if (event->type == EVENT_CASE_BEGIN)
		return begin_case(run, event, err);
	if (event->type == EVENT_RUN_BEGIN || event->type == EVENT_RUN_END || event->case_index < 0) {
		event_copy(event, run->arena, &copy);
		if (event->type == EVENT_RUN_BEGIN) {
			run->begin = copy.run_begin;
			run->begun = event->stamp;
		} else if (event->type == EVENT_RUN_END) {
			run->end = copy.run_end;
			run->ended = true;
		} else if (event->type == EVENT_NOTE) {
			array_push(&run->notes, (struct note_record){copy.note.severity, copy.note.text});
		}
		return 0;
	}

	struct case_record *record = run_record_case(run, event->case_index);
	if (!record)
		return err_set(err, -EBADMSG, "%s: case %" PRId64 " has not begun", event_structs[event->type].name, event->case_index);
	take_case_event(run, record, event);
	return 0;
}

void run_record_settle(struct run_record *run, const struct event *event)
{
	struct case_record *record = run_record_case(run, event->case_index);

	if (event->type != EVENT_CASE_END || !record)
		return;
	array_free(&record->now.packets);
	array_free(&record->before.packets);
	if (record->end.verdict == VERDICT_PASS || record->end.verdict == VERDICT_SKIP || record->end.verdict == VERDICT_XFAIL) {
		attempt_free(&record->now);
		attempt_free(&record->before);
	}
}

const struct attempt_record *case_told_attempt(const struct case_record *record)
{
	return record->end.verdict == VERDICT_FLAKY ? &record->before : &record->now;
}

static bool is_bad(int64_t verdict)
{
	return verdict == VERDICT_FAIL || verdict == VERDICT_ERROR;
}

static const struct event_expect *first_bad_expect(const struct attempt_record *attempt)
{
	for (size_t i = 0; i < attempt->expects.count; i++)
		if (is_bad(attempt->expects.items[i].verdict))
			return &attempt->expects.items[i];
	return NULL;
}

/* A step that failed by itself: an expectation speaks through its expect event. */
static const struct step_record *first_bad_step(const struct attempt_record *attempt)
{
	for (size_t i = 0; i < attempt->steps.count; i++) {
		const struct step_record *step = &attempt->steps.items[i];

		if (step->ended && is_bad(step->end.verdict) && !attempt_step_expect(attempt, step->begin.step))
			return step;
	}
	return NULL;
}

const struct event_expect *attempt_step_expect(const struct attempt_record *attempt, int64_t step)
{
	for (size_t i = 0; i < attempt->expects.count; i++)
		if (attempt->expects.items[i].step == step && is_bad(attempt->expects.items[i].verdict))
			return &attempt->expects.items[i];
	return NULL;
}

struct failure_place case_failure_place(const struct case_record *record)
{
	const struct attempt_record *attempt = case_told_attempt(record);
	const struct event_expect *expect = first_bad_expect(attempt);
	const struct step_record *step = first_bad_step(attempt);

	if (step && (!expect || step->begin.step < expect->step) && step->begin.line > 0)
		return (struct failure_place){record->begin.file, step->begin.line};
	if (expect && expect->line > 0)
		return (struct failure_place){*expect->file ? expect->file : record->begin.file, expect->line};
	return (struct failure_place){record->begin.file, record->begin.line};
}

void case_failure_line(const struct case_record *record, struct text *out)
{
	const struct attempt_record *attempt = case_told_attempt(record);
	const struct event_expect *expect = first_bad_expect(attempt);
	const struct step_record *step = first_bad_step(attempt);

	if (step && (!expect || step->begin.step < expect->step)) {
		size_t length = strlen(step->begin.title), cut = length > TITLE_BYTES ? TITLE_BYTES : length;

		while (cut < length && cut > 0 && ((unsigned char)step->begin.title[cut] & 0xc0) == 0x80)
			cut--;
		text_add_bytes(out, step->begin.title, cut);
		text_addf(out, "%s: %s", cut < length ? "…" : "", step->end.message);
	} else if (expect) {
		text_addf(out, "expected %s; %s", expect->expected, expect->seen);
	} else {
		text_add(out, record->end.reason);
	}
}

const char *case_variant(const struct case_record *record)
{
	const char *bracket = strchr(record->begin.id, '[');

	return bracket && str_ends(record->begin.id, "]") ? bracket : "";
}

void case_add_title(const struct case_record *record, struct text *out)
{
	const char *variant = case_variant(record);

	text_add(out, record->begin.title);
	if (*variant && !strstr(record->begin.title, variant))
		text_addf(out, " %s", variant);
}
