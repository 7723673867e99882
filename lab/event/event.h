/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run can say, as types, with their serialised form; nothing else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"
#include "lab/base/mem.h"
#include "lab/base/text.h"

/*
 * Theory of operation
 *
 * A runner (one process per case) says what happens as a stream of events; the
 * supervisor adds its own (run-begin, run-end) and hands all of them to the
 * reporters, which know nothing else. The stream is complete: a capture file, a
 * ladder or a report can be made from it alone, on another machine.
 *
 * Events are plain structs, described by the tables in tables.c (name, type,
 * offset of each member). The same table makes the binary form that crosses
 * the pipe, the JSON form that users read, and its documentation.
 *
 * Strings and arrays of a decoded event live in the arena given to the decoder.
 */
#define EVENT_VERSION 1

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,
	VERDICT_XFAIL,
	VERDICT_ERROR,
	VERDICT_FLAKY,
	VERDICT_COUNT
};
const char *verdict_name(enum verdict verdict); /* "pass", "fail"…; "unknown" for what is no verdict */

enum event_type {
	EVENT_RUN_BEGIN,
	EVENT_CASE_BEGIN,
	EVENT_INTERFACE,
	EVENT_LAB_READY,
	EVENT_STEP_BEGIN,
	EVENT_STEP_END,
	EVENT_EXPECT,
	EVENT_PACKET,
	EVENT_OUTPUT,
	EVENT_NOTE,
	EVENT_CASE_END,
	EVENT_RUN_END,
	EVENT_TYPE_COUNT
};

/* A run starts: what was selected. */
struct event_run_begin {
	int64_t version;        /* EVENT_VERSION */
	const char *program;    /* "nslab 0.1.0" */
	int64_t cases;          /* how many will run */
	int64_t jobs;           /* at most so many at once */
	uint64_t seed;
};

struct event_case_begin {
	const char *id;         /* stable: "scenarios/ping.nslab.yaml[family=ipv6]" */
	const char *file;
	int64_t line;           /* of the scenario's title */
	const char *title;
	const char *about;      /* or "" */
	const char *tags;       /* separated by a space */
	const char *rerun;      /* the command line that runs this case again */
	uint64_t seed;
	const char *observer;   /* "sockets" or "rings" */
};

/* An interface that is on the tape: packets name it by `index`. */
struct event_interface {
	int64_t index;          /* from 0, in file order */
	const char *node;
	const char *interface;
	const char *mac;
	const char *addresses;  /* with prefix lengths, separated by a space */
	int64_t link;           /* index of the link it is an end of, -1 for `lo` and the like */
};

struct event_lab_ready {
	int64_t took;           /* ns from the runner's start until the first step could begin */
};

struct event_step_begin {
	int64_t step;           /* index from 0; steps of a `together` count on their own, after it */
	const char *verb;       /* "send", "run", "expect"… */
	const char *title;      /* its name, or a short description made from its keys */
	int64_t line;
	const char *node;       /* where it acts, or "" */
};

struct event_step_end {
	int64_t step;
	int64_t verdict;        /* enum verdict; SKIP where `when` was false */
	const char *message;    /* why it failed, or "" */
	const char *call;       /* the system call that failed, or "" */
	int64_t errno_value;    /* positive, or 0 */
	int64_t took;           /* ns */
};

/* A packet that an expectation speaks of. */
struct expect_packet {
	int64_t packet;         /* its number on the tape, from 1 */
	int64_t after;          /* ns since the window opened */
	const char *place;      /* "outside:eth0 in" */
	const char *summary;    /* one line, as a person reads it */
	bool selected;          /* matched filter and where */
	bool matched;           /* and held all fields and the payload */
};

/* One thing an expectation asked of a packet. */
struct expect_field {
	int64_t packet;         /* number on the tape; 0: of the expectation as a whole */
	const char *name;       /* "count", "ip.ttl", "payload", "gap", "order" */
	const char *expected;
	const char *seen;
	bool held;
};

struct event_expect {
	int64_t step;
	int64_t verdict;        /* PASS, FAIL or ERROR */
	const char *file;
	int64_t line;
	const char *expected;   /* "1 packet 'udp dst port 6881' at firewall:wan in" */
	const char *seen;       /* "saw none", "saw 2: the second came 31 ms after the window opened" */
	const char *as;         /* the name it gave, or "" */
	int64_t opened, closed; /* the window, tape clock, ns; equal where no packets but a state was asked for */
	int64_t count;          /* packets that counted */
	const struct expect_field *fields;
	size_t field_count;
	const struct expect_packet *packets; /* those matched; on failure the nearest others too, at most 32 */
	size_t packet_count;
};

/* One observation: frame × interface × direction. */
struct event_packet {
	int64_t packet;         /* number on the tape, from 1, in order of stamps */
	int64_t interface;      /* event_interface.index */
	int64_t out;            /* 0 in, 1 out */
	int64_t stamp;          /* CLOCK_REALTIME ns */
	int64_t length;         /* of the frame on the wire, bytes, VLAN tags included */
	const uint8_t *data;    /* what was captured of it, VLAN tags put back */
	size_t data_length;
	const char *comment;    /* the expectations it matched, or "" */
	const char *summary;    /* one line */
};

struct event_output {
	int64_t step;           /* whose program */
	int64_t stream;         /* 1 stdout, 2 stderr */
	const uint8_t *data;
	size_t data_length;
};

struct event_note {
	int64_t severity;       /* 0 information, 1 warning, 2 error */
	const char *text;
};

struct event_case_end {
	int64_t verdict;
	const char *reason;     /* why it was skipped, failed or could not run; "" for a pass */
	int64_t took;           /* ns, from start to verdict */
	int64_t packets;        /* on the tape */
	int64_t lost;           /* by the observer */
	const char *artifacts;  /* where its capture file and logs are, or "" */
};

struct event_run_end {
	int64_t passed, failed, skipped, xfailed, errors, flaky;
	int64_t not_run;        /* selected, but -x or an interrupt came first */
	bool interrupted;
	int64_t took;           /* ns */
};

struct event {
	enum event_type type;
	int64_t case_index;     /* which case of the run, from 0; -1 for run-begin and run-end */
	int64_t stamp;          /* tape clock, ns */
	union {
		struct event_run_begin run_begin;
		struct event_case_begin case_begin;
		struct event_interface interface;
		struct event_lab_ready lab_ready;
		struct event_step_begin step_begin;
		struct event_step_end step_end;
		struct event_expect expect;
		struct event_packet packet;
		struct event_output output;
		struct event_note note;
		struct event_case_end case_end;
		struct event_run_end run_end;
	};
};

/* The member tables. */
enum event_member_type {
	MEMBER_INT,     /* int64_t */
	MEMBER_UINT,    /* uint64_t */
	MEMBER_BOOL,    /* bool */
	MEMBER_STRING,  /* const char *, never NULL once decoded */
	MEMBER_VERDICT, /* int64_t, an enum verdict; JSON: its name */
	MEMBER_BYTES,   /* const uint8_t * and, at count_offset, size_t; JSON: hex */
	MEMBER_LIST,    /* pointer to structs of `list`, and size_t at count_offset */
};

struct event_struct;
struct event_member {
	const char *name;
	enum event_member_type type;
	size_t offset;
	size_t count_offset;             /* BYTES, LIST */
	const struct event_struct *list; /* LIST */
	const char *doc;
};

struct event_struct {
	const char *name;                /* "step-begin" */
	const char *doc;
	size_t size;
	const struct event_member *members;
	size_t member_count;
};
extern const struct event_struct event_structs[EVENT_TYPE_COUNT]; /* offsets count from the union member */

/* Address of the event's own struct (the union). */
static inline const void *event_body(const struct event *event)
{
	return &event->run_begin;
}

/*
 * Appends one event: a 32-bit little-endian length, then that many bytes (at most EVENT_SIZE_MAX; codec.c has the form).
 * NULL strings become "". Lists are cut after EVENT_LIST_MAX entries, strings and bytes where the event would grow too large.
 */
#define EVENT_SIZE_MAX (16u << 20)
#define EVENT_LIST_MAX 4096
void event_encode(const struct event *event, struct text *out);

/*
 * Takes one event off the front of `bytes`. Returns the bytes used, 0 where
 * more are needed, or -EBADMSG (the stream is broken for good). Every length is
 * checked before use. Strings and arrays are copied into `arena`; strings are
 * never NULL; bytes have a NUL behind them that is not counted. Signed integers
 * (stamps and durations too) beyond ±EVENT_INT_MAX come out as that, so that
 * sums and differences of two do not overflow.
 */
#define EVENT_INT_MAX ((INT64_C(1) << 62) - 1)
long event_decode(const uint8_t *bytes, size_t length, struct arena *arena, struct event *ret, struct err *err);

/* One JSON object without a line end: {"type": "step-begin", "case": 0, "time": …, …}. */
void event_to_json(const struct event *event, struct text *out);

/* The reference page of the JSON form, Markdown: docs/events.md is this text. */
void event_document(struct text *out);

/* A copy whose strings and arrays live in `arena`. */
void event_copy(const struct event *event, struct arena *arena, struct event *ret);

/* Where events go: runners, tests and reporters take one of these. */
struct event_sink {
	int (*emit)(struct event_sink *sink, const struct event *event, struct err *err);
};
static inline int event_emit(struct event_sink *sink, const struct event *event, struct err *err)
{
	return sink ? sink->emit(sink, event, err) : 0;
}
