/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two namespaces and a wire between them, in a child process, for tests of the drivers. */
#include "tests/drivers/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lab/base/clock.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/sysctl.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#define EXIT_FAILED 1
#define EXIT_SKIPPED 77
#define WAIT_MS 5000

/* What the body says goes here; a body is one process, so this is no more shared than its stdout. */
#define REPORT_FD 3

static void report(const char *fmt, va_list args)
{
	vdprintf(REPORT_FD, fmt, args);
}

void lab_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	dprintf(REPORT_FD, "%s:%d: ", file, line);
	va_start(args, fmt);
	report(fmt, args);
	va_end(args);
	_exit(EXIT_FAILED);
}

void lab_skip(const char *why)
{
	dprintf(REPORT_FD, "%s", why);
	_exit(EXIT_SKIPPED);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		dprintf(REPORT_FD, "no user namespace here: cannot write %s: %s", path, strerror(errno));
		_exit(EXIT_SKIPPED);
	}
	close(fd);
}

/* Root of a user namespace, where not root already. */
static void become_root(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (uid == 0)
		return;
	if (unshare(CLONE_NEWUSER) < 0) {
		dprintf(REPORT_FD, "no user namespace here: unshare: %s", strerror(errno));
		_exit(EXIT_SKIPPED);
	}
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
}

static void set_up_end(struct rtnl *rtnl, const char *ip4, const char *ip6)
{
	struct ip_prefix prefix;
	struct err err;

	CHECK_OK(ip_prefix_parse(ip4, &prefix, &err));
	CHECK_OK(rtnl_add_address(rtnl, LAB_IFINDEX, &prefix, &err));
	CHECK_OK(ip_prefix_parse(ip6, &prefix, &err));
	CHECK_OK(rtnl_add_address(rtnl, LAB_IFINDEX, &prefix, &err));
	CHECK_OK(rtnl_set_link(rtnl, 1, true, &err));
	CHECK_OK(rtnl_set_link(rtnl, LAB_IFINDEX, true, &err));
	CHECK_OK(rtnl_commit(rtnl, &err));
}

static int make_namespace(struct rtnl **ret_rtnl)
{
	struct err err;
	int netns;

	CHECK_OK(netns_create(&netns, &err));
	CHECK_OK(sysctl_set_table(sysctl_baseline, &err));
	CHECK_OK(rtnl_open(ret_rtnl, &err));
	return netns;
}

/* Has the kernel look at the carrier of both ends now: until then frames fall into the noop qdisc. */
static void sync_ends(struct lab *lab)
{
	struct err err;

	CHECK_OK(rtnl_sync_link(lab->near_rtnl, LAB_IFINDEX, &err));
	CHECK_OK(rtnl_commit(lab->near_rtnl, &err));
	CHECK_OK(rtnl_sync_link(lab->far_rtnl, LAB_IFINDEX, &err));
	CHECK_OK(rtnl_commit(lab->far_rtnl, &err));
}

static void set_up_wire(struct lab *lab)
{
	struct err err;

	lab->near_mac = mac_addr_derive("near", "end0");
	lab->far_mac = mac_addr_derive("far", "end0");
	CHECK_OK(rtnl_add_veth(lab->near_rtnl,
			       &(struct rtnl_veth_end){.netns = lab->near, .name = "end0", .index = LAB_IFINDEX, .mac = lab->near_mac},
			       &(struct rtnl_veth_end){.netns = lab->far, .name = "end0", .index = LAB_IFINDEX, .mac = lab->far_mac}, &err));
	CHECK_OK(rtnl_commit(lab->near_rtnl, &err));
	set_up_end(lab->far_rtnl, "192.0.2.2/24", "2001:db8::2/64");
	set_up_end(lab->near_rtnl, "192.0.2.1/24", "2001:db8::1/64");
	sync_ends(lab);
}

static void set_up(struct lab *lab)
{
	lab->arena = arena_new();
	lab->far = make_namespace(&lab->far_rtnl);
	lab->near = make_namespace(&lab->near_rtnl);
	set_up_wire(lab);
}

void lab_replace_wire(struct lab *lab)
{
	int64_t deadline = clock_now() + WAIT_MS * NS_PER_MS;

	/* Nothing holds the far namespace any more: the kernel deletes its end, and the near one goes with it. */
	rtnl_close(lab->far_rtnl);
	close(lab->far);
	lab_enter(lab->near);
	while (if_nametoindex("end0")) {
		if (clock_now() > deadline)
			lab_fail(__FILE__, __LINE__, "the far namespace does not go away");
		poll(NULL, 0, 1);
	}
	lab->far = make_namespace(&lab->far_rtnl);
	lab_enter(lab->near);
	set_up_wire(lab);
}

static void run_body(lab_body_fn body)
{
	struct lab lab = {.near = -1, .far = -1};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	become_root();
	set_up(&lab);
	body(&lab);
	rtnl_close(lab.near_rtnl);
	rtnl_close(lab.far_rtnl);
	arena_free(lab.arena);
#ifdef __SANITIZE_ADDRESS__
	if (__lsan_do_recoverable_leak_check())
		lab_fail(__FILE__, __LINE__, "memory leaked: see stderr");
#endif
	_exit(0);
}

void lab_run(lab_body_fn body)
{
	char text[2048] = "";
	size_t used = 0;
	int pipe_fds[2], status;
	ssize_t got;

	cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		if (dup2(pipe_fds[1], REPORT_FD) < 0)
			_exit(EXIT_FAILED);
		fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
		run_body(body);
	}
	close(pipe_fds[1]);
	while (used < sizeof(text) - 1 && (got = read(pipe_fds[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)got;
	close(pipe_fds[0]);
	cr_assert_eq(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED)
		cr_skip_test("%s", text);
	cr_assert(WIFEXITED(status), "the lab ended by signal %d; it said: %s", WTERMSIG(status), text);
	cr_assert_eq(WEXITSTATUS(status), 0, "%s", text);
}

void lab_enter(int netns)
{
	struct err err;

	CHECK_OK(netns_enter(netns, &err));
}

void lab_set_link(struct lab *lab, struct rtnl *rtnl, bool up)
{
	struct err err;

	CHECK_OK(rtnl_set_link(rtnl, LAB_IFINDEX, up, &err));
	CHECK_OK(rtnl_commit(rtnl, &err));
	sync_ends(lab);
}

short lab_poll(struct pollfd what)
{
	int r = poll(&what, 1, WAIT_MS);

	if (r != 1)
		lab_fail(__FILE__, __LINE__, "nothing came of waiting for events 0x%x", (unsigned)what.events);
	return what.revents;
}

const struct node *lab_options(struct lab *lab, const struct node_kind *kind, ...)
{
	struct node *node = arena_alloc(lab->arena, kind->size);
	const char *key;
	struct err err;
	va_list args;

	node->kind = kind;
	CHECK_OK(node_set_standards(node, lab->arena, &err));
	va_start(args, kind);
	while ((key = va_arg(args, const char *))) {
		const struct field *field = node_kind_field(kind, key);

		CHECK(field && field->shape == FIELD_SCALAR);
		CHECK_OK(field->type->parse(field, va_arg(args, const char *), lab->arena, field_at(node, field), &err));
		node->given |= UINT64_C(1) << (field - kind->fields);
	}
	va_end(args);
	return node;
}

struct driver_socket *lab_open(const char *name, const struct driver_open *how)
{
	const struct driver *driver = driver_find(name);
	struct driver_failure failure = {0};
	struct driver_socket *socket = NULL;
	struct err err;

	CHECK(driver);
	CHECK_OK(driver->open(how, &socket, &failure, &err));
	CHECK(socket->driver == driver);
	return socket;
}

void lab_open_fails(const char *name, const struct driver_open *how, const char *call, int errno_value)
{
	struct driver_failure failure = {0};
	struct driver_socket *socket = NULL;
	struct err err = {0};
	int r = driver_find(name)->open(how, &socket, &failure, &err);

	CHECK_EQ(r, -errno_value);
	CHECK_EQ(failure.errno_value, errno_value);
	if (!failure.call || strcmp(failure.call, call) != 0)
		lab_fail(__FILE__, __LINE__, "failed in '%s', not in '%s': %s", failure.call ? failure.call : "", call, err.text);
	CHECK(err.text[0] && socket == NULL);
	/* Both are optional. */
	CHECK_EQ(driver_find(name)->open(how, &socket, NULL, NULL), -errno_value);
}

void lab_send(struct driver_socket *socket, const struct driver_message *message)
{
	struct driver_failure failure;
	size_t sent = 0;
	struct err err;
	int r;

	while ((r = socket->driver->send(socket, message, 1, &sent, &failure, &err)) == DRIVER_AGAIN && !sent)
		lab_poll(socket->driver->poll(socket, true));
	if (r < 0)
		lab_fail(__FILE__, __LINE__, "send: %s", err.text);
	CHECK_EQ(sent, 1);
	while (socket->driver->flush && (r = socket->driver->flush(socket, &failure, &err)) == DRIVER_AGAIN)
		lab_poll(socket->driver->poll(socket, true));
	if (r < 0)
		lab_fail(__FILE__, __LINE__, "flush: %s", err.text);
}

int lab_receive(struct driver_socket *socket, struct driver_message *ret)
{
	struct driver_failure failure;
	struct err err;
	int r;

	while ((r = socket->driver->receive(socket, ret, &failure, &err)) == DRIVER_AGAIN)
		lab_poll(socket->driver->poll(socket, false));
	if (r < 0)
		lab_fail(__FILE__, __LINE__, "receive: %s", err.text);
	return r;
}

struct driver_socket *lab_accept(struct driver_socket *socket)
{
	struct driver_socket *connection = NULL;
	struct driver_failure failure;
	struct err err;
	int r;

	while ((r = socket->driver->accept(socket, &connection, &failure, &err)) == DRIVER_AGAIN)
		lab_poll(socket->driver->poll(socket, false));
	if (r < 0)
		lab_fail(__FILE__, __LINE__, "accept: %s", err.text);
	return connection;
}

struct ip_addr lab_addr(const char *text)
{
	struct ip_addr addr;
	struct err err;

	CHECK_OK(ip_addr_parse(text, &addr, &err));
	return addr;
}

void lab_frame(const struct lab *lab, uint8_t frame[LAB_FRAME_LENGTH], uint32_t number)
{
	memset(frame, 0, LAB_FRAME_LENGTH);
	memcpy(frame, lab->far_mac.bytes, 6);
	memcpy(frame + 6, lab->near_mac.bytes, 6);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	memcpy(frame + 14, &number, sizeof(number));
}

uint32_t lab_frame_number(const uint8_t *frame)
{
	uint32_t number;

	memcpy(&number, frame + 14, sizeof(number));
	return number;
}
