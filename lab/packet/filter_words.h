/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a pcap-filter(7) expression, looked at before libpcap sees them. Internal to lab/packet. */
#pragma once

#include <stddef.h>

#include "lab/base/err.h"
#include "lab/base/text.h"

/*
 * Refuses every word that libpcap would ask the host's resolver, /etc/services, /etc/protocols, /etc/ethers or
 * /etc/networks about, and those that match nothing here (inbound, outbound, gateway). Writes the expression to
 * `out`, protocol names behind `proto` replaced by their numbers. -EINVAL; *ret_at is the offset of the word at fault.
 */
int filter_words_check(const char *expression, struct text *out, size_t *ret_at, struct err *err);
/* The offset behind the token at `at`, blanks skipped before it; *ret_start is where it begins. At the end both are the length. */
size_t filter_token(const char *expression, size_t at, size_t *ret_start);
