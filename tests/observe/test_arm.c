/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "lab/kernel/netfilter.h"
#include "lab/observe/marker.h"
#include "tests/observe/scene.h"

SCENE_TEST(arm, proves_both_ends_and_strikes_the_markers)
{
	struct scene scene = scene_open(lab, mode, 0);
	struct err err;

	CHECK(!scene.tape->interfaces.items[NEAR].proven);
	CHECK_OK(observer_arm(scene.observer, 5 * NS_PER_S, &err));
	CHECK(scene.tape->interfaces.items[NEAR].proven);
	CHECK(scene.tape->interfaces.items[FAR].proven);
	CHECK(!scene.tape->interfaces.items[NEAR_LO].proven);
	CHECK_OK(observer_fence(scene.observer, 5 * NS_PER_S, &err));
	CHECK(scene.tape->interfaces.items[NEAR].proven);
	scene_drain(&scene);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQ(scene_count(scene.tape, i, false, MARKER_ETHERTYPE) + scene_count(scene.tape, i, true, MARKER_ETHERTYPE), 0);
	scene_close(&scene);
}

SCENE_TEST(arm, frames_that_only_look_like_markers_stay_on_the_tape)
{
	struct scene scene = scene_armed(lab, mode);
	int fd = scene_socket(lab, lab->near);
	const struct marker marker = {.token = 1, .round = 1};
	uint8_t frame[MARKER_LENGTH];

	marker_write(&marker, frame); /* of another observer's token */
	scene_send_bytes(fd, LAB_IFINDEX, frame, sizeof(frame));
	scene_drain(&scene);
	CHECK_EQ(scene_count(scene.tape, NEAR, true, MARKER_ETHERTYPE), 1);
	CHECK_EQ(scene_count(scene.tape, FAR, false, MARKER_ETHERTYPE), 1);
	scene_close(&scene);
}

SCENE_TEST(arm, a_wire_that_is_down_is_left_out_until_it_is_up)
{
	struct err err;

	lab_set_link(lab, lab->far_rtnl, false);
	struct scene scene = scene_armed(lab, mode);
	CHECK(!scene.tape->interfaces.items[NEAR].proven);
	CHECK(!scene.tape->interfaces.items[FAR].proven);
	lab_set_link(lab, lab->far_rtnl, true);
	CHECK_OK(observer_fence(scene.observer, 5 * NS_PER_S, &err));
	CHECK(scene.tape->interfaces.items[NEAR].proven);
	CHECK(scene.tape->interfaces.items[FAR].proven);
	lab_set_link(lab, lab->near_rtnl, false);
	CHECK_OK(observer_fence(scene.observer, 5 * NS_PER_S, &err));
	CHECK(!scene.tape->interfaces.items[NEAR].proven);
	scene_close(&scene);
}

SCENE_TEST(arm, a_silent_wire_is_named)
{
	const struct observer_node nodes[] = {{.netns = lab->near, .name = "near"}};
	struct tape *tape = tape_new();
	struct observer *observer = NULL;
	struct err err;

	/* Nobody watches the far end: nothing answers. */
	array_push(&tape->interfaces, (struct tape_interface){.node = "near", .interface = "end0", .ifindex = LAB_IFINDEX, .wire_end = true});
	CHECK_OK(observer_open(tape, nodes, 1, mode, 0, &observer, &err));
	int64_t began = clock_now();
	CHECK_IS(-ETIMEDOUT, observer_arm(observer, 50 * NS_PER_MS, &err));
	CHECK(clock_now() - began >= 50 * NS_PER_MS);
	if (!strstr(err.text, "near:end0"))
		lab_fail(__FILE__, __LINE__, "'%s' does not name the wire", err.text);
	CHECK(!tape->interfaces.items[0].proven);
	observer_close(observer);
	tape_free(tape);
}

SCENE_TEST(arm, an_end_that_is_not_on_the_tape_answers_where_it_is_watched)
{
	const struct observer_node nodes[] = {{.netns = lab->near, .name = "near"}, {.netns = lab->far, .name = "switch"}};
	struct tape *tape = tape_new();
	struct observer *observer = NULL;
	struct err err;

	array_push(&tape->interfaces, (struct tape_interface){.node = "near", .interface = "end0", .ifindex = LAB_IFINDEX, .wire_end = true});
	CHECK_OK(observer_open(tape, nodes, 2, mode, 0, &observer, &err));
	CHECK_OK(observer_arm(observer, 5 * NS_PER_S, &err));
	CHECK(tape->interfaces.items[0].proven);
	observer_close(observer);
	tape_free(tape);
}

SCENE_TEST(arm, a_rule_that_lets_nothing_out_does_not_make_the_wire_silent)
{
	static const char ruleset[] = "table netdev closed {\n\tchain out {\n\t\ttype filter hook egress device end0 priority 0; policy drop;\n\t}\n}\n";
	unsigned line, column;
	struct err err;

	lab_enter(lab->near);
	if (nftables_apply(ruleset, false, &line, &column, &err) < 0) {
		if (strstr(err.text, "not supported")) /* before Linux 5.16, or configured out */
			lab_skip(err.text);
		lab_fail(__FILE__, __LINE__, "%s", err.text);
	}
	struct scene scene = scene_armed(lab, mode);
	CHECK(!scene.tape->interfaces.items[NEAR].proven);
	CHECK(!scene.tape->interfaces.items[FAR].proven);
	CHECK_OK(nftables_apply("delete table netdev closed\n", false, &line, &column, &err));
	CHECK_OK(observer_fence(scene.observer, 5 * NS_PER_S, &err));
	CHECK(scene.tape->interfaces.items[NEAR].proven);
	CHECK(scene.tape->interfaces.items[FAR].proven);
	scene_close(&scene);
}

SCENE_TEST(arm, a_queueing_discipline_that_lets_nothing_out_is_gone_round)
{
	struct err err;

	/* Larger than its bucket is no frame of sixty bytes ever: tbf drops it. */
	CHECK_OK(rtnl_add_qdisc(lab->near_rtnl, LAB_IFINDEX, "tbf rate 8kbit burst 40 limit 1000", &err));
	CHECK_OK(rtnl_commit(lab->near_rtnl, &err));
	struct scene scene = scene_armed(lab, mode);
	CHECK(scene.tape->interfaces.items[NEAR].proven);
	CHECK(scene.tape->interfaces.items[FAR].proven);
	int fd = scene_socket(lab, lab->near);
	const uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, SCENE_TYPE >> 8, SCENE_TYPE & 0xff};
	const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = LAB_IFINDEX, .sll_halen = 6, .sll_protocol = htons(SCENE_TYPE)};
	CHECK_EQ(sendto(fd, frame, sizeof(frame), 0, (const struct sockaddr *)&to, sizeof(to)), -1);
	scene_drain(&scene);
	CHECK_EQ(scene_count(scene.tape, NEAR, true, SCENE_TYPE), 0);
	scene_close(&scene);
}

SCENE_TEST(arm, bridges_pass_no_marker_on)
{
	struct mac_addr mac = mac_addr_derive("far", "bridge");
	struct rtnl_veth_end port = {.netns = lab->far, .name = "port", .index = 20, .mac = mac_addr_derive("far", "port")};
	struct rtnl_veth_end host = {.netns = lab->near, .name = "beyond", .index = 21, .mac = mac_addr_derive("near", "beyond")};
	struct err err;

	CHECK_OK(rtnl_add_bridge(lab->far_rtnl, "bridge", 19, &mac, false, &err));
	CHECK_OK(rtnl_add_veth(lab->far_rtnl, &port, &host, &err));
	CHECK_OK(rtnl_set_master(lab->far_rtnl, port.index, 19, &err));
	CHECK_OK(rtnl_set_master(lab->far_rtnl, LAB_IFINDEX, 19, &err));
	CHECK_OK(rtnl_set_link(lab->far_rtnl, 19, true, &err));
	CHECK_OK(rtnl_set_link(lab->far_rtnl, port.index, true, &err));
	CHECK_OK(rtnl_commit(lab->far_rtnl, &err));
	CHECK_OK(rtnl_set_link(lab->near_rtnl, host.index, true, &err));
	CHECK_OK(rtnl_sync_link(lab->near_rtnl, host.index, &err));
	CHECK_OK(rtnl_commit(lab->near_rtnl, &err));
	/* Last: a bridge forwards from a port once it has heard of its carrier. */
	CHECK_OK(rtnl_sync_link(lab->far_rtnl, port.index, &err));
	CHECK_OK(rtnl_sync_link(lab->far_rtnl, LAB_IFINDEX, &err));
	CHECK_OK(rtnl_commit(lab->far_rtnl, &err));

	/* The witness takes the other observer's markers for frames like any other. */
	const struct observer_node nodes[] = {{.netns = lab->near, .name = "near"}};
	struct tape *witness_tape = tape_new();
	struct observer *witness = NULL;
	array_push(&witness_tape->interfaces, (struct tape_interface){.node = "near", .interface = "beyond", .ifindex = host.index});
	array_push(&witness_tape->interfaces, (struct tape_interface){.node = "near", .interface = "end0", .ifindex = LAB_IFINDEX});
	CHECK_OK(observer_open(witness_tape, nodes, 1, mode, 0, &witness, &err));

	struct scene scene = scene_armed(lab, mode);
	int fd = scene_socket(lab, lab->near);
	scene_send(fd, 1, 60);
	CHECK_OK(observer_drain(witness, &err));
	CHECK(scene_count(witness_tape, 1, true, MARKER_ETHERTYPE) >= 1);
	CHECK_EQ(scene_count(witness_tape, 0, false, MARKER_ETHERTYPE), 0);
	CHECK_EQ(scene_count(witness_tape, 0, false, SCENE_TYPE), 1); /* the bridge does forward */
	observer_close(witness);
	tape_free(witness_tape);
	scene_close(&scene);
}
