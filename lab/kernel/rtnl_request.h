/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside rtnetlink: how the files of this folder put a request together. Not for other floors. */
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "lab/kernel/rtnl.h"

/*
 * A request is built with libnl's attribute calls and handed to rtnl_queue(),
 * which takes the message over, failed or not:
 *
 *     struct nl_msg *msg = rtnl_request(RTM_NEWADDR, NLM_F_CREATE, &ifa, sizeof(ifa));
 *     rtnl_put(msg, IFA_LOCAL, bytes, 4);
 *     return rtnl_queue(rtnl, msg, err, "cannot add address %s", text);
 *
 * The rtnl_put functions cannot fail: a message has room for any request of
 * this folder, and rtnl_queue() refuses one that is full.
 */
struct nl_msg *rtnl_request(int type, int flags, const void *header, size_t length) __attribute__((returns_nonnull));
void rtnl_put(struct nl_msg *msg, int type, const void *data, size_t length);
void rtnl_put_u8(struct nl_msg *msg, int type, uint8_t value);
void rtnl_put_u16(struct nl_msg *msg, int type, uint16_t value);
void rtnl_put_u32(struct nl_msg *msg, int type, uint32_t value);
void rtnl_put_string(struct nl_msg *msg, int type, const char *value);
struct nlattr *rtnl_nest(struct nl_msg *msg, int type);
void rtnl_nest_end(struct nl_msg *msg, struct nlattr *nest);

/* Puts the request into the batch. The text says what is refused if the kernel refuses it. */
int rtnl_queue(struct rtnl *rtnl, struct nl_msg *msg, struct err *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Sends a dump request at once and calls `fn` for every message of the answer; a negative result of `fn` ends it. */
typedef int (*rtnl_dump_fn)(void *data, const struct nlmsghdr *message, struct err *err);
int rtnl_dump(struct rtnl *rtnl, struct nl_msg *msg, rtnl_dump_fn fn, void *data, struct err *err);
/* As rtnl_dump(), for one that answers with a single message. */
int rtnl_ask(struct rtnl *rtnl, struct nl_msg *msg, rtnl_dump_fn fn, void *data, struct err *err);
