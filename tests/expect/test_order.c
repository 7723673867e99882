/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/expect/court.h"

#define COURT struct court *court = court_open()

static struct selection_node entry(struct court *court, const char *place, int dir, const char *packets)
{
	return (struct selection_node){.at = at(court, place, NULL), .dir = dir, .packets = packets};
}

Test(order, matches_follow_each_other_and_others_may_lie_between)
{
	COURT;

	knock(court, OUTSIDE, "out", 10);
	arp(court, WAN, "out", 11);
	knock(court, WAN, "in", 12);
	knock(court, LAN, "out", 13);
	const struct expect_node *expect = EXPECT(.order = ORDER(court, entry(court, "outside:eth0", DIR_OUT, "udp"),
								 entry(court, "firewall:wan", DIR_IN, "udp"),
								 entry(court, "firewall:lan", DIR_OUT, "udp")));
	passes(court, expect, 0, 100, "saw them in order: packets 1, 3 and 4");
	fails(court, expect, 0, 13,
	      "saw the first 2 of 3 (packets 1 and 3), but then no 'udp' at firewall:lan out");
	fails(court, expect, 11, 100, "saw no 'udp' at outside:eth0 out");
	court_close(court);
}

Test(order, an_earlier_match_does_not_count)
{
	COURT;

	knock(court, WAN, "in", 10);
	knock(court, OUTSIDE, "out", 12);
	const struct expect_node *expect = EXPECT(.order = ORDER(court, entry(court, "outside:eth0", DIR_OUT, "udp"),
								 entry(court, "firewall:wan", DIR_IN, "udp")));
	fails(court, expect, 0, 100,
	      "saw the first 1 of 2 (packet 2), but then no 'udp' at firewall:wan in: packet 1 came 2.00 ms before packet 2");
	court_close(court);
}

Test(order, equal_stamps_are_no_order)
{
	COURT;

	knock(court, OUTSIDE, "out", 10);
	knock(court, WAN, "in", 10);
	fails(court, EXPECT(.order = ORDER(court, entry(court, "outside:eth0", DIR_OUT, "udp"), entry(court, "firewall:wan", DIR_IN, "udp"))), 0,
	      100,
	      "saw the first 1 of 2 (packet 1), but then no 'udp' at firewall:wan in: packet 2 came with the same stamp as packet 1, "
	      "which is no order");
	court_close(court);
}

Test(order, one_packet_does_not_serve_two_entries)
{
	COURT;
	const struct expect_node *expect =
		EXPECT(.order = ORDER(court, entry(court, "firewall:wan", DIR_IN, "udp"), entry(court, "firewall:wan", DIR_IN, "udp")));
	struct judge *judge = judge_of(court, expect);

	knock(court, WAN, "in", 10);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_OPEN);
	cr_assert_eq(judge_lower_bound(judge), 1);
	cr_assert_not(judge_has_upper_bound(judge));
	knock(court, WAN, "in", 11);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_MET);
	judge_free(judge);
	court_close(court);
}

Test(order, a_repeated_match_leaves_room_for_those_behind_it)
{
	COURT;

	/* a a b a b: the greedy choice takes the first of each. */
	knock(court, WAN, "in", 10);
	knock(court, WAN, "in", 11);
	arp(court, WAN, "in", 12);
	knock(court, WAN, "in", 13);
	arp(court, WAN, "in", 14);
	passes(court,
	       EXPECT(.order = ORDER(court, entry(court, "firewall:wan", DIR_IN, "udp"), entry(court, "firewall:wan", DIR_IN, "arp"),
				     entry(court, "firewall:wan", DIR_IN, "udp"), entry(court, "firewall:wan", DIR_IN, "arp"))),
	       0, 100, "saw them in order: packets 1, 3, 4 and 5");
	court_close(court);
}

Test(order, entries_have_the_expectations_place_and_direction_where_they_name_none)
{
	COURT;

	arp(court, LAN, "in", 9);
	arp(court, WAN, "in", 10);
	knock(court, WAN, "in", 12);
	passes(court,
	       EXPECT(.at = at(court, "firewall:wan", NULL), .dir = DIR_IN,
		      .order = ORDER(court, {.packets = "arp"}, {.packets = "udp", .where = matches(court, "ip.ttl", "64", NULL)})),
	       0, 100, "saw them in order: packets 2 and 3");
	refused(court, EXPECT(.order = ORDER(court, {.packets = "arp"})), "order, entry 1: 'at' is missing");
	court_close(court);
}

Test(order, a_named_packet_counts_wherever_it_lies)
{
	COURT;

	named_packet_set(court->names, "question", knock(court, OUTSIDE, "out", 5));
	knock(court, WAN, "in", 12);
	passes(court, EXPECT(.order = ORDER(court, {.named = "question"}, entry(court, "firewall:wan", DIR_IN, "udp"))), 10, 100,
	       "saw them in order: packets 1 and 2");
	fails(court, EXPECT(.order = ORDER(court, entry(court, "firewall:wan", DIR_IN, "udp"), {.named = "question"})), 10, 100,
	      "saw the first 1 of 2 (packet 2), but then no packet 'question': packet 1 came 7.00 ms before packet 2");
	fails(court, EXPECT(.order = ORDER(court, {.named = "answer"}, entry(court, "firewall:wan", DIR_IN, "udp"))), 10, 100,
	      "no packet was named 'answer'");
	court_close(court);
}

Test(order, strict_forbids_others_between_at_its_places)
{
	COURT;
	const struct expect_node *expect = EXPECT(.strict = true, .order = ORDER(court, entry(court, "outside:eth0", DIR_OUT, "udp"),
										 entry(court, "firewall:wan", DIR_IN, "udp")));

	knock(court, OUTSIDE, "out", 10);
	arp(court, LAN, "out", 11);
	arp(court, WAN, "out", 11);
	knock(court, WAN, "in", 13);
	passes(court, expect, 0, 100, "saw them in order: packets 1 and 4");
	arp(court, WAN, "in", 12);
	fails(court, expect, 0, 100, "saw them in order (packets 1 and 5), but packet 4 lies between, at firewall:wan in");
	court_close(court);
}

Test(order, strict_finds_the_stretch_that_fits_though_it_is_not_the_first)
{
	COURT;
	const struct expect_node *expect =
		EXPECT(.strict = true, .at = at(court, "firewall:wan", NULL), .order = ORDER(court, {.packets = "udp"}, {.packets = "arp"}));

	knock(court, WAN, "in", 10);
	knock(court, WAN, "in", 11);
	arp(court, WAN, "in", 12);
	passes(court, expect, 0, 100, "saw them in order: packets 2 and 3");
	court_close(court);
}

Test(order, strict_does_not_believe_an_order_of_equal_stamps)
{
	COURT;
	const struct expect_node *expect =
		EXPECT(.strict = true, .at = at(court, "firewall:wan", NULL), .order = ORDER(court, {.packets = "udp"}, {.packets = "arp"}));

	knock(court, WAN, "in", 10);
	arp(court, WAN, "in", 11);
	passes(court, expect, 0, 100, "saw them in order: packets 1 and 2");
	knock(court, WAN, "out", 11);
	fails(court, expect, 0, 100, "saw them in order (packets 1 and 2), but packet 3 lies between, at firewall:wan out");
	court_close(court);
}

Test(order, strict_keeps_a_named_packets_place_in_view)
{
	COURT;

	named_packet_set(court->names, "question", knock(court, OUTSIDE, "out", 5));
	arp(court, OUTSIDE, "out", 6);
	knock(court, WAN, "in", 12);
	fails(court, EXPECT(.strict = true, .order = ORDER(court, {.named = "question"}, entry(court, "firewall:wan", DIR_IN, "udp"))), 0, 100,
	      "saw them in order (packets 1 and 3), but packet 2 lies between, at outside:eth0 out");
	court_close(court);
}
