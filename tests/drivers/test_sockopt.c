/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket options by name. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "drivers/driver.h"
#include "drivers/sockopt.h"
#include "lab/base/mem.h"

Test(sockopt, names_are_unique_and_found)
{
	size_t count;
	const struct sockopt *table = sockopt_table(&count);

	cr_assert_gt(count, 50);
	for (size_t i = 0; i < count; i++) {
		cr_assert(sockopt_find(table[i].name) == &table[i], "%s stands twice", table[i].name);
		cr_assert_not_null(table[i].source);
	}
	cr_assert_null(sockopt_find("IP_TLL"));
}

Test(sockopt, a_wrong_name_is_told_the_right_one)
{
	struct err err = {0};

	cr_assert_eq(sockopt_check("IP_TLL", "3", &err), -EINVAL);
	cr_assert(strstr(err.text, "did you mean IP_TTL?"), "%s", err.text);
	cr_assert_eq(sockopt_check("wholly different", "3", &err), -EINVAL);
	cr_assert(strstr(err.text, "setsockopt(2)"), "%s", err.text);
}

Test(sockopt, values_are_judged_by_their_type)
{
	static const struct {
		const char *name, *value;
		bool good;
	} cases[] = {
		{"IP_TTL", "3", true},
		{"IP_TTL", "0x40", true},
		{"IP_TTL", "three", false},
		{"IP_TTL", "", false},
		{"IP_TTL", "4294967296", false},
		{"SO_MARK", "0xffffffff", true},
		{"SO_PRIORITY", "-1", true},
		{"TCP_NODELAY", "on", true},
		{"TCP_NODELAY", "1", true},
		{"TCP_NODELAY", "off", true},
		{"TCP_NODELAY", "2", false},
		{"TCP_NODELAY", "maybe", false},
		{"SO_LINGER", "0", true},
		{"SO_LINGER", "off", true},
		{"SO_LINGER", "5", true},
		{"SO_LINGER", "-5", false},
		{"SO_RCVTIMEO", "50ms", true},
		{"SO_RCVTIMEO", "50", false},
		{"SO_BINDTODEVICE", "eth0", true},
		{"TCP_CONGESTION", "reno", true},
		{"IP_MTU_DISCOVER", "IP_PMTUDISC_DO", true},
		{"IP_MTU_DISCOVER", "2", true},
		{"IP_MTU_DISCOVER", "DO", false},
		{"IPV6_MTU_DISCOVER", "IPV6_PMTUDISC_PROBE", true},
		{"IPV6_MTU_DISCOVER", "IP_PMTUDISC_DO", false},
		{"IP_ADD_MEMBERSHIP", "233.252.0.1", true},
		{"IP_ADD_MEMBERSHIP", "233.252.0.1 eth0", true},
		{"IP_ADD_MEMBERSHIP", "ff05::2 eth0", false},
		{"IP_ADD_MEMBERSHIP", "233.252.0.1 an-interface-name-that-is-too-long", false},
		{"IPV6_ADD_MEMBERSHIP", "ff05::2 eth0", true},
		{"IPV6_ADD_MEMBERSHIP", "233.252.0.1", false},
		{"IP_MULTICAST_IF", "192.0.2.1", true},
		{"IP_MULTICAST_IF", "eth0", true},
		{"IP_MULTICAST_IF", "2001:db8::1", false},
		{"IPV6_MULTICAST_IF", "eth0", true},
		{"IPV6_MULTICAST_IF", "", false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct err err = {0};
		int r = sockopt_check(cases[i].name, cases[i].value, &err);

		cr_assert_eq(r, cases[i].good ? 0 : -EINVAL, "%s: %s gives %d: %s", cases[i].name, cases[i].value, r, err.text);
		cr_assert_eq(err.code, r);
		cr_assert(r == 0 || strstr(err.text, cases[i].name), "%s", err.text);
	}
}

static int get(int fd, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	cr_assert_eq(getsockopt(fd, level, option, &value, &length), 0);
	return value;
}

Test(sockopt, what_is_set_can_be_read_from_the_socket)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct linger linger;
	struct timeval time;
	socklen_t length = sizeof(linger);
	char text[32] = "";
	struct err err = {0};

	cr_assert_eq(sockopt_set(fd, "IP_TTL", "3", NULL, &err), 0, "%s", err.text);
	cr_assert_eq(get(fd, IPPROTO_IP, IP_TTL), 3);
	cr_assert_eq(sockopt_set(fd, "TCP_NODELAY", "on", NULL, &err), 0, "%s", err.text);
	cr_assert_eq(get(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	cr_assert_eq(sockopt_set(fd, "IP_MTU_DISCOVER", "IP_PMTUDISC_DO", NULL, &err), 0, "%s", err.text);
	cr_assert_eq(get(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DO);
	cr_assert_eq(sockopt_set(fd, "SO_LINGER", "7", NULL, &err), 0, "%s", err.text);
	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length), 0);
	cr_assert(linger.l_onoff && linger.l_linger == 7);
	cr_assert_eq(sockopt_set(fd, "SO_RCVTIMEO", "1500ms", NULL, &err), 0, "%s", err.text);
	length = sizeof(time);
	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &length), 0);
	cr_assert(time.tv_sec == 1 && time.tv_usec == 500000);
	cr_assert_eq(sockopt_set(fd, "TCP_CONGESTION", "reno", NULL, &err), 0, "%s", err.text);
	length = sizeof(text);
	cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, text, &length), 0);
	cr_assert_str_eq(text, "reno");
}

Test(sockopt, what_the_kernel_refuses_tells_call_and_errno)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct driver_failure failure = {0};
	struct err err = {0};

	cr_assert_eq(sockopt_set(fd, "IP_TTL", "256", &failure, &err), -EINVAL);
	cr_assert_str_eq(failure.call, "setsockopt");
	cr_assert_eq(failure.errno_value, EINVAL);
	cr_assert(strstr(err.text, "IP_TTL: 256"), "%s", err.text);
	cr_assert_str_eq(err.call, "setsockopt");
	cr_assert_eq(sockopt_set(fd, "TCP_NODELAY", "on", &failure, &err), -ENOPROTOOPT, "%s", err.text);
	cr_assert_eq(sockopt_set(fd, "IP_ADD_MEMBERSHIP", "233.252.0.1 nowhere", &failure, &err), -ENODEV);
	cr_assert(strstr(err.text, "nowhere"), "%s", err.text);
}
