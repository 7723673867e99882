/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened in a case, in the order of time: steps and packets (-v). */
#include "lab/report/timeline.h"

#include <inttypes.h>

#include "lab/report/failure.h"

static void add_step(const struct style *style, const struct step_record *step, const struct event_expect *expect, size_t indent,
		     struct text *out)
{
	size_t from = out->length, used;
	const char *verb = step->begin.verb, *title = step_title(step);
	/* An expectation's last word is its own: its step may be over while its window is still open. */
	int64_t verdict = expect ? expect->verdict : step->end.verdict;
	bool known = step->ended || expect;

	style_add_spaces(indent, out);
	style_paint(style, known ? style_verdict_paint(verdict) : PAINT_DIM, out);
	text_add(out, known ? style_verdict_sign(style, verdict) : style_sign(style, SIGN_ARROW));
	style_plain(style, out);
	style_paint(style, PAINT_BOLD, out);
	text_addf(out, " %" PRId64 " ", step->begin.step + 1);
	style_add(style, verb, out);
	style_plain(style, out);
	if (expect && !*title)
		title = expect->expected;
	if (*title) {
		text_add(out, "  ");
		used = text_width(out->data + from, out->length - from);
		style_add_cut(style, title, style->columns > used ? style->columns - used : 0, out);
	}
	if (expect && *expect->seen && expect->verdict != VERDICT_PASS) {
		text_add_char(out, '\n');
		style_add_spaces(indent + 2, out);
		style_paint(style, PAINT_DIM, out);
		style_add_wrapped(style, expect->seen, indent + 2, out);
		style_plain(style, out);
	}
	text_add_char(out, '\n');
}

static const struct event_expect *expect_of(const struct attempt_record *attempt, int64_t step)
{
	for (size_t i = 0; i < attempt->expects.count; i++)
		if (attempt->expects.items[i].step == step)
			return &attempt->expects.items[i];
	return NULL;
}

static struct packet_line packet_line(const struct style *style, const struct packet_record *packet, int64_t base)
{
	return (struct packet_line){
		.sign = style_sign(style, SIGN_DOT),
		.paint = PAINT_DIM,
		.number = packet->number,
		.offset = packet->stamp - base,
		.place = packet->place,
		.summary = packet->summary,
	};
}

static int64_t first_stamp(const struct attempt_record *attempt)
{
	int64_t base = attempt->steps.count ? attempt->steps.items[0].begun : INT64_MAX;

	if (attempt->packets.count && attempt->packets.items[0].stamp < base)
		base = attempt->packets.items[0].stamp;
	return base;
}

void timeline_add(const struct style *style, const struct case_record *record, size_t indent, struct text *out)
{
	const struct attempt_record *attempt = &record->now;
	int64_t base = first_stamp(attempt);
	struct packet_columns columns = {0};
	size_t packet = 0;

	for (size_t i = 0; i < attempt->packets.count; i++) {
		struct packet_line line = packet_line(style, &attempt->packets.items[i], base);

		packet_line_measure(style, &line, &columns);
	}
	if (attempt->lab_took >= 0) {
		style_add_spaces(indent, out);
		style_paint(style, PAINT_DIM, out);
		text_add(out, "lab ready after ");
		style_add_span(style, attempt->lab_took, out);
		style_plain(style, out);
		text_add_char(out, '\n');
	}
	for (size_t i = 0; i <= attempt->steps.count; i++) {
		int64_t until = i < attempt->steps.count ? attempt->steps.items[i].begun : INT64_MAX;

		for (; packet < attempt->packets.count && attempt->packets.items[packet].stamp < until; packet++) {
			struct packet_line line = packet_line(style, &attempt->packets.items[packet], base);

			packet_line_add(style, &line, &columns, indent + 2, out);
		}
		if (i < attempt->steps.count)
			add_step(style, &attempt->steps.items[i], expect_of(attempt, attempt->steps.items[i].begin.step), indent, out);
	}
	if (attempt->packet_count > attempt->packets.count) {
		style_add_spaces(indent + 2, out);
		text_addf(out, "and %" PRIu64 " packets more; --artifacts DIR keeps them all\n", attempt->packet_count - attempt->packets.count);
	}
}
