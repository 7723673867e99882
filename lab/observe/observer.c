/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observer: opening, reading, closing. Markers are in arm.c. */
#include "lab/observe/observer.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "drivers/rx_ring.h"
#include "lab/base/clock.h"
#include "lab/base/rng.h"
#include "lab/kernel/netns.h"
#include "lab/observe/marker.h"
#include "lab/observe/watch.h"

#define CLOSING_THREADS 64
#define THREAD_STACK (128u << 10)

/* --- threads, where each of many waits for RCU --- */

struct share {
	void (*fn)(void *data, size_t i);
	void *data;
	size_t count;
	atomic_size_t next;
};

static void *work(void *data)
{
	struct share *share = data;
	size_t i;

	while ((i = atomic_fetch_add(&share->next, 1)) < share->count)
		share->fn(share->data, i);
	return NULL;
}

void watch_in_threads(size_t count, size_t threads, void (*fn)(void *data, size_t i), void *data)
{
	struct share share = {.fn = fn, .data = data, .count = count};
	pthread_t *ids = mem_alloc((threads < count ? threads : count) * sizeof(*ids));
	pthread_attr_t attributes;
	size_t started = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	while (started < threads && started < count && pthread_create(&ids[started], &attributes, work, &share) == 0)
		started++;
	if (!started) /* no thread to be had: one after another then */
		work(&share);
	for (size_t i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	pthread_attr_destroy(&attributes);
	free(ids);
}

/* --- opening --- */

static int by_ifindex(const void *a, const void *b)
{
	const struct watch_interface *one = a, *two = b;

	return (one->ifindex > two->ifindex) - (one->ifindex < two->ifindex);
}

static void list_interfaces(struct observer *observer)
{
	const struct tape *tape = observer->tape;

	for (size_t i = 0; i < tape->interfaces.count; i++) {
		const struct tape_interface *interface = &tape->interfaces.items[i];

		if (interface->node_index >= 0 && (size_t)interface->node_index < observer->count)
			array_push(&observer->watches[interface->node_index].interfaces,
				   (struct watch_interface){.ifindex = interface->ifindex, .interface = (uint32_t)i,
							    .loopback = strcmp(interface->interface, "lo") == 0});
	}
	for (size_t i = 0; i < observer->count; i++)
		if (observer->watches[i].interfaces.count)
			qsort(observer->watches[i].interfaces.items, observer->watches[i].interfaces.count, sizeof(struct watch_interface),
			      by_ifindex);
}

static int open_sockets(struct observer *observer, struct err *err)
{
	observer->slots = slots_new();
	for (size_t i = 0; i < observer->count; i++) {
		struct watch *watch = &observer->watches[i];
		int r = netns_enter(watch->netns, err);

		if (r == 0)
			r = watch_socket_open(watch, err);
		if (r == 0)
			r = watch_marker_open(watch, err);
		if (r < 0) {
			err_wrap(err, "the observer of %s", watch->name);
			return r;
		}
	}
	return 0;
}

static struct observer *new_observer(struct tape *tape, const struct observer_node *nodes, size_t count)
{
	struct observer *observer = mem_new(struct observer);

	observer->tape = tape;
	observer->count = count;
	observer->watches = mem_alloc(count * sizeof(*observer->watches));
	observer->poll = mem_alloc(count * sizeof(*observer->poll));
	observer->ends = mem_alloc(tape->interfaces.count * sizeof(*observer->ends));
	/* Two labs never share a wire; this only keeps a program's own frames of this EtherType on the tape. */
	observer->token = hash_text("observer", 8) ^ (uint64_t)clock_now();
	for (size_t i = 0; i < count; i++) {
		struct watch *watch = &observer->watches[i];

		watch->observer = observer;
		watch->name = nodes[i].name;
		watch->netns = nodes[i].netns;
		watch->fd = watch->marker_fd = -1;
	}
	list_interfaces(observer);
	return observer;
}

int observer_open(struct tape *tape, const struct observer_node *nodes, size_t count, enum observer_mode mode, size_t buffer_bytes,
		  struct observer **ret, struct err *err)
{
	_cleanup_close_ int home = -1;
	int r = netns_current(&home, err);

	if (r < 0)
		return r;
	struct observer *observer = new_observer(tape, nodes, count);
	observer->mode = mode;
	observer->buffer_bytes = buffer_bytes;
	r = mode == OBSERVER_RINGS ? watch_rings_open(observer, err) : open_sockets(observer, err);
	/* Also where opening failed, unless that is what failed: the first error is the one to tell. */
	int back = netns_enter(home, r < 0 ? NULL : err);
	if (r == 0)
		r = back;
	if (r < 0) {
		observer_close(observer);
		return r;
	}
	for (size_t i = 0; i < count; i++)
		observer->poll[i] = (struct pollfd){.fd = watch_fd(&observer->watches[i]), .events = POLLIN};
	*ret = observer;
	return 0;
}

int observer_hold_stamps(int *ret_fd, struct err *err)
{
	/* Sockets of AF_UNIX do not count. */
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return err_call(err, -errno, "socket", "cannot open a socket to ask for packet stamps");
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		return err_call(err, -errno, "setsockopt", "SO_TIMESTAMPNS");
	*ret_fd = fd_steal(&fd);
	return 0;
}

/* --- reading --- */

static const struct watch_interface *find_interface(const struct watch *watch, int ifindex)
{
	const struct watch_interface wanted = {.ifindex = ifindex};

	if (!watch->interfaces.count)
		return NULL;
	return bsearch(&wanted, watch->interfaces.items, watch->interfaces.count, sizeof(wanted), by_ifindex);
}

int watch_take(struct watch *watch, const struct sighting *seen)
{
	const struct watch_interface *at = find_interface(watch, seen->ifindex);
	struct tape *tape = watch->observer->tape;
	bool out = seen->packet_type == PACKET_OUTGOING;
	struct marker marker;

	if (!seen->vlan && marker_read(seen->data, seen->captured, watch->observer->token, &marker)) {
		watch_note_marker(watch, &marker, seen->ifindex, at, out);
		return 0;
	}
	if (!at || (at->loopback && out))
		return 0;
	if (seen->vlan)
		tape_add_tagged(tape, at->interface, out, seen->stamp, seen->data, seen->captured, seen->length, seen->tpid, seen->tci);
	else
		tape_add(tape, at->interface, out, seen->stamp, seen->data, seen->captured, seen->length);
	return 1;
}

int watch_read(struct watch *watch, int64_t until, struct err *err)
{
	return watch->ring ? watch_ring_read(watch, until, err) : watch_socket_read(watch, until, err);
}

int watch_fd(const struct watch *watch)
{
	return watch->ring ? rx_ring_fd(watch->ring) : watch->fd;
}

int observer_read(struct observer *observer, struct err *err)
{
	int64_t now = clock_tape();
	int added = 0;

	for (size_t i = 0; i < observer->count; i++) {
		int r = watch_read(&observer->watches[i], now, err);

		if (r < 0)
			return r;
		added += r;
	}
	return added;
}

int observer_wait(struct observer *observer, int64_t until, struct err *err)
{
	int64_t left = until - clock_now();
	struct timespec span = {0};

	if (left > 0)
		span = (struct timespec){.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
	if (ppoll(observer->poll, observer->count, &span, NULL) < 0 && errno != EINTR)
		return err_call(err, -errno, "ppoll", "the observer cannot wait");
	return 0;
}

static int on_readable(void *data, uint32_t events, struct err *err)
{
	struct watch *watch = data;
	struct observer *observer = watch->observer;

	if (events & EPOLLERR) { /* an interface went away: fetched, it is no error of ours */
		int code;
		socklen_t length = sizeof(code);

		getsockopt(watch_fd(watch), SOL_SOCKET, SO_ERROR, &code, &length);
	}
	int added = watch_read(watch, clock_tape(), err);
	if (added > 0 && observer->on_packet)
		observer->on_packet(observer->data);
	return added < 0 ? added : 0;
}

int observer_attach(struct observer *observer, struct loop *loop, void (*on_packet)(void *data), void *data, struct err *err)
{
	observer->loop = loop;
	observer->on_packet = on_packet;
	observer->data = data;
	for (size_t i = 0; i < observer->count; i++) {
		struct watch *watch = &observer->watches[i];
		int r = loop_add_fd(loop, watch_fd(watch), EPOLLIN, on_readable, watch, &watch->source, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int observer_drain(struct observer *observer, struct err *err)
{
	if (observer->mode == OBSERVER_RINGS) {
		uint64_t lost = observer->tape->lost;
		int r = observer_sync(observer, clock_after(clock_now(), NS_PER_S), err);

		if (r <= 0)
			return r;
		r = observer_check_loss(observer, err);
		if (r < 0 || observer->tape->lost > lost) /* its marker is among what was lost */
			return r;
		return err_set(err, -ETIMEDOUT, "the observer's ring has not handed over its last frames within a second");
	}
	int r = observer_read(observer, err);
	return r < 0 ? r : 0;
}

int observer_check_loss(struct observer *observer, struct err *err)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < observer->count; i++) {
		struct watch *watch = &observer->watches[i];
		int r = watch->ring ? watch_ring_loss(watch, err) : watch_socket_loss(watch, err);

		if (r < 0)
			return r;
		lost += watch->lost;
	}
	observer->tape->lost = lost;
	return 0;
}

/* --- closing --- */

/* Two closings a watch. */
static void close_one(void *data, size_t i)
{
	struct watch *watch = &((struct observer *)data)->watches[i / 2];

	if (i % 2)
		cleanup_closep(&watch->marker_fd);
	else if (watch->ring)
		rx_ring_close(watch->ring);
	else
		cleanup_closep(&watch->fd);
}

void observer_close(struct observer *observer)
{
	if (!observer)
		return;
	for (size_t i = 0; i < observer->count; i++) {
		loop_remove(observer->watches[i].source);
		array_free(&observer->watches[i].interfaces);
	}
	if (observer->count)
		watch_in_threads(2 * observer->count, CLOSING_THREADS, close_one, observer);
	slots_free(observer->slots);
	free(observer->watches);
	free(observer->poll);
	free(observer->ends);
	free(observer);
}
