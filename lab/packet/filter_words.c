/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a pcap-filter(7) expression, looked at before libpcap sees them. */
#include "lab/packet/filter_words.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lab/packet/addr.h"

/*
 * Theory of operation
 *
 * libpcap takes every word that it does not know for a name, and asks the host
 * what it means: a host's address, a port's number. A lab must not depend on
 * its host, so each word here is a keyword from the list below, a number or an
 * address, or it is refused. The list holds only what libpcap 1.9 and all later
 * ones know, since what is a keyword to one may be a name to another; words for
 * links other than Ethernet are left out.
 */
static const char *const keywords[] = {
	/* qualifiers */
	"src", "dst", "host", "net", "mask", "port", "portrange", "proto", "protochain", "ether", "link",
	/* protocols */
	"ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "igrp", "pim", "vrrp", "carp", "ah", "esp",
	"atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl", "iso", "esis", "isis", "clnp", "stp", "ipx", "netbeui",
	/* primitives */
	"less", "greater", "broadcast", "multicast", "vlan", "mpls", "pppoed", "pppoes", "geneve", "llc", "len", "length",
	"and", "or", "not",
	/* offsets and values */
	"icmptype", "icmpcode", "icmp6type", "icmp6code", "tcpflags",
	"icmp-echoreply", "icmp-unreach", "icmp-sourcequench", "icmp-redirect", "icmp-echo", "icmp-routeradvert", "icmp-routersolicit",
	"icmp-timxceed", "icmp-paramprob", "icmp-tstamp", "icmp-tstampreply", "icmp-ireq", "icmp-ireqreply", "icmp-maskreq",
	"icmp-maskreply",
	"icmp6-destinationunreach", "icmp6-packettoobig", "icmp6-timeexceeded", "icmp6-parameterproblem", "icmp6-echo",
	"icmp6-echoreply", "icmp6-multicastlistenerquery", "icmp6-multicastlistenerreportv1", "icmp6-multicastlistenerdone",
	"icmp6-routersolicit", "icmp6-routeradvert", "icmp6-neighborsolicit", "icmp6-neighboradvert", "icmp6-redirect",
	"icmp6-multicastlistenerreportv2",
	"tcp-fin", "tcp-syn", "tcp-rst", "tcp-push", "tcp-ack", "tcp-urg", "tcp-ece", "tcp-cwr",
};

/* Names that `proto` may be followed by; libpcap would look them up in /etc/protocols. */
static const struct {
	const char *name;
	unsigned number;
} protocols[] = {
	{"icmp", 1}, {"igmp", 2}, {"tcp", 6}, {"udp", 17}, {"gre", 47}, {"esp", 50}, {"ah", 51}, {"icmp6", 58},
	{"ipv6-icmp", 58}, {"ospf", 89}, {"pim", 103}, {"vrrp", 112}, {"sctp", 132},
};

/* Names that libpcap itself knows behind `ether proto`. */
static const char *const ether_protocols[] = {
	"aarp", "arp", "atalk", "decnet", "ip", "ip6", "ipx", "iso", "lat", "mopdl", "moprc", "netbeui", "rarp", "sca", "stp",
};

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, words[i]))
			return true;
	return false;
}

static bool all_of(const char *word, const char *characters)
{
	return *word && word[strspn(word, characters)] == '\0';
}

#define DIGITS "0123456789"
#define HEX_DIGITS "0123456789abcdefABCDEF"

/* Numbers, dotted IPv4 addresses and networks, MACs in libpcap's forms, IPv6; behind `portrange` also "6000-6008". */
static bool is_number_or_address(const char *word, const char *before)
{
	struct in6_addr ip6;

	if (strchr(word, ':'))
		return inet_pton(AF_INET6, word, &ip6) == 1 || mac_addr_parse(word, &(struct mac_addr){0}, NULL) == 0;
	if (all_of(word, DIGITS) || (word[0] == '0' && (word[1] == 'x' || word[1] == 'X') && all_of(word + 2, HEX_DIGITS)))
		return true;
	size_t groups = 1, longest = 0, run = 0;
	bool hex = false;
	char separator = '\0';

	for (const char *p = word; *p; p++) {
		if (*p == '.' || *p == '-') {
			if ((separator && *p != separator) || run == 0)
				return false;
			separator = *p;
			groups++;
			run = 0;
		} else if (isxdigit((unsigned char)*p)) {
			hex |= !isdigit((unsigned char)*p);
			run++;
			longest = run > longest ? run : longest;
		} else {
			return false;
		}
	}
	if (run == 0)
		return false;
	if (!separator)
		return longest == 12; /* a MAC in one piece */
	if (groups == 6 && longest <= 2)
		return true;
	if (separator == '.' && groups == 3 && strlen(word) == 14 && word[4] == '.' && word[9] == '.')
		return true;
	if (separator == '-')
		return groups == 2 && !hex && str_eq(before, "portrange");
	return groups <= 4 && !hex && longest <= 3;
}

/* --- tokens, as libpcap's scanner cuts them --- */

static bool in_word(char c, bool brackets)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || (c == ':' && !brackets);
}

/* `brackets`: inside [ ], where ':' stands between offset and size. */
static size_t token_end(const char *expression, size_t start, bool brackets)
{
	size_t end = start;

	if (expression[end] == '\\') {
		end++;
		while (expression[end] && !strchr(" !()\n\t", expression[end]))
			end++;
		return end;
	}
	if (!isalnum((unsigned char)expression[end]) && !(expression[end] == ':' && expression[end + 1] == ':' && !brackets))
		return end + 1;
	while (in_word(expression[end], brackets))
		end++;
	while (end > start + 1 && expression[end - 1] == '-')
		end--;
	return end;
}

size_t filter_token(const char *expression, size_t at, size_t *ret_start)
{
	int depth = 0;

	for (size_t i = 0; i < at; i++)
		depth += expression[i] == '[' ? 1 : expression[i] == ']' ? -1 : 0;
	while (expression[at] && isspace((unsigned char)expression[at]))
		at++;
	*ret_start = at;
	return expression[at] ? token_end(expression, at, depth > 0) : at;
}

/* --- refusals: what, and what to write instead --- */

static int refuse_direction(const char *word, struct err *err)
{
	if (str_eq(word, "gateway"))
		return err_set(err, -EINVAL, "'gateway' asks the host's files for names: write 'ether host MAC and not host ADDRESS'");
	return err_set(err, -EINVAL, "'%s' matches nothing here: write 'dir: %s' beside the filter", word, str_eq(word, "inbound") ? "in" : "out");
}

static int refuse_word(const char *word, const char *before, struct err *err)
{
	const char *near = str_nearest(word, keywords, COUNT_OF(keywords));

	if (str_eq(before, "port") && isdigit((unsigned char)word[0]) && strchr(word, '-'))
		return err_set(err, -EINVAL, "'%s' is no port: write 'portrange %s' for a range", word, word);
	if (str_eq(before, "port") || str_eq(before, "portrange"))
		return err_set(err, -EINVAL, "'%s' is a name that only the host's /etc/services could explain: write the number", word);
	if (str_eq(before, "proto") || str_eq(before, "protochain"))
		return err_set(err, -EINVAL, "'%s' is a protocol name that only the host's /etc/protocols could explain: write the number", word);
	if (strchr(word, ':'))
		return err_set(err, -EINVAL, "'%s' is neither an IPv6 nor a MAC address", word);
	if (str_eq(before, "host") || str_eq(before, "net") || str_eq(before, "src") || str_eq(before, "dst"))
		return err_set(err, -EINVAL, "'%s' is a name, and names are not resolved: write the address, or $(node:interface)", word);
	if (strchr(word, '-') && !strchr(word, '.'))
		return err_set(err, -EINVAL, "'%s' reads as one word: put blanks around '-'", word);
	if (near)
		return err_set(err, -EINVAL, "'%s' is no word of pcap-filter: did you mean '%s'?", word, near);
	return err_set(err, -EINVAL, "'%s' is no word of pcap-filter, and names are not resolved: write addresses and numbers", word);
}

/* The name behind `proto`, written as a number or kept; false where it is not known. */
static bool take_protocol(const char *name, bool ether, const char *written, struct text *out)
{
	if (ether) {
		if (!is_one_of(name, ether_protocols, COUNT_OF(ether_protocols)))
			return false;
		text_add(out, written);
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(protocols); i++)
		if (str_eq(name, protocols[i].name)) {
			text_addf(out, "%u", protocols[i].number);
			return true;
		}
	return false;
}

struct words {
	char before[16]; /* the keyword that says what the next name would be: port, proto, host… */
	bool protocol;   /* the next word is a protocol's number or name */
	bool ether;      /* and Ethernet's */
};

static int check_word(const char *word, struct words *words, struct text *out, struct err *err)
{
	const char *name = word[0] == '\\' ? word + 1 : word;
	bool protocol = words->protocol;

	words->protocol = str_eq(word, "proto") || str_eq(word, "protochain");
	if (protocol && isalpha((unsigned char)name[0]))
		return take_protocol(name, words->ether, word, out) ? 0 : refuse_word(name, words->before, err);
	if (str_eq(word, "inbound") || str_eq(word, "outbound") || str_eq(word, "gateway"))
		return refuse_direction(word, err);
	if (is_one_of(word, keywords, COUNT_OF(keywords))) {
		if (str_eq(word, "ether") || str_eq(word, "link"))
			words->ether = true;
		else if (str_eq(word, "ip") || str_eq(word, "ip6"))
			words->ether = false;
		/* What a name would be goes on behind `or`: "port 80 or 443". */
		if (!str_eq(word, "and") && !str_eq(word, "or") && !str_eq(word, "not") && strlen(word) < sizeof(words->before))
			strcpy(words->before, word);
		text_add(out, word);
		return 0;
	}
	if (!is_number_or_address(word, words->before))
		return refuse_word(name, words->before, err);
	text_add(out, word);
	return 0;
}

int filter_words_check(const char *expression, struct text *out, size_t *ret_at, struct err *err)
{
	struct words words = {0};
	size_t at = 0, start, copied = 0;

	for (;;) {
		size_t end = filter_token(expression, at, &start);

		text_add_bytes(out, expression + copied, start - copied);
		if (start == end)
			return 0;
		if (isalnum((unsigned char)expression[start]) || expression[start] == '\\' || (expression[start] == ':' && end - start > 1)) {
			_cleanup_text_ struct text word = {0};

			text_add_bytes(&word, expression + start, end - start);
			int r = check_word(text_str(&word), &words, out, err);

			if (r < 0) {
				if (ret_at)
					*ret_at = start;
				return r;
			}
		} else if (strchr("_$`'\"@#,;?{}~", expression[start])) {
			if (ret_at)
				*ret_at = start;
			return err_set(err, -EINVAL, "'%c' has no place in a filter", expression[start]);
		} else {
			text_add_bytes(out, expression + start, end - start);
		}
		at = copied = end;
	}
}
