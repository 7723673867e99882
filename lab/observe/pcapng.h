/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng files (draft-ietf-opsawg-pcapng): an interface block per node:interface, nanosecond stamps, comments. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"
#include "lab/base/text.h"

struct pcapng;
/*
 * Opens an unnamed file in `directory` (O_TMPFILE where the file system has it; else a hidden one beside); pcapng_commit()
 * links it to its name once complete, so that a killed run leaves no half a file. `application` names the program that
 * writes, `comment` (or NULL) is on the whole file. The descriptor stays the caller's; `name` has no '/'.
 */
int pcapng_create(int directory_fd, const char *name, const char *application, const char *comment, struct pcapng **ret, struct err *err);
/* Interfaces are numbered from 0 in the order they are added, all of them before the packets. `description` may be NULL. Ethernet. */
int pcapng_add_interface(struct pcapng *file, const char *name, const char *description, struct err *err);
/* `out`: direction flag in epb_flags. `comment` may be NULL; each of its lines becomes a comment. Stamp in ns since the epoch. */
int pcapng_add_packet(struct pcapng *file, uint32_t interface, bool out, int64_t stamp, const uint8_t *data, size_t captured,
		      size_t length, const char *comment, struct err *err);
/* Writes what is left and gives the file its name, in place of a file that had it. Nothing can be added afterwards. */
int pcapng_commit(struct pcapng *file, struct err *err);
void pcapng_close(struct pcapng *file); /* without commit nothing remains; NULL is allowed */
