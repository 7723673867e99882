/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables rulesets through libnftables, and conntrack through libnl-nf. libnftables is loaded when first needed. */
#pragma once

#include <stdbool.h>

#include "lab/base/err.h"
#include "lab/base/mem.h"
#include "lab/kernel/rtnl.h"

/*
 * Applies a ruleset in the calling thread's namespace, all or nothing. On failure *ret_line and *ret_column
 * (counted from 1 within `ruleset`; 0 unknown) say where, and err->text holds nft's words without its file name.
 * `include` and host names are refused; where libnftables is older than 1.0.8 the
 * latter is done by switching the C library's host lookup off, for the whole process. `dry_run` only judges. -ENOPKG where libnftables cannot be loaded.
 */
int nftables_apply(const char *ruleset, bool dry_run, unsigned *ret_line, unsigned *ret_column, struct err *err);

/* Loads libnftables now: processes that are forked from here on have it and need not, a millisecond each. -ENOPKG. */
int nftables_load(struct err *err);

/* One complaint of nft, its words without the file's name; line and column as above, 0 unknown. */
typedef void (*nftables_complaint_fn)(void *data, unsigned line, unsigned column, const char *words);
/* As nftables_apply(), and hands on every complaint that nft has; `err` holds the first. */
int nftables_apply_all(const char *ruleset, nftables_complaint_fn complaint, void *data, struct err *err);

/*
 * The conntrack table of the calling thread's namespace, in conntrack(8)'s words; records live in `arena`. Words: protocol,
 * state (TCP), orig.src, orig.dst, orig.sport, orig.dport, reply.src … reply.dport, type and id (ICMP), timeout (seconds left),
 * mark, zone, and with yes or no: seen-reply, assured, src-nat, dst-nat.
 */
int conntrack_read(struct arena *arena, struct rtnl_record **ret, size_t *ret_count, struct err *err);
int conntrack_flush(struct err *err);
