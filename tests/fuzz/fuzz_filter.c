/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a filter, and as what is wanted of a field. libpcap sees only what our own scanner lets through; what it
 * does let through must never be a name that libpcap would ask the host about: libpcap says "unknown host" to those.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/packet/filter.h"
#include "lab/packet/layer.h"
#include "tests/fuzz/fuzz.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void try_filter(const char *text)
{
	static const uint8_t frame[60];
	struct filter *filter = NULL;
	struct err err = {0};
	size_t at = SIZE_MAX;
	int r = filter_compile(text, &filter, &at, &err);

	check(r == 0 || r == -EINVAL || r == -ENOPKG);
	if (r == -EINVAL)
		check(err.text[0] && at <= strlen(text));
	check(!strstr(err.text, "unknown host") && !strstr(err.text, "unknown network") && !strstr(err.text, "unknown protocol") &&
	      !strstr(err.text, "unknown ether host") && !strstr(err.text, "unknown port"));
	if (r == 0)
		filter_matches(filter, frame, sizeof(frame), sizeof(frame));
	filter_free(filter);
}

/* "name: value" */
static void try_field(const char *text)
{
	char *copy = mem_strdup(text), *colon = strstr(copy, ": ");
	struct err err = {0};

	if (colon) {
		*colon = '\0';
		int r = packet_field_check(copy, colon + 2, &err);

		check(r == 0 || ((r == -EINVAL || r == -ENOENT) && err.text[0]));
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_alloc(size + 1);

	if (size)
		memcpy(text, data, size);
	try_filter(text);
	try_field(text);
	free(text);
	return 0;
}

size_t fuzz_seeds(struct fuzz_seed ret[FUZZ_SEEDS_MAX])
{
	static const char *const seeds[] = {
		"udp dst port 6881",
		"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src and dst net 192.0.2.0/24",
		"host 2001:db8::1 or ether host 02:00:00:00:00:01 or ether dst 02-00-00-00-00-01",
		"ip proto \\udp or portrange 6000-6008 or ip6 protochain 6",
		"vlan 5 and (ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2) != 0",
		"net 192.0.2.0 mask 255.255.255.0 && len <= 100",
		"ip.ttl#2: 63",
		"tcp.options: mss 1460, nop, sack 1 2 3 4, option 254 0102, hex ff",
		"ip.src: 192.0.2.0/24",
		"tcp.flags: SA",
		"ip.len: 20..1500",
		"udp.payload: 00:01 02",
	};

	for (size_t i = 0; i < COUNT_OF(seeds); i++) {
		ret[i].length = strlen(seeds[i]);
		ret[i].bytes = (uint8_t *)mem_strdup(seeds[i]);
	}
	return COUNT_OF(seeds);
}
