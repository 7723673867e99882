/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One declaration a command; included by commands.c and by the files that define them. */
#pragma once

#include "lab/cli/command.h"

extern const struct command command_check;      /* check.c */
extern const struct command command_completion; /* completion.c */
extern const struct command command_doctor;     /* doctor.c */
extern const struct command command_drivers;    /* drivers.c */
extern const struct command command_explain;    /* explain.c */
extern const struct command command_fmt;        /* fmt.c */
extern const struct command command_graph;      /* graph.c */
extern const struct command command_help;       /* help.c */
extern const struct command command_new;        /* new.c */
extern const struct command command_plan;       /* plan.c */
extern const struct command command_run;        /* run.c */
extern const struct command command_schema;     /* schema.c */
extern const struct command command_shell;      /* shell.c */
extern const struct command command_tree;       /* tree.c */
