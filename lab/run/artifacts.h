/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a case leaves behind on request: its capture file and its programs' logs, made from its events. */
#pragma once

#include "lab/event/event.h"

/*
 * Writes DIRECTORY/<case>/capture.pcapng and step-<n>.stdout.log, .stderr.log
 * from the events of one whole case. Files appear under their names only when
 * complete. `ret_path` gets the case's directory. `directory` is made where it
 * is missing.
 */
int artifacts_write(const char *directory, const struct event *events, size_t count, struct text *ret_path, struct err *err);
/* A case's id as a file name: '/' and what shells trip over become '_'. */
void artifacts_name(const char *id, struct text *out);
