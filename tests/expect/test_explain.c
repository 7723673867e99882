/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/expect/court.h"

#define COURT struct court *court = court_open()
#define AT_WAN .at = at(court, "firewall:wan", NULL)

static void described(const struct expect_node *expect, const char *words)
{
	struct text text = {0};

	judge_describe(expect, &text);
	cr_assert_str_eq(text_str(&text), words);
	text_free(&text);
}

Test(explain, an_expectation_reads_as_a_sentence)
{
	COURT;

	described(EXPECT(AT_WAN, .dir = DIR_IN, .packets = "udp dst port 6881", .count = {1, 1}),
		  "1 packet 'udp dst port 6881' at firewall:wan in");
	described(EXPECT(AT_WAN, .count = {0, 0}), "no packet at firewall:wan");
	described(EXPECT(.at = at(court, "inside", "firewall:wan", "outside", NULL), .count = {2, 5}),
		  "2 to 5 packets at inside, firewall:wan or outside");
	described(EXPECT(AT_WAN, .count = {0, 3}, .where = matches(court, "tcp.flags", "S", "ip.ttl", "!1|2", NULL)),
		  "at most 3 packets where tcp.flags S, ip.ttl not 1 or 2 at firewall:wan");
	described(EXPECT(AT_WAN, .packets = "udp", .fields = matches(court, "ip.ttl", "63", NULL), .payload = PAYLOAD(court, .literal = "knock")),
		  "at least 1 packet 'udp' at firewall:wan with ip.ttl 63 and payload 'knock'");
	described(EXPECT(AT_WAN, .after = "syn", .gap = {MS(900), MS(1500)}),
		  "at least 1 packet at firewall:wan, 900ms to 1500ms after 'syn'");
	described(EXPECT(AT_WAN, .after = "syn", .gap = {0, MS(10)}), "at least 1 packet at firewall:wan, at most 10ms after 'syn'");
	described(EXPECT(AT_WAN, .after = "syn"), "at least 1 packet at firewall:wan, after 'syn'");
	described(EXPECT(AT_WAN, .order = ORDER(court, {.packets = "arp"}, {.named = "syn"}, {.dir = DIR_OUT})),
		  "in this order: 'arp' at firewall:wan, then packet 'syn', then any packet at firewall:wan out");
	described(EXPECT(AT_WAN, .strict = true, .order = ORDER(court, {.packets = "arp"}, {.packets = "udp"})),
		  "in this order and none between: 'arp' at firewall:wan, then 'udp' at firewall:wan");
	court_close(court);
}

Test(explain, nothing_at_all_is_told_from_nothing_that_matched)
{
	COURT;
	const struct expect_node *expect = EXPECT(AT_WAN, .dir = DIR_IN, .packets = "udp dst port 6881", .count = {1, 1});

	fails(court, expect, 0, 100, "saw none; nothing else came in at firewall:wan");
	arp(court, WAN, "in", 1);
	fails(court, expect, 0, 100, "saw none; 1 other packet crossed firewall:wan, which did not match the filter");
	arp(court, WAN, "in", 2);
	arp(court, WAN, "in", 3);
	fails(court, expect, 0, 100, "saw none; 3 other packets crossed firewall:wan, none matched the filter");
	court_close(court);
}

Test(explain, tells_where_else_the_packet_was_seen)
{
	COURT;

	knock(court, OUTSIDE, "out", 10);
	knock(court, WAN, "in", 11);
	struct event_expect event = verdict_of(court, EXPECT(.at = at(court, "inside:eth0", NULL), .packets = "udp"), 0, 100);
	cr_assert_str_eq(event.seen, "saw none; 2 such packets were seen elsewhere, last at firewall:wan in; nothing else crossed inside:eth0");
	cr_assert_eq(event.packet_count, 2);
	cr_assert_str_eq(event.packets[1].place, "firewall:wan in");
	cr_assert_not(event.packets[1].selected);
	cr_assert_eq(event.packets[1].after, MS(11));
	cr_assert_eq(event.packets[1].packet, 2);
	fails(court, EXPECT(AT_WAN, .dir = DIR_OUT, .packets = "udp"), 0, 100,
	      "saw none; 2 such packets were seen elsewhere, last at firewall:wan in; nothing else went out at firewall:wan");
	court_close(court);
}

Test(explain, tells_by_how_much_a_packet_missed_the_window)
{
	COURT;

	knock(court, WAN, "in", 131);
	fails(court, EXPECT(AT_WAN), 0, 100, "saw none; 1 more came 31.0 ms after the window closed; nothing else crossed firewall:wan meanwhile");
	fails(court, EXPECT(AT_WAN), 140, 200,
	      "saw none; 1 more came 9.00 ms before the window opened; nothing else crossed firewall:wan meanwhile");
	knock(court, WAN, "in", 133);
	fails(court, EXPECT(AT_WAN), 140, 200,
	      "saw none; 2 more came before the window opened, the last 7.00 ms before; nothing else crossed firewall:wan meanwhile");
	fails(court, EXPECT(AT_WAN), 132, 133,
	      "saw none; 2 more came outside the window, one of them 0 ns after the window closed; nothing else crossed firewall:wan meanwhile");
	court_close(court);
}

Test(explain, tells_which_field_of_where_was_another)
{
	COURT;

	knock(court, WAN, "in", 10);
	struct event_expect event =
		verdict_of(court, EXPECT(AT_WAN, .packets = "udp", .where = matches(court, "udp.srcport", "80", "ip.ttl", "1", NULL)), 0, 100);
	cr_assert_str_eq(event.seen, "saw none; 1 passed the filter, but its ip.ttl was 64, expected 1");
	cr_assert_eq(event.field_count, 3, "count, and two of where");
	cr_assert_str_eq(event.fields[1].name, "udp.srcport");
	cr_assert(event.fields[1].held);
	cr_assert_str_eq(event.fields[2].name, "ip.ttl");
	cr_assert_not(event.fields[2].held);
	cr_assert_str_eq(event.fields[2].expected, "1");
	cr_assert_str_eq(event.fields[2].seen, "64");
	cr_assert_eq(event.fields[2].packet, 1);
	court_close(court);
}

Test(explain, a_failure_has_the_selected_first_and_at_most_32_packets)
{
	COURT;

	for (int i = 0; i < 40; i++) {
		arp(court, WAN, "in", i);
		knock(court, LAN, "in", i);
	}
	knock(court, WAN, "in", 50);
	struct event_expect event = verdict_of(court, EXPECT(AT_WAN, .packets = "udp", .count = {2, 2}), 0, 100);
	cr_assert_eq(event.verdict, VERDICT_FAIL);
	cr_assert_str_eq(event.seen, "saw 1; 40 such packets were seen elsewhere, last at firewall:lan in");
	cr_assert(event.packets[0].selected && event.packets[0].matched);
	cr_assert_not(event.packets[1].selected);
	cr_assert_eq(event.packet_count, 1 + 8 + 8);
	event = verdict_of(court, EXPECT(AT_WAN, .count = {0, 0}), 0, 100);
	cr_assert_eq(event.packet_count, 32);
	cr_assert_eq(event.count, 41);
	court_close(court);
}

Test(explain, a_pass_has_the_packets_and_what_was_asked_of_them)
{
	COURT;

	knock(court, WAN, "in", 10);
	struct event_expect event = verdict_of(court,
					       EXPECT(AT_WAN, .packets = "udp", .count = {1, 1}, .as = "call",
						      .fields = matches(court, "ip.ttl", "64", NULL), .payload = PAYLOAD(court, .literal = "knock")),
					       0, 100);
	cr_assert_eq(event.verdict, VERDICT_PASS);
	cr_assert_str_eq(event.expected, "1 packet 'udp' at firewall:wan with ip.ttl 64 and payload 'knock'");
	cr_assert_str_eq(event.as, "call");
	cr_assert_eq(event.count, 1);
	cr_assert_eq(event.opened, 0);
	cr_assert_eq(event.closed, MS(100));
	cr_assert_eq(event.packet_count, 1);
	cr_assert(strstr(event.packets[0].summary, "198.51.100.2:80 > 192.0.2.2:6881"), "%s", event.packets[0].summary);
	cr_assert_eq(event.field_count, 3);
	cr_assert_str_eq(event.fields[0].name, "count");
	cr_assert_str_eq(event.fields[1].name, "ip.ttl");
	cr_assert_str_eq(event.fields[2].name, "payload");
	cr_assert(event.fields[0].held && event.fields[1].held && event.fields[2].held);
	court_close(court);
}

Test(explain, matched_packets_get_the_expectation_as_a_comment)
{
	COURT;
	const struct source source = {.path = "knock.nslab.yaml", .text = ""};
	struct tape_packet *packet = knock(court, WAN, "in", 10), *other = arp(court, WAN, "in", 11);

	passes(court, EXPECT(.node.span = {.source = &source, .line = 52}, AT_WAN, .packets = "udp", .count = {1, 1}), 0, 100, "saw 1");
	cr_assert_str_eq(packet->comment, "knock.nslab.yaml:52: 1 packet 'udp' at firewall:wan");
	cr_assert_null(other->comment);
	fails(court, EXPECT(.node.span = {.source = &source, .line = 58}, AT_WAN, .packets = "udp", .count = {0, 0}), 0, 100,
	      "saw 1: it came 10.0 ms after the window opened, at firewall:wan in");
	cr_assert_str_eq(packet->comment, "knock.nslab.yaml:52: 1 packet 'udp' at firewall:wan\n"
					  "FAIL knock.nslab.yaml:58: no packet 'udp' at firewall:wan");
	court_close(court);
}

Test(explain, an_order_shows_how_far_it_went)
{
	COURT;

	knock(court, WAN, "in", 10);
	struct event_expect event =
		verdict_of(court, EXPECT(AT_WAN, .order = ORDER(court, {.packets = "udp"}, {.packets = "arp"})), 0, 100);
	cr_assert_eq(event.verdict, VERDICT_FAIL);
	cr_assert_eq(event.count, 1);
	cr_assert_eq(event.field_count, 2);
	cr_assert_str_eq(event.fields[0].seen, "packet 1");
	cr_assert(event.fields[0].held);
	cr_assert_str_eq(event.fields[1].expected, "'arp' at firewall:wan");
	cr_assert_str_eq(event.fields[1].seen, "none");
	cr_assert_not(event.fields[1].held);
	court_close(court);
}
