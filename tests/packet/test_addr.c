/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lab/base/field.h"
#include "lab/packet/addr.h"

static void assert_round_trip(const struct value_type *type, const char *text, const char *printed)
{
	unsigned char value[32], again[32];
	struct text first = {0}, second = {0};
	struct err err = {0};

	memset(value, 0, sizeof(value));
	memset(again, 0, sizeof(again));
	cr_assert_leq(type->size, sizeof(value));
	cr_assert_eq(type->parse(NULL, text, NULL, value, &err), 0, "%s", err.text);
	type->print(NULL, value, &first);
	cr_assert_str_eq(text_str(&first), printed);
	cr_assert_eq(type->parse(NULL, text_str(&first), NULL, again, NULL), 0);
	cr_assert_eq(memcmp(value, again, type->size), 0, "%s reads back as the same value", printed);
	type->print(NULL, again, &second);
	cr_assert_str_eq(text_str(&first), text_str(&second));
	text_free(&first);
	text_free(&second);
}

Test(addr, addresses_print_as_rfc_5952_says_and_read_back)
{
	assert_round_trip(&type_ip_addr, "192.0.2.1", "192.0.2.1");
	assert_round_trip(&type_ip_addr, "2001:DB8:0:0:0:0:0:1", "2001:db8::1");
	assert_round_trip(&type_ip_addr, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	assert_round_trip(&type_ip_addr, "::", "::");
	assert_round_trip(&type_ip_addr, "::ffff:192.0.2.1", "::ffff:192.0.2.1");
	assert_round_trip(&type_ip_prefix, "192.0.2.1/24", "192.0.2.1/24");
	assert_round_trip(&type_ip_prefix, "192.0.2.1", "192.0.2.1/32");
	assert_round_trip(&type_ip_prefix, "2001:db8::1", "2001:db8::1/128");
	assert_round_trip(&type_ip_prefix, "0.0.0.0/0", "0.0.0.0/0");
	assert_round_trip(&type_mac_addr, "02-00-00-AA-bb-01", "02:00:00:aa:bb:01");
}

Test(addr, what_is_no_address_is_refused_and_nothing_is_written)
{
	static const char *const wrong[] = {"", "192.0.2", "192.0.2.256", "192.0.2.1 ", " 192.0.2.1", "host", "192.0.2.01", "2001:db8::g",
					    "fe80::1%eth0", "192.0.2.1/24", "1:2:3:4:5:6:7:8:9", ":", "0x7f.1"};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct ip_addr addr = {.family = 77};
		struct err err = {0};

		cr_expect_eq(ip_addr_parse(wrong[i], &addr, &err), -EINVAL, "'%s'", wrong[i]);
		cr_expect_eq(addr.family, 77, "'%s' leaves the output alone", wrong[i]);
		cr_expect(strstr(err.text, "'") != NULL);
	}
}

Test(addr, prefix_lengths_have_limits)
{
	static const char *const wrong[] = {"192.0.2.1/33", "2001:db8::/129", "192.0.2.1/", "192.0.2.1/-1", "192.0.2.1/0x8", "192.0.2.1/8/8",
					    "/24", "192.0.2.1/ 8", "192.0.2.0/255.255.255.0"};
	struct ip_prefix prefix;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		cr_expect_eq(ip_prefix_parse(wrong[i], &prefix, NULL), -EINVAL, "'%s'", wrong[i]);
	char longest[200];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	longest[150] = '/';
	cr_expect_eq(ip_prefix_parse(longest, &prefix, NULL), -EINVAL);
}

static bool contains(const char *prefix, const char *addr)
{
	struct ip_prefix p;
	struct ip_addr a;

	cr_assert_eq(ip_prefix_parse(prefix, &p, NULL), 0);
	cr_assert_eq(ip_addr_parse(addr, &a, NULL), 0);
	return ip_prefix_contains(&p, &a);
}

Test(addr, a_prefix_holds_what_its_bits_say)
{
	cr_expect(contains("192.0.2.77/24", "192.0.2.1"));
	cr_expect(!contains("192.0.2.0/24", "192.0.3.1"));
	cr_expect(contains("192.0.2.128/25", "192.0.2.129"));
	cr_expect(!contains("192.0.2.128/25", "192.0.2.127"));
	cr_expect(contains("0.0.0.0/0", "203.0.113.1"));
	cr_expect(!contains("0.0.0.0/0", "2001:db8::1"), "families never mix");
	cr_expect(contains("2001:db8::/33", "2001:db8:7fff::"));
	cr_expect(!contains("2001:db8::/33", "2001:db8:8000::"));
	cr_expect(contains("2001:db8::1/128", "2001:db8::1"));
	cr_expect(!contains("2001:db8::1/128", "2001:db8::2"));
}

static bool for_labs(const char *text)
{
	struct ip_addr addr;

	cr_assert_eq(ip_addr_parse(text, &addr, NULL), 0);
	return ip_addr_is_for_labs(&addr);
}

Test(addr, documentation_and_local_ranges_are_for_labs)
{
	static const char *const yes[] = {"192.0.2.0", "198.51.100.255", "203.0.113.7", "2001:db8:ffff::1", "3fff::1", "3fff:0fff::1", "127.1.2.3",
					  "::1", "169.254.0.1", "fe80::1", "224.0.0.1", "233.252.0.1", "ff02::1", "0.0.0.0", "::", "255.255.255.255"};
	static const char *const no[] = {"192.0.1.255", "192.0.3.0", "8.8.8.8", "10.0.0.1", "2001:db9::1", "3fff:1000::1", "fec0::1", "::2",
					 "255.255.255.254", "128.0.0.1"};

	for (size_t i = 0; i < COUNT_OF(yes); i++)
		cr_expect(for_labs(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < COUNT_OF(no); i++)
		cr_expect(!for_labs(no[i]), "%s", no[i]);
}

Test(addr, macs_are_six_pairs_with_one_kind_of_separator)
{
	static const char *const wrong[] = {"", "02:00:00:00:00", "02:00:00:00:00:00:00", "02:00:00:00:00:0g", "02:00-00:00:00:00", "020000000000",
					    "2:0:0:0:0:0", "02.00.00.00.00.00", "02:00:00:00:00:001"};
	struct mac_addr mac;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		cr_expect_eq(mac_addr_parse(wrong[i], &mac, NULL), -EINVAL, "'%s'", wrong[i]);
}

Test(addr, derived_macs_are_stable_local_unicast_and_differ)
{
	struct mac_addr a = mac_addr_derive("client", "eth0"), b = mac_addr_derive("client", "eth1"), c = mac_addr_derive("cliente", "th0");
	struct mac_addr again = mac_addr_derive("client", "eth0");
	struct text text = {0};

	cr_assert_eq(memcmp(&a, &again, sizeof(a)), 0);
	cr_assert_neq(memcmp(&a, &b, sizeof(a)), 0);
	cr_assert_neq(memcmp(&a, &c, sizeof(a)), 0, "the border between the two names counts");
	cr_assert_eq(a.bytes[0], 0x02);
	mac_addr_print(&a, &text);
	cr_assert_str_eq(text_str(&text), "02:f4:7d:62:57:1e", "the same on every machine and in every run");
	text_free(&text);
}

Test(addr, socket_addresses_go_both_ways)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct ip_addr addr, back;
		struct sockaddr_storage storage;
		uint16_t port = 0;

		cr_assert_eq(ip_addr_parse(texts[i], &addr, NULL), 0);
		socklen_t length = ip_addr_to_sockaddr(&addr, 6881, &storage);

		cr_assert_eq(length, i ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
		cr_assert_eq(ip_addr_from_sockaddr((struct sockaddr *)&storage, length, &back, &port), 0);
		cr_assert(ip_addr_equal(&addr, &back));
		cr_assert_eq(port, 6881);
		cr_assert_eq(ip_addr_from_sockaddr((struct sockaddr *)&storage, length - 1, &back, NULL), -EAFNOSUPPORT);
	}
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct ip_addr addr;

	cr_assert_eq(ip_addr_from_sockaddr(&other, sizeof(other), &addr, NULL), -EAFNOSUPPORT);
	cr_assert_eq(ip_addr_from_sockaddr(&other, 1, &addr, NULL), -EAFNOSUPPORT);
}

Test(addr, equality_looks_at_family_and_bytes_that_count)
{
	struct ip_addr a = {.family = AF_INET, .bytes = {192, 0, 2, 1, 99}}, b = {.family = AF_INET, .bytes = {192, 0, 2, 1}};
	struct ip_addr c = {.family = AF_INET6, .bytes = {192, 0, 2, 1}}, none = {0};

	cr_assert(ip_addr_equal(&a, &b));
	cr_assert(!ip_addr_equal(&b, &c));
	cr_assert(ip_addr_equal(&none, &none));
}
