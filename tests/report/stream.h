/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run that never was: one stream of events with every verdict and every oddity in it. */
#pragma once

#include "lab/event/event.h"

/* Emits the whole run; parallel cases are interleaved. Returns the first error. */
int stream_emit(struct event_sink *sink, struct err *err);
/* The same up to the point where three cases run and two are over: for the status line. */
int stream_emit_half(struct event_sink *sink, struct err *err);
/* One case, which passes. */
int stream_emit_one(struct event_sink *sink, struct err *err);
/* Two cases that ran, a third that did not. */
int stream_emit_cut(struct event_sink *sink, bool interrupted, struct err *err);
