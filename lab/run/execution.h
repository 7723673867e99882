/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One case being carried out, inside its runner. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "drivers/driver.h"
#include "lab/base/loop.h"
#include "lab/event/event.h"
#include "lab/expect/judge.h"
#include "lab/observe/observer.h"
#include "lab/run/plan.h"
#include "lab/run/settings.h"
#include "lab/scenario/scenario.h"

/*
 * Theory of operation
 *
 * The runner is one thread with one loop. Its thread is in the namespace of
 * whatever node it acted in last: whoever needs a certain one enters it first. Steps are taken in file order. An
 * acting step is started, and waited for unless it is a background step; while
 * the runner waits, the loop fills the tape, collects programs' output and moves
 * background steps on. Expectations that follow an acting step share its window:
 * each waits until its lower bound is met, and all are judged for good when the
 * next acting step is about to start (window.c).
 *
 * A verb (steps.c lists them) has a start function; whatever goes on after it
 * returns hangs on the loop, and ends with step_done() or step_fail(). Two
 * kinds of trouble are kept apart: what the scenario did not expect is a failed
 * step; what kept the lab from doing its work is a negative return, and makes
 * the verdict an error.
 */
struct execution;
struct step_run;

struct step_verb {
	const struct node_kind *kind;
	/* Begins. 0 begun (finished or not), negative: the lab's own failure. */
	int (*start)(struct step_run *run, struct err *err);
	/* The step's time is up, or the scenario ends: end what goes on, then step_done() or step_fail(). NULL: nothing goes on. */
	void (*expire)(struct step_run *run);
	/* Frees run->state. NULL: there is none. */
	void (*release)(struct step_run *run);
	/* A short description from its keys, for steps without a name. */
	void (*describe)(const struct step_node *step, struct text *out);
	/* The node it acts in, or NULL. */
	const char *(*node)(const struct step_node *step);
};
extern const struct step_verb step_verbs[]; /* ends with a NULL kind */
const struct step_verb *step_verb_of(const struct step_node *step);

struct step_watcher {
	void (*finished)(void *data);
	void *data;
};

/* One step that was started. */
struct step_run {
	struct execution *execution;
	const struct step_node *step;    /* decoded again where only the run knows its values */
	const struct step_node *written; /* as the tree has it */
	const struct step_verb *verb;
	int64_t index;           /* event_step_begin.step */
	int64_t started;         /* clock_now() */
	int64_t opened;          /* clock_tape(): where the window of its expectations begins */
	bool background;         /* the next step need not wait for the end */
	bool ready;              /* a background step: bound, listening, started */
	bool finished;
	bool collected;          /* a `wait` has taken its result, or it was reported */
	bool abandoned;          /* the scenario has failed elsewhere: what it fails of now is no finding */
	const char *cut_short;   /* why it ends before its time: "the socket was closed"; NULL: its time is up */
	enum verdict verdict;    /* once finished */
	struct driver_failure failure; /* the call that failed, if one did */
	struct text message;     /* why it failed */
	struct loop_source *timer; /* its time limit */
	ARRAY(struct step_watcher) watchers; /* told once when it has finished */
	void *state;             /* the verb's */
};

/* A socket with a name, from `open`. */
struct named_socket {
	const char *name;
	int node;                /* index in the plan */
	struct driver_socket *socket;
	struct driver_socket *accepted; /* listeners: the connection taken, NULL before */
	bool listens;
};

struct pending_expect;
struct watched_link;

struct execution {
	const struct scenario_case *scenario;
	const struct scenario_tree *tree;
	const struct run_settings *settings;
	int64_t case_index;
	uint64_t seed;
	struct event_sink *sink;
	struct arena *arena;
	struct plan *plan;
	struct lab_ns lab;
	int *views;              /* per node: mount namespace of its programs, -1 until one is started; NULL before the first */
	struct tape *tape;
	struct observer *observer;
	enum observer_mode observer_mode;
	struct loop *loop;
	struct named_packets *names;
	ARRAY(struct step_run *) runs;
	ARRAY(struct named_socket *) sockets; /* a step may hold on to one */
	ARRAY(struct pending_expect *) pending; /* expectations of the open window */
	int64_t started;         /* clock_now() */
	ARRAY(struct watched_link) links; /* wire ends, where absences are expected: absence.c */
	int64_t first_opened;    /* tape clock when the lab was ready */
	int64_t window_opened;   /* of the latest acting step */
	int64_t hold_began;      /* the shared hold of neighbouring absences; 0: none yet */
	int64_t deadline;        /* clock_now(): the scenario's time limit */
	int64_t next_index;      /* of the next step */
	int64_t repetition;      /* of the send being decoded: $(i) */
	bool halted;             /* a background step failed: go no further */
	bool timed_out;
	enum verdict verdict;    /* so far */
	struct text reason;      /* of the verdict, the first one */
};

/* --- execution.c --- */
/* Carries out a whole case and emits its events, case-end included. */
void execution_run(struct execution *execution);
/* Its three parts, for those who take steps in an order of their own: the lab built and told of… */
int execution_open(struct execution *execution, struct err *err);
/* …one step (expectations stay pending until the next acting step, or window_close())… */
int execution_take(struct execution *execution, const struct step_node *step, struct err *err);
/* …and packets and verdict told. `err`, where not NULL, is what kept the lab from doing its work. */
void execution_finish(struct execution *execution, const struct err *err);
/* Namespaces, links, observer, armed; no event. */
int execution_build(struct execution *execution, struct err *err);
/* Waits in the loop until `done`, a halt, or the deadline (also the scenario's own). 0 done, 1 too late or halted, negative error. */
int execution_wait(struct execution *execution, loop_done_fn done, void *data, int64_t deadline, struct err *err);
/* Worsens the verdict; the first reason stays. */
void execution_verdict(struct execution *execution, enum verdict verdict, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void execution_emit(struct execution *execution, struct event *event);
void execution_note(struct execution *execution, int severity, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Index of a node in the plan, or -1. */
int execution_node(const struct execution *execution, const char *name);
/* Scales a time limit by --timeout-multiplier. */
int64_t execution_limit(const struct execution *execution, int64_t span);
/* What `$(name)` means now: named packets' fields, `i`. For scenario_redecode(). */
int execution_lookup(void *data, const char *name, struct text *out, struct err *err);

/* --- steps.c --- */
/* Does the step's `when` hold? 1 yes, 0 no: it was told as left out. A condition that cannot be read fails the scenario: 0, too. */
int step_is_wanted(struct execution *execution, const struct step_node *step, struct err *err);
/*
 * Starts a step and, unless it is a background step, waits for its end. `opened` is its moment on the tape's clock, where its
 * window begins. `ret` may be NULL.
 */
int step_begin(struct execution *execution, const struct step_node *step, int64_t opened, struct step_run **ret, struct err *err);
int step_wait(struct step_run *run, struct err *err);
void step_done(struct step_run *run);
/* Ends it as failed, or as passed where `error:` expected just this call and errno. `failure` may be NULL. */
void step_fail(struct step_run *run, const struct driver_failure *failure, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A background step has come far enough for the next step; its time limit no longer counts. */
void step_ready(struct step_run *run);
/* Calls `finished(data)` once, when the step has finished; at once where it has. */
void step_watch(struct step_run *run, void (*finished)(void *data), void *data);
/* The started step called `name`, or NULL. */
struct step_run *step_named(const struct execution *execution, const char *name);
/* Ends every step that goes on: the scenario is over. */
int steps_end(struct execution *execution, struct err *err);
void steps_free(struct execution *execution);

/* --- window.c --- */
/* Judges an expectation as far as it can be now; it stays pending until window_close(). */
int window_expect(struct execution *execution, const struct step_node *step, struct err *err);
/* The next acting step starts, or the scenario ends, at this moment of the tape: every pending expectation gets its verdict. */
int window_close(struct execution *execution, int64_t closed, struct err *err);
void window_free(struct execution *execution);
/* Step-begin and step-end of an expectation. */
void window_tell_begin(struct execution *execution, const struct step_node *step, int64_t index, const char *described);
void window_tell_end(struct execution *execution, int64_t index, int64_t verdict, int64_t took);

/* --- absence.c --- */
/* The lab is ready: takes note of every wire end, where the scenario expects an absence (or `always`). */
int absence_begin(struct execution *execution, bool always, struct err *err);
/* A window is about to open: which links have changed since the last look? */
int absence_look(struct execution *execution, struct err *err);
/* A window with an absence in it closes: looks once more, and has markers cross every wire. */
int absence_prove(struct execution *execution, struct err *err);
/* NULL, or why nothing follows from not having seen a packet there since `opened`. */
const char *absence_trouble(struct execution *execution, const struct expect_node *expect, int64_t opened);
void absence_free(struct execution *execution);

/* --- state.c --- */
/* expect: {in: NODE, route: {…}} and the like: waited for, then judged at once. */
int state_expect(struct execution *execution, const struct step_node *step, struct err *err);
bool state_is(const struct expect_node *expect);

/* --- bytes.c --- */
/* A path of the scenario, relative to its file, as the runner opens it; malloc'd. */
char *bytes_path(const struct execution *execution, const char *path);
/* The bytes a payload stands for; NULL: none. */
int bytes_of(struct execution *execution, const struct payload_node *payload, struct text *ret, struct err *err);
/* Does `data` hold what the payload says? 1 yes, 0 no (with *ret_difference in words), negative error. */
int bytes_match(struct execution *execution, const struct payload_node *payload, const void *data, size_t length,
		struct text *ret_difference, struct err *err);
/* The family of the outermost IP (or ARP) layer, or 0. */
int bytes_family(const struct packet_node *packet);
/* Builds a frame (or IP packet) from layers; what is not written comes from the interface and endpoints. */
struct frame_ends {
	struct ip_addr from, to;     /* family 0: none */
	int32_t from_port, to_port;  /* -1: none */
};
int bytes_build(struct execution *execution, const struct packet_node *packet, int node, const char *interface,
		const struct frame_ends *ends, struct text *ret, struct err *err);

/* --- sockets.c --- */
struct socket_request {
	const char *in, *with;
	const struct node *options;
	const struct endpoint *from, *to;
	const struct node_list *setsockopt; /* or NULL */
	bool listen;
	bool each;      /* every message says where it goes: datagram sockets are not connected to `to` */
	bool ip_header; /* what is sent begins with its IP header */
	int family;     /* of the packet that is sent, for nodes' names; 0: as other addresses say, or any */
};
/*
 * Opens by driver in the node. 0 open; 1 the driver's call failed (*failure and err tell: the scenario may have expected
 * it); negative: the lab's own failure.
 */
int socket_open(struct execution *execution, const struct socket_request *request, struct driver_socket **ret,
		struct driver_failure *failure, struct err *err);
/* Ends the steps that still use it, then closes it and a connection it took. */
void socket_close_named(struct execution *execution, struct named_socket *named, bool reset);
struct named_socket *socket_named(struct execution *execution, const char *name);
/* The socket to read and write of a named one: an accepted connection if there is one. */
struct driver_socket *socket_active(const struct named_socket *named);
/* The interface that packet techniques use: the option `interface`, else the node's only wire end. NULL: none, or several. */
const char *socket_interface(const struct execution *execution, int node, const struct node *options);
void sockets_free(struct execution *execution);
/* Addresses of both endpoints, of one family: a written address's, else `family`, where that is not 0. */
int socket_endpoints(struct execution *execution, const struct endpoint *from, const struct endpoint *to, int family, struct ip_addr *ret_from,
		     int32_t *ret_from_port, struct ip_addr *ret_to, int32_t *ret_to_port, struct err *err);
