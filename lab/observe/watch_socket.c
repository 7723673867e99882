/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watching a node by a plain packet socket: packet(7), recvmmsg(2). */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lab/base/clock.h"
#include "lab/observe/watch.h"

#define BATCH 32
#define SLOT_BYTES (66u << 10) /* the longest frame with its link header; only what is touched takes memory */
#define BUFFER_BYTES (32 << 20)
#define CONTROL_BYTES (CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct tpacket_auxdata)))

struct slots {
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_ll from[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_BYTES];
	uint8_t (*frames)[SLOT_BYTES];
};

struct slots *slots_new(void)
{
	struct slots *slots = mem_new(struct slots);
	void *frames = mmap(NULL, (size_t)BATCH * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	/* Not by calloc(3): that may clear two megabytes, 0.25 ms, where a lab of few packets touches one page. */
	if (frames == MAP_FAILED)
		abort();
	slots->frames = frames;
	return slots;
}

void slots_free(struct slots *slots)
{
	if (!slots)
		return;
	munmap(slots->frames, (size_t)BATCH * SLOT_BYTES);
	free(slots);
}

/* A limit, no reservation. An ordinary user gets what net.core.rmem_max allows. */
static void set_buffer(int fd, size_t wanted)
{
	int bytes = wanted > INT_MAX / 2 ? INT_MAX / 2 : wanted ? (int)wanted : BUFFER_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static int open_socket(int *ret_fd, struct err *err)
{
	/* Protocol 0 first: bind(2) then hooks it in once, with everything set. */
	*ret_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*ret_fd >= 0)
		return 0;
	int code = -errno;
	err_call(err, code, "socket", "cannot open a packet socket");
	return code == -EPERM ? err_wrap(err, "the observer lacks CAP_NET_RAW") : code;
}

int watch_marker_open(struct watch *watch, struct err *err)
{
	return open_socket(&watch->marker_fd, err);
}

int watch_socket_open(struct watch *watch, struct err *err)
{
	const struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	_cleanup_close_ int fd = -1;
	int on = 1, r;

	r = open_socket(&fd, err);
	if (r < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		return err_call(err, -errno, "setsockopt", "SO_TIMESTAMPNS");
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0)
		return err_call(err, -errno, "setsockopt", "PACKET_AUXDATA");
	set_buffer(fd, watch->observer->buffer_bytes);
	if (bind(fd, (const struct sockaddr *)&all, sizeof(all)) < 0)
		return err_call(err, -errno, "bind", "cannot bind a packet socket to all interfaces");
	watch->fd = fd_steal(&fd);
	return 0;
}

static void prepare(struct slots *slots)
{
	for (size_t i = 0; i < BATCH; i++) {
		slots->vectors[i] = (struct iovec){.iov_base = slots->frames[i], .iov_len = SLOT_BYTES};
		slots->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &slots->from[i], .msg_namelen = sizeof(slots->from[i]), .msg_iov = &slots->vectors[i], .msg_iovlen = 1,
			.msg_control = slots->control[i], .msg_controllen = sizeof(slots->control[i]),
		};
	}
}

/* Stamp and VLAN tag come beside the frame. */
static void read_control(struct msghdr *header, struct sighting *seen)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS &&
		    control->cmsg_len >= CMSG_LEN(sizeof(struct timespec))) {
			struct timespec stamp;

			memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
			seen->stamp = stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
		} else if (control->cmsg_level == SOL_PACKET && control->cmsg_type == PACKET_AUXDATA &&
			   control->cmsg_len >= CMSG_LEN(sizeof(struct tpacket_auxdata))) {
			struct tpacket_auxdata aux;

			memcpy(&aux, CMSG_DATA(control), sizeof(aux));
			seen->vlan = aux.tp_status & TP_STATUS_VLAN_VALID;
			seen->tci = aux.tp_vlan_tci;
			seen->tpid = aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q;
		}
	}
}

/* Takes one message; *ret_stamp is its stamp. */
static int take_message(struct watch *watch, struct slots *slots, size_t i, int64_t reading, int64_t *ret_stamp)
{
	size_t length = slots->messages[i].msg_len; /* the real one: MSG_TRUNC */
	struct sighting seen = {
		.ifindex = slots->from[i].sll_ifindex, .packet_type = slots->from[i].sll_pkttype, .data = slots->frames[i],
		.captured = length < SLOT_BYTES ? length : SLOT_BYTES, .length = length,
	};

	read_control(&slots->messages[i].msg_hdr, &seen);
	if (!seen.stamp)
		seen.stamp = clock_tape();
	else if (seen.stamp < reading)
		watch->observer->stamped = true;
	*ret_stamp = seen.stamp;
	return watch_take(watch, &seen);
}

int watch_socket_read(struct watch *watch, int64_t until, struct err *err)
{
	struct slots *slots = watch->observer->slots;
	int added = 0;

	for (;;) {
		int64_t reading = watch->observer->stamped ? 0 : clock_tape(), stamp = 0;

		prepare(slots);
		int n = recvmmsg(watch->fd, slots->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
		if (n < 0 && (errno == EINTR || errno == ENETDOWN))
			continue;
		if (n < 0 && errno == EAGAIN)
			return added;
		if (n < 0)
			return err_call(err, -errno, "recvmmsg", "the observer cannot read in %s", watch->name);
		for (int i = 0; i < n; i++)
			added += take_message(watch, slots, (size_t)i, reading, &stamp);
		if (n < BATCH || stamp > until)
			return added;
	}
}

int watch_socket_loss(struct watch *watch, struct err *err)
{
	struct tpacket_stats stats;
	socklen_t length = sizeof(stats);

	if (getsockopt(watch->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) < 0)
		return err_call(err, -errno, "getsockopt", "the observer's statistics in %s", watch->name);
	watch->lost += stats.tp_drops; /* reading forgets them */
	return 0;
}
