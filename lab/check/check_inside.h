/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lab/check: what the judges of one case share. */
#pragma once

#include "drivers/driver.h"
#include "lab/base/diag.h"
#include "lab/scenario/scenario.h"

/*
 * Theory of operation
 *
 * A case is walked once, in the order in which its steps run. It may have errors
 * already: then `partial` of it is walked, where anything may be missing, and
 * only what is there is judged. A step that its `when` leaves out of this case
 * is not looked at, and where a step has `error` the kernel may be meant to
 * refuse it: what a driver would only be told by the kernel is left alone.
 */
struct check {
	const struct scenario_case *scenario;
	const struct scenario_tree *tree;
	struct diag_list *diags;
	bool whole;                   /* the case has no error so far: what is not there was not written */
	const struct step_node *step; /* the one being visited */
	bool expects_error;           /* it, or a step around it, has `error` */
	ARRAY(const struct open_node *) opened; /* named sockets, in the order in which they are opened */
};

/* --- places.c: where in the source a part of a scalar stands --- */

/*
 * The word that begins `at` bytes into `text`, which is a scalar as it was read from `whole`; `whole` itself where the source does
 * not show it: taken apart by quotes or folding, or put in for a $(name).
 */
struct span place_of_word(struct span whole, const char *text, size_t at);
/* The same, for a line and column counted from 1 (0: not known), as nft tells them. */
struct span place_of_line(struct span whole, const char *text, unsigned line, unsigned column);

/* --- matches.c: filters, fields, patterns --- */

/* The filter in `expression`, which is the field `key` of `node`; NULL is none. */
void check_filter(struct check *check, const struct node *node, const char *key, const char *expression);
/* struct match_node: Wireshark's names and values that fit them. */
void check_matches(struct check *check, const struct node_list *matches);
/* The words that an entry of a table may have, NULL-terminated; NULL where there is no such table. */
const char *const *check_state_table(const char *table);
/* struct match_node: the words that an entry of the kernel's table `table` has ("conntrack", "route"…). */
void check_state_words(struct check *check, const char *table, const struct node_list *matches);
/* An extended regular expression, regex(7). */
void check_pattern(struct check *check, const struct node *node, const char *key, const char *pattern);

/* --- ends.c: nodes and their interfaces --- */

/* The step's named socket, or NULL. */
const struct open_node *find_opened(const struct check *check, const char *socket);
/* How many ends of wires the node has; the first one's interface in *ret_first (NULL: not asked). */
size_t count_wire_ends(const struct scenario_tree *tree, const char *node, const char **ret_first);
/* Where a packet driver sends or receives: as its options say, or the only wire; NULL: not known. */
const char *interface_of(const struct check *check, const char *node, const struct node *options);
bool has_interface(const struct scenario_tree *tree, const char *node, const char *interface);

/* --- verbs.c, packets.c, files.c, observing.c --- */

void check_send(struct check *check, const struct send_node *send);
void check_receive(struct check *check, const struct receive_node *receive);
void check_open(struct check *check, const struct open_node *open);
void check_pierce(struct check *check, const struct pierce_node *pierce);
void check_run(struct check *check, const struct run_node *run);
/* Whether the layers can be built into a packet, with what the step and the lab know. */
void check_packet(struct check *check, const struct send_node *send, const struct driver *driver);
/* A payload's file can be read. */
void check_payload(struct check *check, const struct payload_node *payload);
/* A capture file can be read and holds frames. */
void check_capture(struct check *check, const struct node *node, const char *path);
/* Expectations at places where nothing can be seen. */
void check_observing(struct check *check);
