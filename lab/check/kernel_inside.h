/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lab/check: what the kernel is asked, and what it answered. */
#pragma once

#include "lab/scenario/scenario.h"

/* A node's own ruleset and settings, or those of a `set` step. */
struct trial {
	const struct node *owner;         /* with the fields `nftables` and `sysctl` */
	const char *ruleset;              /* or NULL */
	const struct node_list *settings; /* struct setting_node */
};

/* A node with all that is set in it, in the order of the run. */
struct subject {
	const struct scenario_case *scenario; /* the first case that has it */
	size_t others;                        /* further cases that have the same */
	uint64_t hash;                        /* of all that an answer depends on */
	const struct scenario_tree *tree;
	const struct lab_node *node;
	ARRAY(struct trial) trials;
};

struct subjects {
	ARRAY(struct subject) list;
};

enum answer_kind {
	ANSWER_BEGIN,   /* of a trial */
	ANSWER_RULESET, /* refused, at line and column */
	ANSWER_SETTING, /* refused: number `setting` of the trial's */
	ANSWER_UNABLE,  /* nothing can be tried, for the reason in `text` */
	ANSWER_DONE,    /* all was tried */
};

/* One record in the pipe from the child; shorter than PIPE_BUF, so that it comes in one piece. */
struct answer {
	uint32_t kind;
	uint32_t subject, trial, setting;
	uint32_t line, column;
	int32_t code;
	char text[512];
	char help[256];
};

/* The child: tries all of it, writes answers to `fd`. */
void kernel_child_run(const struct subjects *subjects, int fd);
