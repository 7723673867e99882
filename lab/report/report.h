/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports: the event stream in the forms that people and other programs read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"
#include "lab/base/text.h"
#include "lab/event/event.h"

/*
 * Theory of operation
 *
 * A reporter turns events into text and does nothing else: it opens no file,
 * asks no terminal, reads no clock, and cannot fail. The report set keeps the
 * record of the run (record.h: the events gathered by case, since those of
 * parallel cases are interleaved), hands each event to every reporter and
 * writes what they added, in one write each, to where their output goes.
 *
 * A file appears under its name when the run is over and it is complete, never
 * before: until then it has no name.
 */
enum report_verbosity {
	REPORT_QUIET = -1,   /* failures and the summary */
	REPORT_NORMAL = 0,   /* a line a case */
	REPORT_VERBOSE = 1,  /* steps and packets of every case */
};

/* How the terminal form looks. The other forms take `invocation` and `columns` alone. */
struct report_options {
	bool colour;            /* the caller minds NO_COLOR and whether it is a terminal */
	bool unicode;           /* the locale's encoding is UTF-8; else ASCII */
	bool live;              /* a status line that is drawn over: on a terminal only */
	bool output;            /* what programs write, as they write it (-s) */
	unsigned columns;       /* of the terminal, 80 where there is none */
	int verbosity;          /* enum report_verbosity */
	unsigned durations;     /* list the slowest so many cases; 0: none */
	const char *invocation; /* the command that selects cases ("nslab run scenarios"), for hints; or NULL */
};

struct run_record;
struct reporter;

struct reporter_type {
	const char *name;    /* as in `-o junit` */
	const char *summary; /* one line, for help */
	bool beside;         /* may share standard output with another such format: its lines are told apart from the other's */
	size_t state_size;   /* of reporter->state; zeroed when it opens */
	void (*open)(struct reporter *reporter);  /* or NULL */
	/* The record knows the event already. Appends to `out` what is to be written now. */
	void (*emit)(struct reporter *reporter, const struct event *event, struct text *out);
	/* Time passes: draws the status line again. `now` is clock_tape(). Or NULL. */
	void (*tick)(struct reporter *reporter, int64_t now, struct text *out);
	/* No event comes any more (run-end may have been missing). Appends what is left and frees what the state holds. Or NULL. */
	void (*close)(struct reporter *reporter, struct text *out);
};

/* One open output. */
struct reporter {
	const struct reporter_type *type;
	struct report_options options;
	const struct run_record *run;
	void *state;
};

/* Every output format there is; ends with NULL. To find a format's code, read reporters.c. */
extern const struct reporter_type *const reporter_types[];
const struct reporter_type *reporter_find(const char *name);

/* Several outputs side by side. */
struct report_set;
struct report_set *report_set_new(void);
/*
 * Adds an output as `-o` names it: "junit=out.xml", "tap", "json=-". Without a
 * file, or with "-", it goes to `stdout_fd`, which stays the caller's; one output
 * can go there, or "terminal" and "github" both. -EINVAL: no such format, or the
 * place is taken; other errors: the file cannot be written there.
 */
int report_set_add(struct report_set *set, const char *spec, int stdout_fd, const struct report_options *options, struct err *err);
/* Whether standard output belongs to an output; where it does not (nothing goes there, or "github" alone), add "terminal". */
bool report_set_has_stdout(const struct report_set *set);
/*
 * The sink to emit into. An output that cannot be written is given up: its error is returned once, by the emit that met it
 * (-EPIPE: the reader went away); the other outputs go on, and so may the run.
 */
struct event_sink *report_set_sink(struct report_set *set);
/* Call some ten times a second while a run is on: draws what moves. `columns` is the terminal's width now. */
int report_set_tick(struct report_set *set, int64_t now, unsigned columns, struct err *err);
/* Ends all outputs and puts complete files in place. 0, or the first error any output met. */
int report_set_close(struct report_set *set, struct err *err);
void report_set_free(struct report_set *set); /* without close no file appears; NULL is allowed */

/* Columns of the terminal that `fd` is (tty_ioctl(4), TIOCGWINSZ), or `standard` where it is none or does not know. */
unsigned terminal_columns(int fd, unsigned standard);
