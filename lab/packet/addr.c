/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses: IPv4, IPv6, prefixes, MAC; text to value and back. */
#include "lab/packet/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lab/base/rng.h"

static unsigned family_bits(uint8_t family)
{
	return family == AF_INET ? 32 : family == AF_INET6 ? 128 : 0;
}

/* 0, or -1 where `text` is neither. */
static int parse_either(const char *text, struct ip_addr *ret)
{
	struct ip_addr addr = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(addr.family, text, addr.bytes) != 1)
		return -1;
	*ret = addr;
	return 0;
}

int ip_addr_parse(const char *text, struct ip_addr *ret, struct err *err)
{
	if (parse_either(text, ret) == 0)
		return 0;
	if (strchr(text, '/'))
		return err_set(err, -EINVAL, "'%s' is no address: leave the prefix length away", text);
	if (strchr(text, '%'))
		return err_set(err, -EINVAL, "'%s' is no address: write it without the zone", text);
	return err_set(err, -EINVAL, "'%s' is no IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1", text);
}

void ip_addr_print(const struct ip_addr *addr, struct text *out)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(addr->family, addr->bytes, text, sizeof(text)))
		text_add(out, text);
}

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, family_bits(a->family) / 8) == 0;
}

int ip_prefix_parse(const char *text, struct ip_prefix *ret, struct err *err)
{
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN];
	struct ip_prefix prefix;
	uint64_t length;

	if (!slash) {
		if (parse_either(text, &prefix.addr) < 0)
			return err_set(err, -EINVAL, "'%s' is no address with a prefix length, such as 192.0.2.1/24", text);
		prefix.length = (uint8_t)family_bits(prefix.addr.family);
		*ret = prefix;
		return 0;
	}
	if ((size_t)(slash - text) >= sizeof(host))
		return err_set(err, -EINVAL, "'%s' is no address with a prefix length, such as 192.0.2.1/24", text);
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (parse_either(host, &prefix.addr) < 0)
		return err_set(err, -EINVAL, "'%s': '%s' is no IPv4 or IPv6 address", text, host);
	if (strncmp(slash, "/0x", 3) == 0 || str_to_u64(slash + 1, &length) < 0 || length > family_bits(prefix.addr.family))
		return err_set(err, -EINVAL, "'%s': the prefix length is a number from 0 to %u", text, family_bits(prefix.addr.family));
	prefix.length = (uint8_t)length;
	*ret = prefix;
	return 0;
}

void ip_prefix_print(const struct ip_prefix *prefix, struct text *out)
{
	ip_addr_print(&prefix->addr, out);
	text_addf(out, "/%u", prefix->length);
}

bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
	unsigned bits = prefix->length;

	if (prefix->addr.family != addr->family || bits > family_bits(addr->family))
		return false;
	if (memcmp(prefix->addr.bytes, addr->bytes, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || (prefix->addr.bytes[bits / 8] ^ addr->bytes[bits / 8]) >> (8 - bits % 8) == 0;
}

/* What traffic of a lab may carry without meaning somebody. */
static const char *const lab_ranges[] = {
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", /* RFC 5737 */
	"2001:db8::/32",                                     /* RFC 3849 */
	"3fff::/20",                                         /* RFC 9637 */
	"127.0.0.0/8", "::1",                                /* loopback */
	"169.254.0.0/16", "fe80::/10",                       /* link-local */
	"224.0.0.0/4", "ff00::/8",                           /* multicast */
	"0.0.0.0", "::",                                     /* unspecified */
	"255.255.255.255",                                   /* RFC 919 */
};

bool ip_addr_is_for_labs(const struct ip_addr *addr)
{
	for (size_t i = 0; i < COUNT_OF(lab_ranges); i++) {
		struct ip_prefix range;

		if (ip_prefix_parse(lab_ranges[i], &range, NULL) == 0 && ip_prefix_contains(&range, addr))
			return true;
	}
	return false;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int mac_addr_parse(const char *text, struct mac_addr *ret, struct err *err)
{
	struct mac_addr mac;

	if (strlen(text) != 17)
		goto refuse;
	for (size_t i = 0; i < 6; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);
		char separator = text[3 * i + 2];

		if (high < 0 || low < 0 || (i < 5 && separator != ':' && separator != '-') || (i < 5 && separator != text[2]))
			goto refuse;
		mac.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = mac;
	return 0;
refuse:
	return err_set(err, -EINVAL, "'%s' is no MAC address, such as 02:00:00:00:00:01", text);
}

void mac_addr_print(const struct mac_addr *mac, struct text *out)
{
	const uint8_t *b = mac->bytes;

	text_addf(out, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

struct mac_addr mac_addr_derive(const char *node, const char *interface)
{
	struct mac_addr mac = {.bytes = {0x02}};
	struct text names = {0};

	/* The NUL between them keeps "a", "bc" and "ab", "c" apart. */
	text_add_bytes(&names, node, strlen(node) + 1);
	text_add(&names, interface);
	struct rng rng = rng_for(hash_text(names.data, names.length), "mac");
	rng_fill(&rng, mac.bytes + 1, sizeof(mac.bytes) - 1);
	text_free(&names);
	return mac;
}

socklen_t ip_addr_to_sockaddr(const struct ip_addr *addr, uint16_t port, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (addr->family == AF_INET6) {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

		memcpy(&in6.sin6_addr, addr->bytes, 16);
		memcpy(ret, &in6, sizeof(in6));
		return sizeof(in6);
	}
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&in.sin_addr, addr->bytes, 4);
	memcpy(ret, &in, sizeof(in));
	return sizeof(in);
}

int ip_addr_from_sockaddr(const struct sockaddr *sockaddr, socklen_t length, struct ip_addr *ret, uint16_t *ret_port)
{
	struct ip_addr addr = {0};
	uint16_t port;

	if (length < sizeof(sockaddr->sa_family))
		return -EAFNOSUPPORT;
	if (sockaddr->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;

		memcpy(&in, sockaddr, sizeof(in));
		memcpy(addr.bytes, &in.sin_addr, 4);
		port = ntohs(in.sin_port);
	} else if (sockaddr->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sockaddr, sizeof(in6));
		memcpy(addr.bytes, &in6.sin6_addr, 16);
		port = ntohs(in6.sin6_port);
	} else {
		return -EAFNOSUPPORT;
	}
	addr.family = (uint8_t)sockaddr->sa_family;
	*ret = addr;
	if (ret_port)
		*ret_port = port;
	return 0;
}

/* --- value types --- */

static int parse_ip_addr(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	(void)field;
	(void)arena;
	return ip_addr_parse(text, ret, err);
}

static void print_ip_addr(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	ip_addr_print(value, out);
}

static int parse_ip_prefix(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	(void)field;
	(void)arena;
	return ip_prefix_parse(text, ret, err);
}

static void print_ip_prefix(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	ip_prefix_print(value, out);
}

static int parse_mac_addr(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	(void)field;
	(void)arena;
	return mac_addr_parse(text, ret, err);
}

static void print_mac_addr(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	mac_addr_print(value, out);
}

const struct value_type type_ip_addr = {
	.name = "IPv4 or IPv6 address", .doc = "an address without a length: 192.0.2.1 or 2001:db8::1", .size = sizeof(struct ip_addr),
	.parse = parse_ip_addr, .print = print_ip_addr,
};

const struct value_type type_ip_prefix = {
	.name = "address with prefix length", .doc = "an address and the length of its prefix: 192.0.2.1/24 or 2001:db8::1/64",
	.size = sizeof(struct ip_prefix), .parse = parse_ip_prefix, .print = print_ip_prefix,
};

const struct value_type type_mac_addr = {
	.name = "MAC address", .doc = "six pairs of hexadecimal digits: 02:00:00:00:00:01", .size = sizeof(struct mac_addr),
	.parse = parse_mac_addr, .print = print_mac_addr,
};
