/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library as a user of it meets it: labs inside unit tests. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/run/nslab.h"

static const char two_hosts[] = "scenario: two hosts\n"
				"nodes: {a: {}, b: {}}\n"
				"links:\n"
				"  - a:eth0: 192.0.2.1/24\n"
				"    b:eth0: 192.0.2.2/24\n"
				"steps:\n"
				"  - step: a knocks\n"
				"    send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: knock}\n"
				"  - step: it arrives\n"
				"    expect: {at: \"b:eth0\", packets: udp dst port 7, payload: knock}\n";

static struct nslab_lab *load(const char *text)
{
	struct nslab_lab *lab = NULL;
	struct err err = {0};

	cr_assert_eq(nslab_lab_load_text(text, &lab, &err), 0, "%s", err.text);
	return lab;
}

static int knock(struct nslab *lab, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct err err = {0};
	int fd;

	inet_pton(AF_INET, "192.0.2.2", &to.sin_addr);
	if (nslab_enter(lab, "a", &err) < 0)
		return nslab_fail(lab, "%s", err.text);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, "knock", 5, 0, (struct sockaddr *)&to, sizeof(to)) != 5)
		return nslab_fail(lab, "sendto: %s", strerror(errno));
	close(fd);
	return 0;
}

static int send_and_expect(struct nslab *lab, void *data)
{
	(void)data;
	if (knock(lab, 7) < 0)
		return -1;
	nslab_give(lab, "done", 4);
	return nslab_expect(lab, "b:eth0", "udp dst port 7", 1, 1);
}

static int expect_too_much(struct nslab *lab, void *data)
{
	(void)data;
	if (knock(lab, 7) < 0)
		return -1;
	return nslab_expect(lab, "b:eth0", "udp dst port 7", 0, 0);
}

static int take_steps(struct nslab *lab, void *data)
{
	(void)data;
	if (nslab_take(lab, "a knocks") < 0 || nslab_take(lab, "it arrives") < 0)
		return 1;
	return 0;
}

static int marked(struct nslab *lab, void *data)
{
	(void)data;
	if (knock(lab, 7) < 0 || nslab_expect(lab, "b:eth0", "udp dst port 7", 1, 1) < 0)
		return 1;
	nslab_mark(lab);
	return nslab_expect(lab, "b:eth0", "udp dst port 7", 0, 0);
}

static int dies(struct nslab *lab, void *data)
{
	(void)lab;
	(void)data;
	abort();
}

static int enters_nowhere(struct nslab *lab, void *data)
{
	struct err err = {0};

	(void)data;
	if (nslab_enter(lab, "c", &err) == -ENOENT)
		return nslab_fail(lab, "as it should: %s", err.text);
	return 0;
}

static struct nslab_result run(const char *text, nslab_body_fn body)
{
	struct nslab_lab *lab = load(text);
	struct nslab_result result = {0};
	struct err err = {0};

	cr_assert_eq(nslab_lab_run(lab, body, NULL, &result, &err), 0, "%s", err.text);
	nslab_lab_free(lab);
	return result;
}

Test(nslab, a_body_sends_and_sees_its_packet)
{
	struct nslab_result result = run(two_hosts, send_and_expect);

	cr_assert(result.passed, "%s", result.message);
	cr_assert_eq(result.status, 0);
	cr_assert_eq(result.data_length, 4);
	cr_assert_str_eq((const char *)result.data, "done");
	cr_assert_geq(result.packets, 2, "out at one end, in at the other");
	nslab_result_free(&result);
}

Test(nslab, a_failure_comes_back_as_a_value)
{
	struct nslab_result result = run(two_hosts, expect_too_much);

	cr_assert_not(result.passed);
	cr_assert_not(result.error);
	cr_assert(strstr(result.message, "expected no packet 'udp dst port 7' at b:eth0, saw 1"), "%s", result.message);
	nslab_result_free(&result);
}

Test(nslab, without_a_body_the_scenarios_own_steps_are_taken)
{
	struct nslab_result result = run(two_hosts, NULL);

	cr_assert(result.passed, "%s", result.message);
	nslab_result_free(&result);
}

Test(nslab, steps_can_be_taken_by_name)
{
	struct nslab_result result = run(two_hosts, take_steps);

	cr_assert(result.passed, "%s", result.message);
	nslab_result_free(&result);
}

Test(nslab, a_mark_begins_a_new_window)
{
	struct nslab_result result = run(two_hosts, marked);

	cr_assert(result.passed, "%s", result.message);
	nslab_result_free(&result);
}

Test(nslab, a_body_that_dies_is_an_error_and_the_caller_lives)
{
	struct nslab_result result = run(two_hosts, dies);

	cr_assert_not(result.passed);
	cr_assert(result.error);
	cr_assert_str_eq(result.message, "the runner ended before it told a verdict");
	nslab_result_free(&result);
}

Test(nslab, a_node_that_does_not_exist_is_named)
{
	struct nslab_result result = run(two_hosts, enters_nowhere);

	cr_assert_str_eq(result.message, "as it should: the lab has no node 'c'");
	nslab_result_free(&result);
}

Test(nslab, a_lab_that_cannot_be_read_tells_its_first_finding)
{
	struct nslab_lab *lab = NULL;
	struct err err = {0};

	cr_assert_eq(nslab_lab_load_text("scenario: x\nnodez: {}\n", &lab, &err), -EINVAL);
	cr_assert(strstr(err.text, "lab:2:1: error: unknown key 'nodez'"), "%s", err.text);
	cr_assert_null(lab);
}
