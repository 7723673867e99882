/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tape made by hand, and expectations held against it. */
#include "tests/expect/court.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int find_bytes(void *data, const struct payload_node *node, struct text *ret, struct err *err)
{
	const struct court *court = data;

	if (!court->file)
		return err_set(err, -EINVAL, "%s: nothing is called so", node->same_as ? node->same_as : "file");
	text_add(ret, court->file);
	return 0;
}

struct court *court_open(void)
{
	static const struct tape_interface interfaces[] = {
		[INSIDE] = {.node = "inside", .interface = "eth0", .node_index = 0, .ifindex = 2, .wire_end = true, .link = 0},
		[LAN] = {.node = "firewall", .interface = "lan", .node_index = 1, .ifindex = 2, .wire_end = true, .link = 0},
		[WAN] = {.node = "firewall", .interface = "wan", .node_index = 1, .ifindex = 3, .wire_end = true, .link = 1},
		[OUTSIDE] = {.node = "outside", .interface = "eth0", .node_index = 2, .ifindex = 2, .wire_end = true, .link = 1},
		[LO] = {.node = "firewall", .interface = "lo", .node_index = 1, .ifindex = 1, .link = -1},
	};
	struct court *court = mem_new(struct court);

	court->tape = tape_new();
	for (size_t i = 0; i < COUNT_OF(interfaces); i++)
		array_push(&court->tape->interfaces, interfaces[i]);
	court->names = named_packets_new();
	court->arena = arena_new();
	court->context = (struct judge_context){
		.tape = court->tape, .names = court->names, .payload_bytes = find_bytes, .payload_data = court,
	};
	return court;
}

void court_close(struct court *court)
{
	tape_free(court->tape);
	named_packets_free(court->names);
	arena_free(court->arena);
	free(court);
}

/* --- frames --- */

static struct tape_packet *add(struct court *court, uint32_t interface, const char *dir, int64_t stamp, const struct build_layer *parts,
			       size_t count)
{
	const struct build_defaults defaults = {.eth_src = {{2, 0, 0, 0, 0, 1}}, .eth_dst = {{2, 0, 0, 0, 0, 2}}};
	struct text frame = {0};
	struct err err = {0};

	cr_assert_eq(packet_build(parts, count, &defaults, &frame, &err), 0, "%s", err.text);
	struct tape_packet *packet = tape_add(court->tape, interface, strcmp(dir, "out") == 0, MS(stamp), (const uint8_t *)frame.data,
					      frame.length, frame.length);
	text_free(&frame);
	return packet;
}

struct tape_packet *udp_ttl(struct court *court, uint32_t interface, const char *dir, int64_t stamp, const char *from, const char *to,
			    const char *bytes, const char *ttl)
{
	char src[32], dst[32];
	const char *sport = strchr(from, ':') + 1, *dport = strchr(to, ':') + 1;

	snprintf(src, sizeof(src), "%.*s", (int)(sport - from - 1), from);
	snprintf(dst, sizeof(dst), "%.*s", (int)(dport - to - 1), to);
	const struct build_value ip[] = {{"src", src}, {"dst", dst}, {"ttl", ttl}};
	const struct build_value ports[] = {{"srcport", sport}, {"dstport", dport}};
	const struct build_layer parts[] = {
		{.layer = layer_find("eth")},
		{.layer = layer_find("ip"), .values = ip, .value_count = COUNT_OF(ip)},
		{.layer = layer_find("udp"), .values = ports, .value_count = COUNT_OF(ports)},
		{.layer = layer_find("payload"), .data = (const uint8_t *)bytes, .data_length = strlen(bytes)},
	};

	return add(court, interface, dir, stamp, parts, COUNT_OF(parts));
}

struct tape_packet *udp(struct court *court, uint32_t interface, const char *dir, int64_t stamp, const char *from, const char *to,
			const char *bytes)
{
	return udp_ttl(court, interface, dir, stamp, from, to, bytes, "64");
}

struct tape_packet *knock(struct court *court, uint32_t interface, const char *dir, int64_t stamp)
{
	return udp(court, interface, dir, stamp, "198.51.100.2:80", "192.0.2.2:6881", "knock");
}

struct tape_packet *arp(struct court *court, uint32_t interface, const char *dir, int64_t stamp)
{
	const struct build_value values[] = {
		{"opcode", "1"}, {"src.proto_ipv4", "192.0.2.1"}, {"dst.proto_ipv4", "192.0.2.2"},
	};
	const struct build_layer parts[] = {
		{.layer = layer_find("eth")},
		{.layer = layer_find("arp"), .values = values, .value_count = COUNT_OF(values)},
	};

	return add(court, interface, dir, stamp, parts, COUNT_OF(parts));
}

/* --- parts of an expectation --- */

struct value_list at(struct court *court, const char *place, ...)
{
	struct place *places = arena_alloc(court->arena, 8 * sizeof(*places));
	struct value_list list = {.values = places};
	va_list args;

	va_start(args, place);
	for (; place; place = va_arg(args, const char *)) {
		const char *colon = strchr(place, ':');

		places[list.count++] = (struct place){
			.node = colon ? arena_strndup(court->arena, place, (size_t)(colon - place)) : place,
			.interface = colon ? colon + 1 : NULL,
		};
	}
	va_end(args);
	return list;
}

static struct match_node *one_match(struct court *court, const char *field, const char *value)
{
	struct match_node *match = arena_new_of(court->arena, struct match_node);
	const char **values = arena_alloc(court->arena, 8 * sizeof(*values));

	match->node.name = field;
	match->negate = value[0] == '!';
	value += match->negate;
	match->values.values = values;
	while (value) {
		const char *bar = strchr(value, '|');

		values[match->values.count++] = bar ? arena_strndup(court->arena, value, (size_t)(bar - value)) : value;
		value = bar ? bar + 1 : NULL;
	}
	return match;
}

struct node_list matches(struct court *court, const char *field, ...)
{
	struct node_list list = {.items = arena_alloc(court->arena, 8 * sizeof(struct node *))};
	va_list args;

	va_start(args, field);
	for (; field; field = va_arg(args, const char *))
		list.items[list.count++] = &one_match(court, field, va_arg(args, const char *))->node;
	va_end(args);
	return list;
}

struct node_list entries(struct court *court, size_t count, const struct selection_node *nodes)
{
	struct selection_node *copies = arena_alloc(court->arena, count * sizeof(*copies));
	struct node_list list = {.items = arena_alloc(court->arena, count * sizeof(struct node *)), .count = count};

	memcpy(copies, nodes, count * sizeof(*copies));
	for (size_t i = 0; i < count; i++)
		list.items[i] = &copies[i].node;
	return list;
}

struct payload_node *payload(struct court *court, struct payload_node node)
{
	struct payload_node *copy = arena_new_of(court->arena, struct payload_node);

	*copy = node;
	if (copy->literal && !copy->literal_length)
		copy->literal_length = strlen(copy->literal);
	return copy;
}

/* --- judging --- */

struct judge *judge_of(struct court *court, const struct expect_node *expect)
{
	struct judge *judge = NULL;
	struct err err = {0};

	cr_assert_eq(judge_new(expect, &court->context, &judge, &err), 0, "%s", err.text);
	return judge;
}

void refused(struct court *court, const struct expect_node *expect, const char *words)
{
	struct judge *judge = NULL;
	struct err err = {0};

	cr_assert_eq(judge_new(expect, &court->context, &judge, &err), -EINVAL, "%s", err.text);
	cr_assert_null(judge);
	cr_assert(strstr(err.text, words), "'%s' does not say '%s'", err.text, words);
}

enum judge_state state_of(struct judge *judge, int64_t opened, int64_t closed)
{
	return judge_look(judge, MS(opened), MS(closed));
}

struct event_expect verdict_of(struct court *court, const struct expect_node *expect, int64_t opened, int64_t closed)
{
	struct judge *judge = judge_of(court, expect);
	struct event_expect event;

	judge_close(judge, MS(opened), MS(closed), court->arena, &event);
	judge_free(judge);
	return event;
}

static void check(struct court *court, const struct expect_node *expect, int64_t opened, int64_t closed, enum verdict verdict,
		  const char *seen)
{
	struct event_expect event = verdict_of(court, expect, opened, closed);

	cr_assert_eq(event.verdict, verdict, "expected %s: %s, %s", event.expected, verdict_name((enum verdict)event.verdict), event.seen);
	cr_assert_str_eq(event.seen, seen, "expected %s: it says '%s', not '%s'", event.expected, event.seen, seen);
}

void passes(struct court *court, const struct expect_node *expect, int64_t opened, int64_t closed, const char *seen)
{
	check(court, expect, opened, closed, VERDICT_PASS, seen);
}

void fails(struct court *court, const struct expect_node *expect, int64_t opened, int64_t closed, const char *seen)
{
	check(court, expect, opened, closed, VERDICT_FAIL, seen);
}
