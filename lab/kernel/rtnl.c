/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rtnetlink socket: batches of requests, their answers, the first refusal. */
#include "lab/kernel/rtnl.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lab/base/clock.h"
#include "lab/kernel/rtnl_request.h"

/*
 * Theory of operation
 *
 * The kernel works a netlink datagram off inside sendmsg(2), message by
 * message, and has queued every answer when that returns. It answers a refused
 * request always, and a granted one only where NLM_F_ACK asks for it. So only
 * the last request of a datagram carries NLM_F_ACK: its answer is the fence
 * behind which nothing more comes, and each refusal has been read before it.
 *
 * Answers that find no room are dropped, and the socket says ENOBUFS, once, before
 * what it still holds. So questions are sent few at a time; and where refusals
 * overflow, the first of them is still there, and is what failed.
 *
 * Sequence numbers count on from 1; `first` is that of the batch's first
 * request, so the request an answer belongs to is found by subtraction.
 *
 * A link that was brought up before its peer keeps the noop queueing discipline
 * until the kernel's linkwatch has run, and loses what is sent meanwhile. Since
 * Linux 6.8 a plain RTM_GETLINK runs it at once. On older kernels the answer
 * says carrier 1 and operstate "down": then commit waits for the link's
 * notification on a second socket.
 */
#define BATCH_BYTES_MAX (48u << 10) /* below the smallest usual SO_SNDBUF, so that a datagram is always accepted */
#define QUESTIONS_MAX 32 /* in one datagram: each answer takes up to 4 KiB of a buffer that holds 208 KiB by default, and none may be lost */
#define LINKWATCH_DEADLINE (3 * NS_PER_S)
#define MESSAGE_SIZE 4096

struct request {
	size_t text;     /* offset of its description */
	const void *tag;
};

struct rtnl {
	int fd;
	uint32_t next;   /* sequence number of the next request */
	uint32_t first;  /* of the batch */
	size_t questions; /* in the batch: each is answered, granted or not */
	struct text batch;        /* whole netlink messages, each aligned */
	struct text descriptions; /* NUL-terminated, one after another */
	ARRAY(struct request) requests;
	ARRAY(int) unsettled;     /* links whose linkwatch has yet to run */
	const void *tag;
	const void *failed;
};

static int open_socket(int *ret_fd, uint32_t groups, struct err *err)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int yes = 1;
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open a netlink socket");
	/* Refusals then come with the kernel's words and without our request; a kernel that cannot just sends less. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	if (groups && bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		return err_errno(err, -errno, "cannot subscribe to link notifications");
	*ret_fd = fd_steal(&fd);
	return 0;
}

int rtnl_open(struct rtnl **ret, struct err *err)
{
	int fd, r = open_socket(&fd, 0, err);

	if (r < 0)
		return r;
	*ret = mem_new(struct rtnl);
	(*ret)->fd = fd;
	(*ret)->next = (*ret)->first = 1;
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	close(rtnl->fd);
	text_free(&rtnl->batch);
	text_free(&rtnl->descriptions);
	array_free(&rtnl->requests);
	array_free(&rtnl->unsettled);
	free(rtnl);
}

int rtnl_fd(const struct rtnl *rtnl)
{
	return rtnl->fd;
}

void rtnl_tag(struct rtnl *rtnl, const void *tag)
{
	rtnl->tag = tag;
}

const void *rtnl_failed(const struct rtnl *rtnl)
{
	return rtnl->failed;
}

/* --- building --- */

struct nl_msg *rtnl_request(int type, int flags, const void *header, size_t length)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_SIZE);

	if (!msg || !nlmsg_put(msg, 0, 0, type, 0, NLM_F_REQUEST | flags) || nlmsg_append(msg, (void *)(uintptr_t)header, length, NLMSG_ALIGNTO) < 0)
		abort(); /* memory: see lab/base/mem.h */
	return msg;
}

void rtnl_put(struct nl_msg *msg, int type, const void *data, size_t length)
{
	/* Refused only where the message is full: mark it, for rtnl_queue() to refuse. */
	if (nla_put(msg, type, (int)length, data) < 0)
		nlmsg_hdr(msg)->nlmsg_type = NLMSG_OVERRUN;
}

void rtnl_put_u8(struct nl_msg *msg, int type, uint8_t value)
{
	rtnl_put(msg, type, &value, sizeof(value));
}

void rtnl_put_u16(struct nl_msg *msg, int type, uint16_t value)
{
	rtnl_put(msg, type, &value, sizeof(value));
}

void rtnl_put_u32(struct nl_msg *msg, int type, uint32_t value)
{
	rtnl_put(msg, type, &value, sizeof(value));
}

void rtnl_put_string(struct nl_msg *msg, int type, const char *value)
{
	rtnl_put(msg, type, value, strlen(value) + 1);
}

struct nlattr *rtnl_nest(struct nl_msg *msg, int type)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	if (!nest)
		nlmsg_hdr(msg)->nlmsg_type = NLMSG_OVERRUN;
	return nest;
}

void rtnl_nest_end(struct nl_msg *msg, struct nlattr *nest)
{
	/* Not nla_nest_end(): before libnl 3.2.26 it dropped empty nests, which some kinds need. */
	if (nest)
		nest->nla_len = (uint16_t)((char *)nlmsg_tail(nlmsg_hdr(msg)) - (char *)nest);
}

static int commit_batch(struct rtnl *rtnl, struct err *err);

int rtnl_queue(struct rtnl *rtnl, struct nl_msg *msg, struct err *err, const char *fmt, ...)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	size_t length = NLMSG_ALIGN(header->nlmsg_len);
	int r = 0;

	if (header->nlmsg_type == NLMSG_OVERRUN) {
		nlmsg_free(msg);
		return err_set(err, -EMSGSIZE, "a netlink request has grown too long");
	}
	if (rtnl->batch.length + length > BATCH_BYTES_MAX || rtnl->questions == QUESTIONS_MAX)
		r = commit_batch(rtnl, err);
	if (r >= 0) {
		va_list args;

		rtnl->questions += header->nlmsg_type == RTM_GETLINK;
		header->nlmsg_seq = rtnl->next++;
		text_add_bytes(&rtnl->batch, header, header->nlmsg_len);
		text_add_bytes(&rtnl->batch, "\0\0\0", length - header->nlmsg_len);
		array_push(&rtnl->requests, (struct request){.text = rtnl->descriptions.length, .tag = rtnl->tag});
		va_start(args, fmt);
		text_addv(&rtnl->descriptions, fmt, args);
		va_end(args);
		text_add_char(&rtnl->descriptions, '\0');
	}
	nlmsg_free(msg);
	return r < 0 ? r : 0;
}

/* --- answers --- */

/* The kernel's own words from an extended acknowledgement, or NULL. They end inside the message. */
static const char *refusal_words(const struct nlmsghdr *header)
{
	const struct nlmsgerr *refusal = nlmsg_data(header);
	size_t skip = sizeof(*refusal);
	struct nlattr *attribute;

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(refusal->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (skip > (size_t)nlmsg_datalen(header))
		return NULL;
	attribute = nla_find((const void *)((const char *)refusal + skip), nlmsg_datalen(header) - (int)skip, NLMSGERR_ATTR_MSG);
	if (!attribute || !nla_len(attribute) || memchr(nla_data(attribute), '\0', (size_t)nla_len(attribute)) == NULL)
		return NULL;
	return nla_get_string(attribute);
}

static int record_refusal(struct rtnl *rtnl, const struct nlmsghdr *header, int code, struct err *err)
{
	uint32_t at = header->nlmsg_seq - rtnl->first;
	const char *words = refusal_words(header);
	const char *what = "a netlink request was refused";

	if (at < rtnl->requests.count) {
		what = rtnl->descriptions.data + rtnl->requests.items[at].text;
		rtnl->failed = rtnl->requests.items[at].tag;
	}
	if (words)
		return err_set(err, code, "%s: %s (%s)", what, strerror(-code), words);
	return err_errno(err, code, "%s", what);
}

/* Remembers a link that has carrier but not yet its queueing discipline. */
static void note_link(struct rtnl *rtnl, const struct nlmsghdr *header)
{
	struct ifinfomsg *info = nlmsg_data(header);
	struct nlattr *carrier, *operstate;

	if (nlmsg_datalen(header) < (int)sizeof(*info))
		return;
	carrier = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)header, sizeof(*info), IFLA_CARRIER);
	operstate = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)header, sizeof(*info), IFLA_OPERSTATE);
	if (!carrier || !operstate || nla_len(carrier) < 1 || nla_len(operstate) < 1)
		return;

	bool settled = !(info->ifi_flags & IFF_UP) || !nla_get_u8(carrier) || nla_get_u8(operstate) == IF_OPER_UP ||
		       nla_get_u8(operstate) == IF_OPER_UNKNOWN || nla_get_u8(operstate) == IF_OPER_DORMANT;

	for (size_t i = 0; i < rtnl->unsettled.count; i++) {
		if (rtnl->unsettled.items[i] != info->ifi_index)
			continue;
		if (settled)
			rtnl->unsettled.items[i] = rtnl->unsettled.items[--rtnl->unsettled.count];
		return;
	}
	if (!settled)
		array_push(&rtnl->unsettled, info->ifi_index);
}

/* Receives one datagram; its length, or a negative errno. */
static int receive(int fd, void *buffer, size_t size, int flags, struct err *err)
{
	ssize_t n;

	do
		n = recv(fd, buffer, size, MSG_TRUNC | flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, -errno, "cannot read the answers of rtnetlink");
	if ((size_t)n > size)
		return err_set(err, -EMSGSIZE, "an answer of rtnetlink is %zd bytes long, more than expected", n);
	return (int)n;
}

/* Reads until the answer to `last`. */
static int read_answers(struct rtnl *rtnl, uint32_t last, struct err *err)
{
	_Alignas(struct nlmsghdr) char buffer[16 << 10];
	int refused = 0, flags = 0;

	for (;;) {
		int left = receive(rtnl->fd, buffer, sizeof(buffer), flags, refused ? NULL : err);

		if (left == -ENOBUFS && !flags) {
			flags = MSG_DONTWAIT; /* the answer to `last` may be lost; all that is not is there already */
			continue;
		}
		if (left == -EAGAIN && !refused)
			return err_set(err, -ENOBUFS, "answers of rtnetlink were lost");
		if (left < 0)
			return refused ? refused : left;
		for (struct nlmsghdr *at = (void *)buffer; nlmsg_ok(at, left); at = nlmsg_next(at, &left)) {
			if (at->nlmsg_type == RTM_NEWLINK) {
				note_link(rtnl, at);
				continue;
			}
			if (at->nlmsg_type != NLMSG_ERROR || nlmsg_datalen(at) < (int)sizeof(struct nlmsgerr))
				continue;
			int code = ((struct nlmsgerr *)nlmsg_data(at))->error;
			if (code < 0 && !refused)
				refused = record_refusal(rtnl, at, code, err);
			if (at->nlmsg_seq == last)
				return refused;
		}
	}
}

static void mark_last(struct text *batch)
{
	int left = (int)batch->length;
	struct nlmsghdr *last = NULL;

	for (struct nlmsghdr *at = (void *)batch->data; nlmsg_ok(at, left); at = nlmsg_next(at, &left))
		last = at;
	if (last)
		last->nlmsg_flags |= NLM_F_ACK;
}

static int query_link(struct rtnl *rtnl, int index, struct err *err)
{
	struct ifinfomsg info = {.ifi_index = index};
	struct nl_msg *msg = rtnl_request(RTM_GETLINK, 0, &info, sizeof(info));

	rtnl_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return rtnl_queue(rtnl, msg, err, "cannot ask for the state of link %d", index);
}

static int commit_batch(struct rtnl *rtnl, struct err *err)
{
	ssize_t sent;
	int r;

	mark_last(&rtnl->batch);
	do
		sent = send(rtnl->fd, rtnl->batch.data, rtnl->batch.length, 0);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		r = err_errno(err, -errno, "cannot send a request to rtnetlink");
	else
		r = read_answers(rtnl, rtnl->next - 1, err);
	rtnl->first = rtnl->next;
	rtnl->batch.length = 0;
	rtnl->descriptions.length = 0;
	rtnl->requests.count = 0;
	rtnl->questions = 0;
	return r;
}

/* Older kernels: asks again after every notification, until linkwatch has been at all of them. */
static int wait_for_linkwatch(struct rtnl *rtnl, int64_t deadline, struct err *err)
{
	_cleanup_close_ int listener = -1;
	int r = open_socket(&listener, RTMGRP_LINK, err);

	while (r >= 0 && rtnl->unsettled.count) {
		struct pollfd ready = {.fd = listener, .events = POLLIN};
		char drain[16 << 10];

		for (size_t i = 0; i < rtnl->unsettled.count && r >= 0; i++)
			r = query_link(rtnl, rtnl->unsettled.items[i], err);
		if (r >= 0)
			r = commit_batch(rtnl, err);
		if (r < 0 || !rtnl->unsettled.count)
			break;
		int64_t left = deadline - clock_now();
		if (left <= 0)
			return err_set(err, -ETIMEDOUT, "link %d does not become ready to send", rtnl->unsettled.items[0]);
		poll(&ready, 1, (int)(left / NS_PER_MS) + 1);
		while (recv(listener, drain, sizeof(drain), MSG_DONTWAIT) > 0)
			;
	}
	return r;
}

int rtnl_commit(struct rtnl *rtnl, struct err *err)
{
	int r;

	if (!rtnl->requests.count)
		return 0;
	rtnl->failed = NULL;
	r = commit_batch(rtnl, err);
	if (r >= 0 && rtnl->unsettled.count)
		r = wait_for_linkwatch(rtnl, clock_now() + LINKWATCH_DEADLINE, err);
	rtnl->unsettled.count = 0;
	return r;
}

int rtnl_sync_link(struct rtnl *rtnl, int index, struct err *err)
{
	return query_link(rtnl, index, err);
}

/* --- questions --- */

static int read_dump(struct rtnl *rtnl, uint32_t sequence, bool multi, rtnl_dump_fn fn, void *data, struct err *err)
{
	_Alignas(struct nlmsghdr) char buffer[32 << 10]; /* the kernel fills at most 32 KiB where the reader offers it */
	int r = 0;

	for (;;) {
		int left = receive(rtnl->fd, buffer, sizeof(buffer), 0, err);

		if (left < 0)
			return left;
		for (struct nlmsghdr *at = (void *)buffer; nlmsg_ok(at, left); at = nlmsg_next(at, &left)) {
			if (at->nlmsg_seq != sequence)
				continue;
			if (at->nlmsg_type == NLMSG_DONE)
				return r;
			if (at->nlmsg_type == NLMSG_ERROR) {
				if (nlmsg_datalen(at) < (int)sizeof(struct nlmsgerr))
					return err_set(err, -EBADMSG, "an answer of rtnetlink is too short");
				int code = ((struct nlmsgerr *)nlmsg_data(at))->error;
				return code < 0 ? err_errno(err, code, "cannot read from rtnetlink") : r;
			}
			if (r >= 0)
				r = fn(data, at, err);
			if (!multi)
				return r;
		}
	}
}

static int ask(struct rtnl *rtnl, struct nl_msg *msg, bool multi, rtnl_dump_fn fn, void *data, struct err *err)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	int r = rtnl_commit(rtnl, err);
	uint32_t sequence = rtnl->next++;
	ssize_t sent = 0;

	header->nlmsg_seq = sequence;
	rtnl->first = rtnl->next;
	if (r >= 0)
		sent = send(rtnl->fd, header, header->nlmsg_len, 0);
	if (sent < 0)
		r = err_errno(err, -errno, "cannot send a request to rtnetlink");
	nlmsg_free(msg);
	return r < 0 ? r : read_dump(rtnl, sequence, multi, fn, data, err);
}

int rtnl_dump(struct rtnl *rtnl, struct nl_msg *msg, rtnl_dump_fn fn, void *data, struct err *err)
{
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	return ask(rtnl, msg, true, fn, data, err);
}

int rtnl_ask(struct rtnl *rtnl, struct nl_msg *msg, rtnl_dump_fn fn, void *data, struct err *err)
{
	return ask(rtnl, msg, false, fn, data, err);
}
