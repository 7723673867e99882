/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lab/kernel/netns.h"
#include "tests/observe/scene.h"

/* --- seeing --- */

SCENE_TEST(observer, a_frame_is_seen_leaving_and_arriving_in_that_order)
{
	struct scene scene = scene_armed(lab, mode);
	int fd = scene_socket(lab, lab->near);

	int64_t before = clock_tape();
	scene_send(fd, 1, 100);
	int64_t after = clock_tape();
	scene_drain(&scene);
	CHECK_EQ(scene_count(scene.tape, NEAR, true, SCENE_TYPE), 1);
	CHECK_EQ(scene_count(scene.tape, FAR, false, SCENE_TYPE), 1);
	CHECK_EQ(scene_count(scene.tape, NEAR, false, SCENE_TYPE), 0);
	CHECK_EQ(scene_count(scene.tape, FAR, true, SCENE_TYPE), 0);

	const struct tape_packet *out = scene_find(scene.tape, NEAR, true, SCENE_TYPE), *in = scene_find(scene.tape, FAR, false, SCENE_TYPE);
	CHECK_EQ(out->length, 100);
	CHECK_EQ(out->captured, 100);
	CHECK_EQ(memcmp(out->data, in->data, 100), 0);
	/* Stamps are the kernel's, made on the way, not at reading. */
	CHECK(before <= out->stamp && out->stamp < in->stamp);
	CHECK(out->stamp <= after);
	scene_close(&scene);
}

SCENE_TEST(observer, a_drain_reads_all_that_was_sent_before_it)
{
	struct scene scene = scene_armed(lab, mode);
	int fd = scene_socket(lab, lab->near);

	for (uint32_t round = 1; round <= 20; round++) {
		for (uint32_t i = 0; i < 10; i++)
			scene_send(fd, i, 1000);
		scene_drain(&scene);
		CHECK_EQ(scene_count(scene.tape, FAR, false, SCENE_TYPE), 10 * round);
	}
	scene_close(&scene);
}

SCENE_TEST(observer, on_lo_only_what_comes_in_counts)
{
	struct scene scene = scene_armed(lab, mode);
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK_EQ(sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)), 1);
	scene_drain(&scene);
	CHECK_EQ(scene_count(scene.tape, NEAR_LO, true, 0x0800), 0);
	CHECK_EQ(scene_count(scene.tape, NEAR_LO, false, 0x0800), 2); /* and the ICMP error that answers it */
	scene_close(&scene);
}

SCENE_TEST(observer, vlan_tags_are_put_back_where_they_were)
{
	struct scene scene = scene_armed(lab, mode);
	int fd = scene_socket(lab, lab->near);
	uint8_t one[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x81, 0x00, 0x60, 0x2a, SCENE_TYPE >> 8, SCENE_TYPE & 0xff, 1};
	uint8_t two[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,	  0,	0, 0, 0, 9, 0x88, 0xa8, 0x00, 0x64,
			   0x81, 0x00, 0x00, 0x07, SCENE_TYPE >> 8, SCENE_TYPE & 0xff, 2};

	scene_send_bytes(fd, LAB_IFINDEX, one, sizeof(one));
	scene_send_bytes(fd, LAB_IFINDEX, two, sizeof(two));
	scene_drain(&scene);
	for (unsigned out = 0; out < 2; out++) {
		const struct tape_packet *packet = scene_find(scene.tape, out ? NEAR : FAR, out, 0x8100);

		CHECK(packet);
		CHECK_EQ(packet->length, sizeof(one));
		CHECK_EQ(memcmp(packet->data, one, sizeof(one)), 0);
		packet = scene_find(scene.tape, out ? NEAR : FAR, out, 0x88a8);
		CHECK(packet);
		CHECK_EQ(packet->length, sizeof(two));
		CHECK_EQ(memcmp(packet->data, two, sizeof(two)), 0);
	}
	scene_close(&scene);
}

LAB_TEST(observer, both_ways_of_watching_see_the_same)
{
	struct scene sockets = scene_armed(lab, OBSERVER_SOCKETS), rings = scene_armed(lab, OBSERVER_RINGS);
	int there = scene_socket(lab, lab->near), back = scene_socket(lab, lab->far);

	for (uint32_t i = 0; i < 300; i++)
		scene_send(i % 3 ? there : back, i, 60 + i);
	scene_drain(&sockets);
	scene_drain(&rings);
	CHECK_EQ(scene_count(sockets.tape, NEAR, true, SCENE_TYPE), 200);
	CHECK_EQ(scene_count(sockets.tape, FAR, true, SCENE_TYPE), 100);

	size_t a = 0, b = 0, same = 0;
	for (;;) {
		/* MLD and the like may have come between the two drains. */
		while (a < sockets.tape->packets.count && sockets.tape->packets.items[a]->data[13] != (SCENE_TYPE & 0xff))
			a++;
		while (b < rings.tape->packets.count && rings.tape->packets.items[b]->data[13] != (SCENE_TYPE & 0xff))
			b++;
		if (a == sockets.tape->packets.count || b == rings.tape->packets.count)
			break;
		const struct tape_packet *one = sockets.tape->packets.items[a++], *two = rings.tape->packets.items[b++];
		CHECK_EQ(one->interface, two->interface);
		CHECK_EQ(one->out, two->out);
		CHECK_EQ(one->length, two->length);
		CHECK_EQ(one->captured, two->captured);
		CHECK_EQ(memcmp(one->data, two->data, one->captured), 0);
		CHECK(one->stamp - two->stamp < NS_PER_MS && two->stamp - one->stamp < NS_PER_MS);
		same++;
	}
	CHECK_EQ(same, 600);
	scene_close(&sockets);
	scene_close(&rings);
}

/* --- losing --- */

SCENE_TEST(observer, what_is_lost_is_counted)
{
	struct scene scene = scene_open(lab, mode, 1); /* the least there is: not even the markers fit for sure */
	int fd = scene_socket(lab, lab->near);
	struct err err;

	CHECK_OK(observer_arm(scene.observer, 5 * NS_PER_S, &err));
	CHECK_OK(observer_check_loss(scene.observer, &err));
	uint64_t before = scene.tape->lost;
	for (uint32_t i = 0; i < 2000; i++)
		scene_send(fd, i, 1500);
	scene_drain(&scene);
	CHECK_OK(observer_check_loss(scene.observer, &err));
	uint64_t lost = scene.tape->lost;
	CHECK(lost > before);
	/* Each of the 4000 sightings was either taken or counted as lost. */
	CHECK(lost - before + scene_count(scene.tape, NEAR, true, SCENE_TYPE) + scene_count(scene.tape, FAR, false, SCENE_TYPE) >= 4000);
	CHECK_OK(observer_check_loss(scene.observer, &err));
	CHECK_EQ(scene.tape->lost, lost);
	scene_close(&scene);
}

SCENE_TEST(observer, a_thousand_frames_fit_by_default)
{
	struct scene scene = scene_armed(lab, mode);
	int fd = scene_socket(lab, lab->near);
	struct err err;

	if (mode == OBSERVER_SOCKETS) { /* an ordinary user's buffer holds 93 full frames (net.core.rmem_max): read between */
		for (uint32_t i = 0; i < 1000; i++) {
			scene_send(fd, i, 1514);
			if (i % 50 == 49)
				scene_drain(&scene);
		}
	} else {
		for (uint32_t i = 0; i < 1000; i++)
			scene_send(fd, i, 1514);
	}
	scene_drain(&scene);
	CHECK_OK(observer_check_loss(scene.observer, &err));
	CHECK_EQ(scene.tape->lost, 0);
	CHECK_EQ(scene_count(scene.tape, NEAR, true, SCENE_TYPE), 1000);
	CHECK_EQ(scene_count(scene.tape, FAR, false, SCENE_TYPE), 1000);
	for (uint32_t n = 0, i = 0; i < scene.tape->packets.count; i++) {
		const struct tape_packet *packet = scene.tape->packets.items[i];

		if (packet->interface == FAR && packet->data[13] == (SCENE_TYPE & 0xff)) {
			CHECK_EQ(memcmp(packet->data + 14, &n, sizeof(n)), 0);
			n++;
		}
	}
	scene_close(&scene);
}

/* --- waking --- */

struct woken {
	struct tape *tape;
	size_t calls;
};

static void on_packet(void *data)
{
	((struct woken *)data)->calls++;
}

static bool has_arrived(void *data)
{
	return scene_count(((struct woken *)data)->tape, FAR, false, SCENE_TYPE) == 1;
}

SCENE_TEST(observer, the_loop_wakes_when_a_frame_comes)
{
	struct scene scene = scene_armed(lab, mode);
	struct woken woken = {.tape = scene.tape};
	int fd = scene_socket(lab, lab->near);
	struct loop *loop = NULL;
	struct err err;

	CHECK_OK(loop_new(&loop, &err));
	CHECK_OK(observer_attach(scene.observer, loop, on_packet, &woken, &err));
	CHECK_OK(loop_poll(loop, &err));
	scene_send(fd, 1, 60);
	CHECK_OK(loop_run(loop, has_arrived, &woken, clock_now() + 5 * NS_PER_S, &err));
	CHECK(woken.calls > 0);
	scene_close(&scene);
	loop_free(loop);
}

/* --- the namespace of the caller --- */

SCENE_TEST(observer, the_caller_stays_in_its_namespace)
{
	char before[64] = "", after[64] = "";

	CHECK(readlink("/proc/thread-self/ns/net", before, sizeof(before) - 1) > 0);
	struct scene scene = scene_open(lab, mode, 0);
	CHECK(readlink("/proc/thread-self/ns/net", after, sizeof(after) - 1) > 0);
	CHECK_EQ(strcmp(before, after), 0);
	scene_close(&scene);
}

SCENE_TEST(observer, a_node_that_cannot_be_entered_is_named)
{
	const struct observer_node nodes[] = {{.netns = lab->near, .name = "near"}, {.netns = 0, .name = "far"}};
	struct tape *tape = tape_new();
	struct observer *observer = NULL;
	struct err err;

	int r = observer_open(tape, nodes, COUNT_OF(nodes), mode, 0, &observer, &err);
	CHECK(r < 0);
	CHECK(!observer);
	if (!strstr(err.text, "far"))
		lab_fail(__FILE__, __LINE__, "'%s' does not name the node", err.text);
	tape_free(tape);
}
