/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a run: its events gathered by case, as far as reports need them. */
#pragma once

#include "lab/base/mem.h"
#include "lab/event/event.h"

/*
 * Theory of operation
 *
 * Reports speak of cases, events come interleaved: the record sorts them. What
 * a report may want to say of a case is kept until its end; of a case that
 * passed, only its two ends remain then. Data of packets is never kept, and of
 * what a program wrote the last RECORD_OUTPUT_MAX bytes.
 *
 * A case that begins anew (the re-run that explains a failure) starts a new
 * attempt. The failures of the attempt before are kept: they are what a flaky
 * case has to show.
 */
#define RECORD_OUTPUT_MAX 8192
#define RECORD_PACKETS_MAX 500   /* of one case, and only where packets are wanted */
#define RECORD_CASES_MAX (1 << 20)

/* An expectation that no step-begin announced is a step too, begun when it was judged. */
struct step_record {
	struct event_step_begin begin;
	struct event_step_end end;
	int64_t begun;          /* stamp, ns since the epoch */
	bool ended;
	struct text output;     /* the last of it, both streams as they came */
	uint64_t output_length; /* all of it */
};

struct packet_record {
	int64_t number, stamp;
	const char *place;      /* "outside:eth0 in" */
	const char *summary;
};

struct note_record {
	int64_t severity;
	const char *text;
};

/* What happened in one go at a case. */
struct attempt_record {
	ARRAY(struct step_record) steps;            /* in the order they began */
	ARRAY(struct event_expect) expects;         /* in the order they were judged */
	ARRAY(struct note_record) notes;
	ARRAY(struct event_interface) interfaces;
	ARRAY(struct packet_record) packets;
	uint64_t packet_count;                      /* packet events, kept or not */
	int64_t lab_took;                           /* ns, -1 while the lab is not ready */
};

struct case_record {
	int64_t index;
	struct arena *arena;                 /* of the strings */
	struct event_case_begin begin;
	struct event_case_end end;
	int64_t begun;                       /* stamp of the first attempt's start */
	bool ended;
	struct attempt_record now, before;   /* `before`: the attempt before, where there was one */
};

struct run_record {
	struct arena *arena;
	bool wants_packets;                  /* set by whoever shows them */
	struct event_run_begin begin;
	struct event_run_end end;
	int64_t begun;                       /* stamp */
	bool ended;
	ARRAY(struct case_record *) cases;   /* by index; NULL: has not begun */
	ARRAY(struct note_record) notes;     /* on the run as a whole */
};

struct run_record *run_record_new(void);
void run_record_free(struct run_record *run);
/* Takes an event in. -EBADMSG: it speaks of a case that cannot be or has not begun. */
int run_record_take(struct run_record *run, const struct event *event, struct err *err);
/* After all reports had the event: drops what nobody will ask for again. */
void run_record_settle(struct run_record *run, const struct event *event);

/* The case, or NULL. */
struct case_record *run_record_case(const struct run_record *run, int64_t index);
/* How many cases there are by what is known: those announced, or more if more began. */
size_t run_record_count(const struct run_record *run);
/* The step of an attempt, or NULL. */
struct step_record *attempt_step(const struct attempt_record *attempt, int64_t step);
/* The title without the verb that it may begin with; "" where it says no more than that. */
const char *step_title(const struct step_record *step);
/* The step's expectation that did not hold, or NULL. */
const struct event_expect *attempt_step_expect(const struct attempt_record *attempt, int64_t step);
/* The attempt whose failures the verdict speaks of: for a flaky case the one before. */
const struct attempt_record *case_told_attempt(const struct case_record *record);

/*
 * The first thing that went wrong: where, and in one line what. `file` and
 * `line` are the case's own where nothing better is known. Never NULL strings.
 */
struct failure_place {
	const char *file;
	int64_t line;
};
struct failure_place case_failure_place(const struct case_record *record);
void case_failure_line(const struct case_record *record, struct text *out);

/* "[family=ipv6]": the part of the id that tells matrix cases apart, or "". */
const char *case_variant(const struct case_record *record);
/* The title, and the variant after a space where there is one. */
void case_add_title(const struct case_record *record, struct text *out);
