/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcap-filter(7) expressions, and capture files read. The only user of libpcap, which is loaded when first needed. */
#pragma once

#include <linux/filter.h>

#include "lab/base/err.h"
#include "lab/base/text.h"

struct filter;
/*
 * Compiles for Ethernet. Host names, `inbound`, `outbound` and `gateway` are refused: they would ask the host's
 * resolver, or match nothing. NULL and "" match all. *ret_at, where not NULL, is the offset of the word at fault.
 * -EINVAL (message from libpcap, in our words where it is ours), -ENOPKG where libpcap cannot be loaded.
 */
int filter_compile(const char *expression, struct filter **ret, size_t *ret_at, struct err *err);
bool filter_matches(const struct filter *filter, const uint8_t *frame, size_t captured, size_t on_wire);
/* Classic BPF as SO_ATTACH_FILTER wants it (socket(7)); valid as long as the filter. */
struct sock_fprog filter_program(const struct filter *filter);
void filter_free(struct filter *filter); /* NULL is allowed */

/* A pcap or pcapng file's frames, Ethernet only. */
struct capture_frame {
	int64_t stamp;
	const uint8_t *data; /* valid until the next call */
	size_t length;       /* captured */
	size_t wire_length;
};
struct capture_file;
int capture_open(const char *path, struct capture_file **ret, struct err *err);
/* 1 a frame, 0 the end, negative an error. */
int capture_next(struct capture_file *file, struct capture_frame *ret, struct err *err);
void capture_close(struct capture_file *file);
