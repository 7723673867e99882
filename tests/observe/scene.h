/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab of two nodes and a wire (tests/drivers/lab.h) with an observer over it. */
#pragma once

#include "lab/base/clock.h"
#include "lab/observe/observer.h"
#include "tests/drivers/lab.h"

/* near's lo and end0, far's lo and end0: indexes on the tape. */
enum { NEAR_LO, NEAR, FAR_LO, FAR };

struct scene {
	struct lab *lab;
	struct tape *tape;
	struct observer *observer;
};

/* Opens over both nodes; not armed yet. */
struct scene scene_open(struct lab *lab, enum observer_mode mode, size_t buffer_bytes);
/* The same, armed. */
struct scene scene_armed(struct lab *lab, enum observer_mode mode);
void scene_close(struct scene *scene);
void scene_drain(struct scene *scene);

/* EtherType of the frames of these tests: IEEE 802 local experimental number 2 (0x88b6), which nobody else here uses. */
#define SCENE_TYPE 0x88b6
/* Writes a frame of `length` bytes, numbered, out of end0 of the node that the caller is in. */
void scene_send(int socket, uint32_t number, size_t length);
void scene_send_bytes(int socket, int ifindex, const void *frame, size_t length);
/* A packet socket in `netns` to send from; the caller is in near again afterwards. */
int scene_socket(struct lab *lab, int netns);
/* Packets on the tape with that EtherType (at offset 12) at that place. */
size_t scene_count(const struct tape *tape, uint32_t interface, bool out, unsigned type);
const struct tape_packet *scene_find(const struct tape *tape, uint32_t interface, bool out, unsigned type);

/* LAB_TEST, once with sockets and once with rings; `mode` is at hand. */
#define SCENE_TEST(suite, name)                                                           \
	static void both_##name(struct lab *lab, enum observer_mode mode);                \
	LAB_TEST(suite, name##__by_sockets) { both_##name(lab, OBSERVER_SOCKETS); }       \
	LAB_TEST(suite, name##__by_rings) { both_##name(lab, OBSERVER_RINGS); }           \
	static void both_##name(struct lab *lab, enum observer_mode mode)
