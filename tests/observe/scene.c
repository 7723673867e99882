/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab of two nodes and a wire (tests/drivers/lab.h) with an observer over it. */
#include "tests/observe/scene.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

struct scene scene_open(struct lab *lab, enum observer_mode mode, size_t buffer_bytes)
{
	const struct tape_interface interfaces[] = {
		[NEAR_LO] = {.node = "near", .interface = "lo", .node_index = 0, .ifindex = 1, .link = -1},
		[NEAR] = {.node = "near", .interface = "end0", .node_index = 0, .ifindex = LAB_IFINDEX, .wire_end = true, .link = 0},
		[FAR_LO] = {.node = "far", .interface = "lo", .node_index = 1, .ifindex = 1, .link = -1},
		[FAR] = {.node = "far", .interface = "end0", .node_index = 1, .ifindex = LAB_IFINDEX, .wire_end = true, .link = 0},
	};
	const struct observer_node nodes[] = {{.netns = lab->near, .name = "near"}, {.netns = lab->far, .name = "far"}};
	struct scene scene = {.lab = lab, .tape = tape_new()};
	struct err err;

	for (size_t i = 0; i < COUNT_OF(interfaces); i++)
		array_push(&scene.tape->interfaces, interfaces[i]);
	CHECK_OK(observer_open(scene.tape, nodes, COUNT_OF(nodes), mode, buffer_bytes, &scene.observer, &err));
	return scene;
}

struct scene scene_armed(struct lab *lab, enum observer_mode mode)
{
	struct scene scene = scene_open(lab, mode, 0);
	struct err err;

	CHECK_OK(observer_arm(scene.observer, 5 * NS_PER_S, &err));
	return scene;
}

void scene_close(struct scene *scene)
{
	observer_close(scene->observer);
	tape_free(scene->tape);
}

void scene_drain(struct scene *scene)
{
	struct err err;

	CHECK_OK(observer_drain(scene->observer, &err));
}

int scene_socket(struct lab *lab, int netns)
{
	lab_enter(netns);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	lab_enter(lab->near);
	return fd;
}

void scene_send_bytes(int fd, int ifindex, const void *frame, size_t length)
{
	const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = 6, .sll_protocol = htons(SCENE_TYPE)};

	CHECK_EQ(sendto(fd, frame, length, 0, (const struct sockaddr *)&to, sizeof(to)), length);
}

void scene_send(int fd, uint32_t number, size_t length)
{
	uint8_t frame[1514] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, SCENE_TYPE >> 8, SCENE_TYPE & 0xff};

	memcpy(frame + 14, &number, sizeof(number));
	scene_send_bytes(fd, LAB_IFINDEX, frame, length);
}

static bool is_it(const struct tape_packet *packet, uint32_t interface, bool out, unsigned type)
{
	return packet->interface == interface && packet->out == out && packet->captured >= 14 &&
	       (unsigned)(packet->data[12] << 8 | packet->data[13]) == type;
}

size_t scene_count(const struct tape *tape, uint32_t interface, bool out, unsigned type)
{
	size_t count = 0;

	for (size_t i = 0; i < tape->packets.count; i++)
		count += is_it(tape->packets.items[i], interface, out, type);
	return count;
}

const struct tape_packet *scene_find(const struct tape *tape, uint32_t interface, bool out, unsigned type)
{
	for (size_t i = 0; i < tape->packets.count; i++)
		if (is_it(tape->packets.items[i], interface, out, type))
			return tape->packets.items[i];
	return NULL;
}
