/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arming the observer: marker frames over every wire, and within a node. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lab/base/clock.h"
#include "lab/observe/marker.h"
#include "lab/observe/watch.h"

/*
 * Theory of operation
 *
 * A round sends a marker from every end that is live and reads until each has
 * seen one leave and one arrive. On an idle machine all of it is there at the
 * first reading, since a frame crosses a veth within the sender's own system
 * call. Where it is not (a busy machine, a queueing discipline that delays or
 * loses), another round follows, after a pause that doubles.
 *
 * A segment of three or more ends is a switch that nslab made and that is not on
 * the tape: there a marker that arrives is answered, from where it arrived.
 *
 * A queueing discipline or tc filter may stand in the marker's way for good, and
 * then its owner wants it so. So after a few rounds markers also go round them
 * (PACKET_QDISC_BYPASS), and arriving is enough. A netfilter egress hook cannot
 * be passed: where it refuses the marker (ENOBUFS) the end is closed, nobody
 * waits for what it cannot send, and neither end counts as proven.
 */
#define LOOPBACK_INDEX 1
#define FIRST_PAUSE NS_PER_MS
#define LONGEST_PAUSE (100 * NS_PER_MS)
#define ROUNDS_BEFORE_BYPASS 4u
#define STAMP_PAUSE (20 * NS_PER_US)

/* 0, or the negative errno of sendto(2): an interface may be down by now. */
static int send_marker(struct watch *watch, int ifindex, uint32_t round, uint32_t from, uint32_t answer)
{
	const struct marker marker = {.token = watch->observer->token, .round = round, .from = from, .answer = answer};
	const struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_protocol = htons(MARKER_ETHERTYPE), .sll_halen = 6,
	};
	uint8_t frame[MARKER_LENGTH];

	marker_write(&marker, frame);
	return sendto(watch->marker_fd, frame, sizeof(frame), MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

static bool same_wire(const struct tape *tape, uint32_t a, uint32_t b)
{
	return a < tape->interfaces.count && a != b && tape->interfaces.items[a].link == tape->interfaces.items[b].link;
}

void watch_note_marker(struct watch *watch, const struct marker *marker, int ifindex, const struct watch_interface *at, bool out)
{
	struct observer *observer = watch->observer;

	if (marker->round > watch->round)
		watch->round = marker->round;
	if (!at) {
		if (!out && marker->answer == MARKER_NOWHERE && marker->from != MARKER_NOWHERE)
			send_marker(watch, ifindex, marker->round, MARKER_NOWHERE, marker->from);
		return;
	}
	struct watch_end *end = &observer->ends[at->interface];
	if (out && marker->from == at->interface && marker->round > end->out)
		end->out = marker->round;
	if (!out && (marker->answer == at->interface || same_wire(observer->tape, marker->from, at->interface)) && marker->round > end->in)
		end->in = marker->round;
}

/* Up, with carrier: on a veth that says the peer is up as well. ETHTOOL_GLINK knows before the operational state follows. */
static bool is_live(const struct watch *watch, const char *interface, bool trust_flags)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(watch->marker_fd, SIOCGIFFLAGS, &request) < 0 || !(request.ifr_flags & IFF_UP))
		return false;
	bool running = request.ifr_flags & IFF_RUNNING;
	if (running && trust_flags)
		return true;
	request.ifr_data = (char *)&link;
	return ioctl(watch->marker_fd, SIOCETHTOOL, &request) < 0 ? running : link.data != 0;
}

static void find_live_ends(struct observer *observer, bool trust_flags)
{
	for (size_t i = 0; i < observer->count; i++) {
		const struct watch *watch = &observer->watches[i];

		for (size_t k = 0; k < watch->interfaces.count; k++) {
			uint32_t index = watch->interfaces.items[k].interface;
			const struct tape_interface *interface = &observer->tape->interfaces.items[index];

			observer->ends[index].live = interface->wire_end && is_live(watch, interface->interface, trust_flags);
		}
	}
}

static void set_bypass(struct observer *observer, bool on)
{
	int value = on;

	for (size_t i = 0; i < observer->count; i++)
		setsockopt(observer->watches[i].marker_fd, SOL_PACKET, PACKET_QDISC_BYPASS, &value, sizeof(value));
}

static void send_round(struct observer *observer)
{
	observer->round++;
	for (size_t i = 0; i < observer->count; i++) {
		struct watch *watch = &observer->watches[i];

		for (size_t k = 0; k < watch->interfaces.count; k++) {
			const struct watch_interface *at = &watch->interfaces.items[k];
			struct watch_end *end = &observer->ends[at->interface];

			if (end->live)
				end->closed = send_marker(watch, at->ifindex, observer->round, at->interface, MARKER_NOWHERE) == -ENOBUFS;
		}
	}
}

static bool is_proven(const struct observer *observer, size_t i, uint32_t since)
{
	const struct watch_end *end = &observer->ends[i];

	return end->live && end->in >= since && (end->out >= since || (observer->bypass && !end->closed));
}

static bool has_closed_peer(const struct observer *observer, size_t i)
{
	for (size_t k = 0; k < observer->tape->interfaces.count; k++)
		if (observer->ends[k].closed && same_wire(observer->tape, (uint32_t)k, (uint32_t)i))
			return true;
	return false;
}

/* Nothing more is to come there: proven, or closed for good. */
static bool is_done(const struct observer *observer, size_t i, uint32_t since)
{
	const struct watch_end *end = &observer->ends[i];

	if (!end->live || is_proven(observer, i, since))
		return true;
	return observer->bypass && (end->out >= since || end->closed || end->in >= since) && (end->in >= since || has_closed_peer(observer, i));
}

/* The first end that is still silent, or NULL. */
static const struct tape_interface *find_silent(const struct observer *observer, uint32_t since)
{
	for (size_t i = 0; i < observer->tape->interfaces.count; i++)
		if (!is_done(observer, i, since))
			return &observer->tape->interfaces.items[i];
	return NULL;
}

/* 0 all have spoken, 1 not by `until`, negative an error. */
static int read_round(struct observer *observer, uint32_t since, int64_t until, struct err *err)
{
	for (;;) {
		int r = observer_read(observer, err);

		if (r < 0)
			return r;
		if (!find_silent(observer, since))
			return 0;
		if (clock_now() >= until)
			return 1;
		r = observer_wait(observer, until, err);
		if (r < 0)
			return r;
	}
}

static int say_silent(const struct observer *observer, uint32_t since, int64_t within, struct err *err)
{
	const struct tape_interface *silent = find_silent(observer, since);
	struct text span = {0};
	int r;

	clock_add_span(&span, within);
	if (!silent)
		r = err_set(err, -ETIMEDOUT, "no marker frame came through within %s", text_str(&span));
	else
		r = err_set(err, -ETIMEDOUT,
			    "the wire at %s:%s is silent: it is up, but the observer's marker frames have not crossed it within %s",
			    silent->node, silent->interface, text_str(&span));
	text_free(&span);
	return r;
}

/* Over any interface that is up: the copy that leaves is seen in this node already. False where there is none. */
static bool send_within(struct watch *watch)
{
	uint32_t round = watch->observer->round;

	if (send_marker(watch, LOOPBACK_INDEX, round, MARKER_NOWHERE, MARKER_NOWHERE) == 0)
		return true;
	for (size_t i = 0; i < watch->interfaces.count; i++) {
		const struct watch_interface *at = &watch->interfaces.items[i];
		const char *name = watch->observer->tape->interfaces.items[at->interface].interface;

		if (is_live(watch, name, false) && send_marker(watch, at->ifindex, round, MARKER_NOWHERE, MARKER_NOWHERE) == 0)
			return true;
	}
	return false;
}

int observer_sync(struct observer *observer, int64_t until, struct err *err)
{
	uint32_t round = ++observer->round;
	size_t waiting = 0;

	for (size_t i = 0; i < observer->count; i++)
		if (!send_within(&observer->watches[i]))
			observer->watches[i].round = round; /* nothing is up: nothing can be on its way */
	for (;;) {
		int r = observer_read(observer, err);

		if (r < 0)
			return r;
		waiting = 0;
		for (size_t i = 0; i < observer->count; i++)
			waiting += observer->watches[i].round < round;
		if (!waiting)
			return 0;
		if (clock_now() >= until)
			return 1;
		r = observer_wait(observer, until, err);
		if (r < 0)
			return r;
	}
}

/* See "Stamps" in observer.h. */
static int await_stamps(struct observer *observer, int64_t deadline, struct err *err)
{
	while (!observer->stamped) {
		bool sent = false;

		observer->round++;
		for (size_t i = 0; i < observer->count && !sent; i++)
			sent = send_within(&observer->watches[i]);
		if (!sent)
			return 0;
		int r = observer_read(observer, err);
		if (r < 0)
			return r;
		if (observer->stamped)
			break;
		if (clock_now() >= deadline)
			return err_set(err, -ETIMEDOUT, "the kernel does not stamp frames on arrival (SO_TIMESTAMPNS)");
		/* The kernel announces it to nobody, and its worker may want this very processor. */
		r = observer_wait(observer, clock_now() + STAMP_PAUSE, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int observer_fence(struct observer *observer, int64_t within, struct err *err)
{
	int64_t deadline = clock_after(clock_now(), within), pause = FIRST_PAUSE;
	uint32_t since = observer->round + 1;
	int r = 1;

	observer->bypass = false;
	for (unsigned n = 0; r == 1; n++) {
		int64_t until = clock_after(clock_now(), pause);

		find_live_ends(observer, n == 0);
		send_round(observer);
		if (n >= ROUNDS_BEFORE_BYPASS) {
			observer->bypass = true;
			set_bypass(observer, true);
			send_round(observer);
			set_bypass(observer, false);
		}
		r = read_round(observer, since, until < deadline ? until : deadline, err);
		if (r == 1 && clock_now() >= deadline)
			r = say_silent(observer, since, within, err);
		pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
	}
	for (size_t i = 0; i < observer->tape->interfaces.count; i++)
		observer->tape->interfaces.items[i].proven = is_proven(observer, i, since);
	return r < 0 ? r : await_stamps(observer, deadline, err);
}

int observer_arm(struct observer *observer, int64_t within, struct err *err)
{
	return observer_fence(observer, within, err);
}
