/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A person in the lab: a shell in a node, on the person's own terminal. */
#pragma once

#include "lab/run/settings.h"
#include "lab/scenario/scenario.h"

/*
 * Builds the case's lab, opens a shell in `node` that is already logged in, and
 * waits until it ends; the lab ends with it. Where standard input is a terminal,
 * the shell gets a terminal of its own (pty(7)), and what is typed and printed
 * passes through; else the shell reads and writes our standard streams.
 * `command`, NULL-terminated, is run in place of a shell where not NULL.
 * *ret_status is its exit status (128 + signal where one ended it).
 */
int terminal_shell(const struct scenario_case *scenario, const struct run_settings *settings, const char *node,
		   const char *const *command, int *ret_status, struct err *err);
