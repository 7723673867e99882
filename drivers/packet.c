/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet: whole frames through a packet socket (packet(7)), a system call each. */
/*
 * Theory of operation
 *
 * A socket made with protocol 0 receives nothing until bind() names a protocol; so filter and options are in place before
 * the first frame can come. One that only sends is bound with protocol 0 and stays deaf.
 *
 * The kernel takes the VLAN tag out of a received frame and tells it beside (PACKET_AUXDATA). Messages are frames as they
 * were on the wire: the tag is put back, into room kept before the frame.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "drivers/driver.h"
#include "drivers/fail.h"
#include "drivers/link.h"
#include "drivers/options.h"
#include "lab/base/clock.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define TAG_LENGTH 4

struct packet_socket {
	struct driver_socket base;
	int fd;
	struct driver_stats stats;
	uint8_t buffer[TAG_LENGTH + 65536 + ETH_HLEN];
};

static int packet_probe(struct err *err)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_call(err, -errno, "socket", "cannot open a packet socket (CAP_NET_RAW is needed)");
	close(fd);
	return 0;
}

static int packet_check(const struct node *options, const char **ret_field, struct err *err)
{
	return link_check((const struct packet_options *)options, ret_field, err);
}

static void packet_close(struct driver_socket *socket, bool reset)
{
	struct packet_socket *packet = (struct packet_socket *)socket;

	(void)reset;
	if (!packet)
		return;
	cleanup_closep(&packet->fd);
	free(packet);
}

static int set_flag(int fd, int level, int option, const char *name, struct driver_failure *failure, struct err *err)
{
	int one = 1;

	if (setsockopt(fd, level, option, &one, sizeof(one)) < 0)
		return driver_fail(failure, err, errno, "setsockopt", "%s", name);
	return 0;
}

/* Everything that shapes what is received, before bind(). */
static int prepare_receiving(int fd, const struct rx_ring_attachment *attachment, struct driver_failure *failure, struct err *err)
{
	int r = set_flag(fd, SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS", failure, err);

	if (r == 0)
		r = set_flag(fd, SOL_PACKET, PACKET_AUXDATA, "PACKET_AUXDATA", failure, err);
	if (r == 0 && attachment->ignore_outgoing)
		r = set_flag(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", failure, err);
	if (r < 0)
		return r;
	if (attachment->filter &&
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, attachment->filter, sizeof(*attachment->filter)) < 0)
		return driver_fail(failure, err, errno, "setsockopt", "SO_ATTACH_FILTER");
	if (attachment->promiscuous) {
		struct packet_mreq membership = {.mr_ifindex = attachment->ifindex, .mr_type = PACKET_MR_PROMISC};

		if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership)) < 0)
			return driver_fail(failure, err, errno, "setsockopt", "PACKET_ADD_MEMBERSHIP, promiscuous");
	}
	return 0;
}

static int packet_set_up(struct packet_socket *packet, const struct driver_open *how, struct driver_failure *failure, struct err *err)
{
	const struct packet_options *options = (const struct packet_options *)how->options;
	bool deaf = options && options->node.kind == &kind_packet_send;
	struct rx_ring_attachment attachment;
	_cleanup_(filter_freep) struct filter *filter = NULL;
	struct sock_fprog program;
	int r = link_attachment(how, options, &attachment, &program, &filter, failure, err);

	if (r < 0)
		return r;
	packet->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (packet->fd < 0)
		return driver_fail(failure, err, errno, "socket", "AF_PACKET");
	for (size_t i = 0; i < how->setsockopt_count && r == 0; i++)
		r = sockopt_set(packet->fd, how->setsockopts[i].name, how->setsockopts[i].value, failure, err);
	if (r == 0 && options && options->qdisc_bypass)
		r = set_flag(packet->fd, SOL_PACKET, PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS", failure, err);
	if (r == 0 && !deaf)
		r = prepare_receiving(packet->fd, &attachment, failure, err);
	if (r < 0)
		return r;

	uint16_t protocol = deaf ? 0 : attachment.protocol ? attachment.protocol : ETH_P_ALL;
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = attachment.ifindex};
	if (bind(packet->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return driver_fail(failure, err, errno, "bind", "interface %d", attachment.ifindex);
	return 0;
}

static int packet_open(const struct driver_open *how, struct driver_socket **ret, struct driver_failure *failure, struct err *err)
{
	struct packet_socket *packet = mem_new(struct packet_socket);

	packet->base.driver = &driver_packet;
	packet->fd = -1;
	int r = packet_set_up(packet, how, failure, err);
	if (r < 0) {
		packet_close(&packet->base, false);
		return r;
	}
	*ret = &packet->base;
	return 0;
}

static int packet_send(struct driver_socket *socket, const struct driver_message *messages, size_t count, size_t *ret_sent,
		       struct driver_failure *failure, struct err *err)
{
	struct packet_socket *packet = (struct packet_socket *)socket;

	for (*ret_sent = 0; *ret_sent < count; ++*ret_sent) {
		const struct driver_message *message = &messages[*ret_sent];

		packet->stats.calls++;
		ssize_t sent = sendto(packet->fd, message->data, message->length, MSG_DONTWAIT, NULL, 0);
		if (sent < 0 && errno == EAGAIN)
			return DRIVER_AGAIN;
		if (sent < 0)
			return driver_fail(failure, err, errno, "sendto", "a frame of %zu bytes", message->length);
		packet->stats.packets++;
		packet->stats.bytes += message->length;
	}
	return DRIVER_DONE;
}

/* Moves both addresses four bytes down and puts the tag behind them. Returns where the frame begins now. */
static uint8_t *put_tag_back(uint8_t *frame, const struct tpacket_auxdata *aux)
{
	uint8_t *start = frame - TAG_LENGTH;
	uint16_t tpid = aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : ETH_P_8021Q;
	uint16_t tag[2] = {htons(tpid), htons(aux->tp_vlan_tci)};

	memmove(start, frame, 2 * ETH_ALEN);
	memcpy(start + 2 * ETH_ALEN, tag, sizeof(tag));
	return start;
}

/* Reads the control messages: the stamp into ret->stamp, the tag into the frame. */
static void take_control(struct msghdr *header, uint8_t *frame, struct driver_message *ret)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS &&
		    control->cmsg_len >= CMSG_LEN(sizeof(struct timespec))) {
			struct timespec stamp;

			memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
			ret->stamp = (int64_t)stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
		} else if (control->cmsg_level == SOL_PACKET && control->cmsg_type == PACKET_AUXDATA &&
			   control->cmsg_len >= CMSG_LEN(sizeof(struct tpacket_auxdata))) {
			struct tpacket_auxdata aux;

			memcpy(&aux, CMSG_DATA(control), sizeof(aux));
			if (aux.tp_status & TP_STATUS_VLAN_VALID && ret->length >= 2 * ETH_ALEN) {
				ret->data = put_tag_back(frame, &aux);
				ret->length += TAG_LENGTH;
				ret->wire_length += TAG_LENGTH;
			}
		}
	}
}

static int packet_receive(struct driver_socket *socket, struct driver_message *ret, struct driver_failure *failure, struct err *err)
{
	struct packet_socket *packet = (struct packet_socket *)socket;
	uint8_t *frame = packet->buffer + TAG_LENGTH;
	const size_t room = sizeof(packet->buffer) - TAG_LENGTH;
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct iovec part = {.iov_base = frame, .iov_len = room};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t length;

	do {
		length = recvmsg(packet->fd, &header, MSG_DONTWAIT | MSG_TRUNC);
		packet->stats.calls++;
	} while (length < 0 && errno == EINTR);
	if (length < 0 && errno == EAGAIN)
		return DRIVER_AGAIN;
	if (length < 0)
		return driver_fail(failure, err, errno, "recvmsg", "cannot receive frames");
	*ret = (struct driver_message){
		.data = frame,
		.length = (size_t)length < room ? (size_t)length : room,
		.peer_port = -1,
		.wire_length = (uint32_t)length,
	};
	take_control(&header, frame, ret);
	packet->stats.packets++;
	packet->stats.bytes += ret->wire_length;
	return DRIVER_DONE;
}

static struct pollfd packet_poll(const struct driver_socket *socket, bool sending)
{
	return (struct pollfd){.fd = ((const struct packet_socket *)socket)->fd, .events = sending ? POLLOUT : POLLIN};
}

static int packet_stats(struct driver_socket *socket, struct driver_stats *ret, struct err *err)
{
	struct packet_socket *packet = (struct packet_socket *)socket;
	struct tpacket_stats since = {0};
	socklen_t length = sizeof(since);

	/* The kernel's counter is set to zero by reading it. */
	if (getsockopt(packet->fd, SOL_PACKET, PACKET_STATISTICS, &since, &length) < 0)
		return err_call(err, -errno, "getsockopt", "PACKET_STATISTICS");
	packet->stats.drops += since.tp_drops;
	*ret = packet->stats;
	return 0;
}

const struct driver driver_packet = {
	DRIVER_PACKET(send_options, receive_options, open_options),
	.source = "packet(7)",
	.wants_interface = true,
	.probe = packet_probe,
	.check = packet_check,
	.open = packet_open,
	.send = packet_send,
	.receive = packet_receive,
	.poll = packet_poll,
	.stats = packet_stats,
	.close = packet_close,
};
