/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets from one line of text, for tests. */
#pragma once

#include "lab/packet/layer.h"

/*
 * "eth src=… dst=… / ip src=… dst=… / udp srcport=1 dstport=2 / payload knock": layers, each with values; a value with
 * blanks stands in single quotes. The payload is everything behind the word, or hex behind "0x". Returns packet_build()'s result.
 */
int build_line(const char *line, const struct build_defaults *defaults, struct text *ret_bytes, struct err *err);
/* As above, with the addresses of two hosts as defaults; aborts where it fails. */
void build_frame(const char *line, struct text *ret_bytes);
extern const struct build_defaults two_hosts, two_hosts6;
/* Builds and dissects; the bytes live in `frame`. */
void dissect_line(const char *line, struct text *frame, struct dissection *ret);
void from_hex(const char *hex, struct text *out);
/* A file in a directory of its own with the frames in pcap form (stamps: 1 s and the frame's number in ns, counted from 0). Caller removes. */
char *write_pcap(const struct text *frames, size_t count);
void remove_pcap(char *path);
