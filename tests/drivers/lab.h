/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two namespaces and a wire between them, in a child process, for tests of the drivers. */
#pragma once

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "lab/kernel/rtnl.h"

/*
 * Theory of operation
 *
 * A Criterion worker has two threads and cannot unshare a user namespace, and an assertion in a forked child hangs. So the
 * body of a test runs in a child that reports through a pipe and its exit status; the assertion is made in the worker.
 *
 *     near: end0 192.0.2.1/24 2001:db8::1/64 ---- end0 192.0.2.2/24 2001:db8::2/64 :far
 *
 * The child is in `near` when the body begins. As an ordinary user it is root of a user namespace of its own.
 */
struct lab {
	int near, far;               /* descriptors of the namespaces */
	struct rtnl *near_rtnl, *far_rtnl;
	struct mac_addr near_mac, far_mac;
	struct arena *arena;         /* freed at the end */
};
#define LAB_IFINDEX 7 /* of end0, in both */

typedef void (*lab_body_fn)(struct lab *lab);
/* Runs the body in a child; fails the test in the calling worker where it failed, skips it where no namespace can be had. */
void lab_run(lab_body_fn body);

/* Test(suite, name), its body in the lab: `lab` is at hand. */
#define LAB_TEST(suite, name, ...)                            \
	static void body_##suite##_##name(struct lab *lab);   \
	Test(suite, name, ##__VA_ARGS__)                      \
	{                                                     \
		lab_run(body_##suite##_##name);               \
	}                                                     \
	static void body_##suite##_##name(struct lab *lab __attribute__((unused)))

/* Fails the test from within the lab. */
void lab_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4), noreturn));
void lab_skip(const char *why) __attribute__((noreturn));
#define CHECK(condition)                                                     \
	do {                                                                 \
		if (!(condition))                                            \
			lab_fail(__FILE__, __LINE__, "%s", #condition);      \
	} while (0)
#define CHECK_EQ(a, b)                                                                                                    \
	do {                                                                                                              \
		long long a_value = (long long)(a), b_value = (long long)(b);                                             \
		if (a_value != b_value)                                                                                   \
			lab_fail(__FILE__, __LINE__, "%s is %lld, %s is %lld", #a, a_value, #b, b_value);                 \
	} while (0)
/* A call of ours that must return `wanted`; otherwise the test fails with err->text. */
#define CHECK_IS(wanted, call)                                                                                            \
	do {                                                                                                              \
		int call_value = (call);                                                                                  \
		if (call_value != (wanted))                                                                               \
			lab_fail(__FILE__, __LINE__, "%s is %d: %s", #call, call_value, call_value < 0 ? err.text : "");  \
	} while (0)
#define CHECK_OK(call) CHECK_IS(0, call)

void lab_enter(int netns);
/* Sets one end up or down, and waits until both ends know. */
void lab_set_link(struct lab *lab, struct rtnl *rtnl, bool up);
/* Deletes the wire, and the far namespace with it, and makes both anew: same names, same indexes. */
void lab_replace_wire(struct lab *lab);
/* poll(2) for one descriptor; fails the test after five seconds. Returns revents. */
short lab_poll(struct pollfd what);

/* A driver's options with all standards set, then `yaml`-less pairs "key", "value", …, NULL parsed through their field. */
const struct node *lab_options(struct lab *lab, const struct node_kind *kind, ...) __attribute__((sentinel));

/* driver->open(), which must succeed. */
struct driver_socket *lab_open(const char *driver, const struct driver_open *how);
/* driver->open(), which must fail in `call` with `errno_value`. */
void lab_open_fails(const char *driver, const struct driver_open *how, const char *call, int errno_value);
/* Sends one message and flushes, waiting as long as it takes. */
void lab_send(struct driver_socket *socket, const struct driver_message *message);
/* Waits for one message (or the end of the stream): driver->receive()'s outcome. */
int lab_receive(struct driver_socket *socket, struct driver_message *ret);
struct driver_socket *lab_accept(struct driver_socket *socket);
struct ip_addr lab_addr(const char *text);
/* A 60-byte frame from near to far, EtherType 0x88b5, with a number in it. */
#define LAB_FRAME_LENGTH 60u
void lab_frame(const struct lab *lab, uint8_t frame[LAB_FRAME_LENGTH], uint32_t number);
uint32_t lab_frame_number(const uint8_t *frame);
