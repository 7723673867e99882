/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/expect/court.h"

#define COURT struct court *court = court_open()

/* --- selecting --- */

Test(judge, selects_by_place_direction_and_filter)
{
	COURT;

	knock(court, OUTSIDE, "out", 10);
	knock(court, WAN, "in", 11);
	arp(court, WAN, "in", 12);
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .dir = DIR_IN, .packets = "udp dst port 6881", .count = {1, 1}), 0, 100,
	       "saw 1");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .dir = DIR_OUT, .packets = "udp", .count = {0, 0}), 0, 100, "saw none");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {2, 2}), 0, 100, "saw 2");
	court_close(court);
}

Test(judge, a_node_means_its_wire_ends_and_not_lo)
{
	COURT;

	knock(court, WAN, "in", 10);
	knock(court, LAN, "out", 11);
	knock(court, LO, "in", 12);
	passes(court, EXPECT(.at = at(court, "firewall", NULL), .count = {2, 2}), 0, 100, "saw 2");
	passes(court, EXPECT(.at = at(court, "firewall", NULL), .dir = DIR_IN, .count = {1, 1}), 0, 100, "saw 1");
	passes(court, EXPECT(.at = at(court, "firewall:lo", NULL), .count = {1, 1}), 0, 100, "saw 1");
	court_close(court);
}

Test(judge, a_list_of_places_is_their_union)
{
	COURT;

	knock(court, OUTSIDE, "out", 10);
	knock(court, WAN, "in", 11);
	knock(court, LAN, "out", 12);
	passes(court, EXPECT(.at = at(court, "outside:eth0", "firewall:lan", NULL), .dir = DIR_OUT, .count = {2, 2}), 0, 100, "saw 2");
	passes(court, EXPECT(.at = at(court, "outside", "outside:eth0", NULL), .count = {1, 1}), 0, 100, "saw 1");
	court_close(court);
}

Test(judge, where_selects_and_fields_must_hold)
{
	COURT;

	udp_ttl(court, WAN, "in", 10, "198.51.100.2:80", "192.0.2.2:6881", "a", "64");
	udp_ttl(court, WAN, "in", 11, "198.51.100.2:80", "192.0.2.2:6881", "b", "1");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .where = matches(court, "ip.ttl", "1", NULL), .count = {1, 1}), 0, 100,
	       "saw 1");
	fails(court, EXPECT(.at = at(court, "firewall:wan", NULL), .packets = "udp", .fields = matches(court, "ip.ttl", "64", NULL)), 0, 100,
	      "saw 2, but 1 of them does not hold: in packet 2, ip.ttl was 1, expected 64");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .packets = "udp", .fields = matches(court, "ip.ttl", "64|1", NULL)), 0, 100,
	       "saw 2");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .packets = "udp", .fields = matches(court, "ip.ttl", "1..64", NULL)), 0, 100,
	       "saw 2");
	court_close(court);
}

Test(judge, not_wants_a_field_that_is_there_and_another)
{
	COURT;

	udp_ttl(court, WAN, "in", 10, "198.51.100.2:80", "192.0.2.2:6881", "a", "64");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .fields = matches(court, "ip.ttl", "!63", NULL)), 0, 100, "saw 1");
	fails(court, EXPECT(.at = at(court, "firewall:wan", NULL), .fields = matches(court, "ip.ttl", "!63|64", NULL)), 0, 100,
	      "saw 1, but its ip.ttl was 64, expected not 63 or 64");
	fails(court, EXPECT(.at = at(court, "firewall:wan", NULL), .fields = matches(court, "tcp.srcport", "!80", NULL)), 0, 100,
	      "saw 1, but its tcp.srcport was absent, expected not 80");
	court_close(court);
}

/* --- the window --- */

Test(judge, the_window_holds_its_first_moment_and_not_its_last)
{
	COURT;

	knock(court, WAN, "in", 10);
	knock(court, WAN, "in", 20);
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {1, 1}), 10, 20, "saw 1");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {0, 0}), 11, 20, "saw none");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {2, 2}), 10, 21, "saw 2");
	passes(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {2, 2}), 10, NEVER, "saw 2");
	court_close(court);
}

Test(judge, a_late_packet_breaks_an_upper_bound)
{
	COURT;
	struct judge *judge = judge_of(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {1, 1}));

	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_OPEN);
	knock(court, WAN, "in", 10);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_MET);
	knock(court, WAN, "in", 31);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_BROKEN);
	cr_assert_eq(state_of(judge, 0, 31), JUDGE_MET, "the window closed before it came");
	judge_free(judge);
	fails(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {1, 1}), 0, 100,
	      "saw 2: the 2nd came 31.0 ms after the window opened, at firewall:wan in");
	fails(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {0, 1}), 0, 100,
	      "saw 2: the 2nd came 31.0 ms after the window opened, at firewall:wan in");
	court_close(court);
}

Test(judge, an_absence_is_broken_by_one_packet)
{
	COURT;
	struct judge *judge = judge_of(court, EXPECT(.at = at(court, "firewall:wan", NULL), .packets = "udp", .count = {0, 0}));

	cr_assert_eq(judge_lower_bound(judge), 0);
	cr_assert(judge_has_upper_bound(judge));
	arp(court, WAN, "in", 5);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_MET);
	knock(court, WAN, "in", 31);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_BROKEN);
	judge_free(judge);
	fails(court, EXPECT(.at = at(court, "firewall:wan", NULL), .packets = "udp", .count = {0, 0}), 0, 100,
	      "saw 1: it came 31.0 ms after the window opened, at firewall:wan in");
	court_close(court);
}

Test(judge, a_lower_bound_alone_is_never_broken)
{
	COURT;
	struct judge *judge = judge_of(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {2, INT64_MAX}));

	cr_assert_eq(judge_lower_bound(judge), 2);
	cr_assert_not(judge_has_upper_bound(judge));
	knock(court, WAN, "in", 1);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_OPEN);
	for (int i = 2; i < 10; i++)
		knock(court, WAN, "in", i);
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_MET);
	judge_free(judge);
	court_close(court);
}

Test(judge, a_packet_that_arrives_out_of_order_is_judged_by_its_stamp)
{
	COURT;
	const struct expect_node *expect = EXPECT(.at = at(court, "firewall:wan", NULL), .count = {2, 2}, .as = "first");
	struct judge *judge = judge_of(court, expect);

	knock(court, WAN, "in", 20);
	cr_assert_eq(state_of(judge, 10, NEVER), JUDGE_OPEN);
	knock(court, WAN, "in", 9);
	cr_assert_eq(state_of(judge, 10, NEVER), JUDGE_OPEN, "before the window, though it arrived within");
	struct tape_packet *first = knock(court, WAN, "in", 15);
	cr_assert_eq(state_of(judge, 10, NEVER), JUDGE_MET);
	cr_assert_eq(named_packet(court->names, "first"), first);
	judge_free(judge);
	court_close(court);
}

Test(judge, a_field_that_does_not_hold_cannot_be_mended)
{
	COURT;
	struct judge *judge =
		judge_of(court, EXPECT(.at = at(court, "firewall:wan", NULL), .count = {2, 2}, .fields = matches(court, "ip.ttl", "63", NULL)));

	udp_ttl(court, WAN, "in", 10, "198.51.100.2:80", "192.0.2.2:6881", "a", "64");
	cr_assert_eq(state_of(judge, 0, NEVER), JUDGE_BROKEN);
	cr_assert_eq(state_of(judge, 0, 10), JUDGE_OPEN, "the packet lies outside this window");
	judge_free(judge);
	court_close(court);
}

/* --- payloads --- */

#define AT_WAN .at = at(court, "firewall:wan", NULL)

Test(judge, payloads_are_compared_whole)
{
	COURT;

	knock(court, WAN, "in", 10);
	passes(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .literal = "knock")), 0, 100, "saw 1");
	fails(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .literal = "knack")), 0, 100,
	      "saw 1, but its payload was 'knock' (5 bytes), the first 2 bytes are as wanted, expected 'knack'");
	fails(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .literal = "knock knock")), 0, 100,
	      "saw 1, but its payload was 'knock' (5 bytes), expected 'knock knock'");
	fails(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .literal = "")), 0, 100, "saw 1, but its payload was 'knock' (5 bytes), expected ''");
	passes(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .hex = "6b 6e:6f636b")), 0, 100, "saw 1");
	court_close(court);
}

Test(judge, payloads_are_searched_and_digested)
{
	COURT;

	knock(court, WAN, "in", 10);
	passes(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .contains = "noc")), 0, 100, "saw 1");
	fails(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .contains = "nock!")), 0, 100,
	      "saw 1, but its payload was 'knock' (5 bytes), expected containing 'nock!'");
	passes(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .sha256 = "392245974134021AA670D26753655BAA3F14E09C2148169FF9172EE6D8E4F03A")),
	       0, 100, "saw 1");
	fails(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
	      0, 100,
	      "saw 1, but its payload was 'knock' (5 bytes), SHA-256 392245974134021aa670d26753655baa3f14e09c2148169ff9172ee6d8e4f03a, "
	      "expected of SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	court_close(court);
}

Test(judge, payloads_are_compared_with_a_named_packet)
{
	COURT;

	named_packet_set(court->names, "question", knock(court, WAN, "in", 1));
	knock(court, LAN, "out", 10);
	udp(court, LAN, "out", 11, "198.51.100.2:80", "192.0.2.2:6881", "other");
	fails(court, EXPECT(.at = at(court, "firewall:lan", NULL), .payload = PAYLOAD(court, .same_as = "question")), 0, 100,
	      "saw 2, but 1 of them does not hold: in packet 3, payload was 'other' (5 bytes), expected as in question");
	passes(court, EXPECT(.at = at(court, "firewall:lan", NULL), .payload = PAYLOAD(court, .same_as = "question")), 0, 11, "saw 1");
	court_close(court);
}

Test(judge, payload_bytes_of_files_and_steps_are_the_callers)
{
	COURT;

	knock(court, WAN, "in", 10);
	refused(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .same_as = "nobody")), "payload: nobody: nothing is called so");
	court->file = "knock";
	passes(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .file = "knock.bin")), 0, 100, "saw 1");
	passes(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .random = 5)), 0, 100, "saw 1");
	passes(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .same_as = "the step")), 0, 100, "saw 1");
	court->file = "knack";
	fails(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .file = "knock.bin")), 0, 100,
	      "saw 1, but its payload was 'knock' (5 bytes), the first 2 bytes are as wanted, expected as in the file knock.bin");
	court_close(court);
}

Test(judge, a_frame_that_was_cut_has_no_payload_to_compare)
{
	COURT;
	struct tape_packet *packet = knock(court, WAN, "in", 10);

	packet->length += 1000;
	fails(court, EXPECT(AT_WAN, .payload = PAYLOAD(court, .literal = "knock")), 0, 100,
	      "saw 1, but its payload was 'knock' (5 bytes), the frame is cut after 47 of 1047 bytes, expected 'knock'");
	court_close(court);
}

/* --- names and latency --- */

Test(judge, as_names_the_first_match_once_the_lower_bound_is_met)
{
	COURT;
	struct judge *judge = judge_of(court, EXPECT(AT_WAN, .count = {2, INT64_MAX}, .as = "twin"));
	struct tape_packet *first = knock(court, WAN, "in", 10);

	state_of(judge, 0, NEVER);
	cr_assert_null(named_packet(court->names, "twin"));
	knock(court, WAN, "in", 11);
	state_of(judge, 0, NEVER);
	cr_assert_eq(named_packet(court->names, "twin"), first);
	judge_free(judge);
	court_close(court);
}

Test(judge, gap_is_the_time_after_a_named_packet)
{
	COURT;

	named_packet_set(court->names, "question", knock(court, WAN, "in", 10));
	knock(court, LAN, "out", 30);
	passes(court, EXPECT(.at = at(court, "firewall:lan", NULL), .after = "question"), 0, 100, "saw 1");
	passes(court, EXPECT(.at = at(court, "firewall:lan", NULL), .after = "question", .gap = {0, MS(20)}), 0, 100, "saw 1");
	fails(court, EXPECT(.at = at(court, "firewall:lan", NULL), .after = "question", .gap = {0, MS(20) - 1}), 0, 100,
	      "saw 1, the first 20.0 ms after 'question'");
	fails(court, EXPECT(.at = at(court, "firewall:lan", NULL), .after = "question", .gap = {MS(21), INT64_MAX}), 0, 100,
	      "saw 1, the first 20.0 ms after 'question'");
	court_close(court);
}

Test(judge, after_wants_a_later_stamp_not_an_equal_one)
{
	COURT;

	named_packet_set(court->names, "question", knock(court, WAN, "in", 10));
	knock(court, LAN, "out", 10);
	fails(court, EXPECT(.at = at(court, "firewall:lan", NULL), .after = "question"), 0, 100,
	      "saw 1, the first with the same stamp as 'question', which is no order");
	knock(court, INSIDE, "in", 7);
	fails(court, EXPECT(.at = at(court, "inside:eth0", NULL), .after = "question"), 0, 100, "saw 1, the first 3.00 ms before 'question'");
	fails(court, EXPECT(.at = at(court, "inside:eth0", NULL), .after = "answer"), 0, 100, "no packet was named 'answer'");
	court_close(court);
}

/* --- what is refused --- */

Test(judge, refuses_what_cannot_be_judged)
{
	COURT;

	refused(court, EXPECT(.packets = "udp"), "'at' is missing");
	refused(court, EXPECT(.at = at(court, "firewall:dmz", NULL)), "no interface firewall:dmz");
	refused(court, EXPECT(.at = at(court, "nobody", NULL)), "the node nobody");
	refused(court, EXPECT(AT_WAN, .packets = "udp dst prot 1"), "packets: 'udp dst prot 1'");
	refused(court, EXPECT(AT_WAN, .fields = matches(court, "ip.tll", "1", NULL)), "ip.ttl");
	refused(court, EXPECT(AT_WAN, .where = matches(court, "ip.ttl", "many", NULL)), "many");
	refused(court, EXPECT(AT_WAN, .count = {0, 0}, .fields = matches(court, "ip.ttl", "1", NULL)), "count: 0 leaves no packet");
	refused(court, EXPECT(AT_WAN, .count = {0, 0}, .payload = PAYLOAD(court, .literal = "x")), "count: 0 leaves no packet");
	refused(court, EXPECT(AT_WAN, .count = {3, 2}), "count");
	court_close(court);
}

/* --- loss --- */

Test(judge, a_tape_with_holes_is_an_error_whatever_is_on_it)
{
	COURT;

	knock(court, WAN, "in", 10);
	court->tape->lost = 3;
	struct event_expect event = verdict_of(court, EXPECT(AT_WAN, .count = {1, 1}), 0, 100);
	cr_assert_eq(event.verdict, VERDICT_ERROR);
	cr_assert_str_eq(event.seen, "the observer lost 3 packets: nothing can be said of what it saw");
	court_close(court);
}
