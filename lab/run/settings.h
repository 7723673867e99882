/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a run is to be carried out: what the command line says, for supervisor and runner alike. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum observer_choice { OBSERVE_AUTO, OBSERVE_SOCKETS, OBSERVE_RINGS };

struct run_settings {
	unsigned jobs;               /* cases at once, at least 1 */
	uint64_t seed;
	int64_t timeout;             /* ns, over every scenario's own; 0: theirs */
	double timeout_multiplier;   /* of every time limit, 1 */
	int observer;                /* enum observer_choice */
	const char *const *wrap;     /* words put before a program under test, NULL-terminated; or NULL */
	const char *wrap_param;      /* --wrap applies to commands that begin with $(this); NULL: any param */
	bool live;                   /* programs' output as it comes (-s) */
	bool packets;                /* every packet into the event stream: for artifacts, JSON */
	bool stop_first;             /* -x */
	unsigned repeat;             /* 1 */
	const char *const *require;  /* features whose absence is an error, not a skip; "all"; NULL-terminated; or NULL */
	const char *invocation;      /* "nslab run -D x=1": what a re-run line begins with */
};
