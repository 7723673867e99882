/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet, rx_ring and tx_ring as scenarios use them; and the examples. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "drivers/options.h"
#include "lab/base/clock.h"
#include "tests/drivers/lab.h"

static struct driver_open on_end0(const struct node *options)
{
	return (struct driver_open){.options = options, .interface = "end0", .from_port = -1, .to_port = -1};
}

static void close_socket(struct driver_socket *socket)
{
	socket->driver->close(socket, false);
}

static struct driver_socket *receiver(struct lab *lab, const char *driver, const char *key, const char *value)
{
	const struct node_kind *kind = driver_find(driver)->receive_options;
	struct driver_open how = on_end0(lab_options(lab, kind, "protocol", "0x88b5", key, value, NULL));

	lab_enter(lab->far);
	struct driver_socket *socket = lab_open(driver, &how);
	lab_enter(lab->near);
	return socket;
}

static struct driver_socket *sender(struct lab *lab, const char *driver, const char *key, const char *value)
{
	struct driver_open how = on_end0(lab_options(lab, driver_find(driver)->send_options, key, value, NULL));

	lab_enter(lab->near);
	return lab_open(driver, &how);
}

static const char *const senders[] = {"packet", "tx_ring"};
static const char *const receivers[] = {"packet", "rx_ring"};

/* Frames `first` to `first + count - 1`, all in one call of send() where it takes them. */
static void send_frames(struct lab *lab, struct driver_socket *socket, uint32_t first, uint32_t count)
{
	uint8_t(*frames)[LAB_FRAME_LENGTH] = arena_alloc(lab->arena, count * sizeof(*frames));
	struct driver_message *messages = arena_alloc(lab->arena, count * sizeof(*messages));
	struct driver_failure failure;
	size_t done = 0, sent;
	struct err err;
	int r = DRIVER_AGAIN;

	for (uint32_t i = 0; i < count; i++) {
		lab_frame(lab, frames[i], first + i);
		messages[i] = (struct driver_message){.data = frames[i], .length = LAB_FRAME_LENGTH, .peer_port = -1};
	}
	while (done < count) {
		r = socket->driver->send(socket, messages + done, count - done, &sent, &failure, &err);
		done += sent;
		if (r < 0)
			lab_fail(__FILE__, __LINE__, "after %zu: %s", done, err.text);
		if (r == DRIVER_AGAIN)
			lab_poll(socket->driver->poll(socket, true));
	}
	while (socket->driver->flush && (r = socket->driver->flush(socket, &failure, &err)) == DRIVER_AGAIN)
		lab_poll(socket->driver->poll(socket, true));
	CHECK_IS(DRIVER_DONE, r);
}

static void expect_frames(struct driver_socket *socket, uint32_t first, uint32_t count)
{
	struct driver_message message;

	for (uint32_t i = 0; i < count; i++) {
		CHECK_EQ(lab_receive(socket, &message), DRIVER_DONE);
		CHECK_EQ(message.length, LAB_FRAME_LENGTH);
		CHECK_EQ(message.wire_length, LAB_FRAME_LENGTH);
		CHECK_EQ(lab_frame_number(message.data), first + i);
		CHECK(message.stamp > 0);
	}
}

LAB_TEST(link, every_sender_reaches_every_receiver_in_order)
{
	for (size_t s = 0; s < COUNT_OF(senders); s++)
		for (size_t r = 0; r < COUNT_OF(receivers); r++) {
			struct driver_socket *in = receiver(lab, receivers[r], NULL, NULL), *out = sender(lab, senders[s], NULL, NULL);
			uint32_t count = strcmp(receivers[r], "packet") == 0 ? 100 : 1000; /* what a socket's buffer holds for sure */
			struct driver_stats stats;
			struct err err;

			send_frames(lab, out, 0, count);
			expect_frames(in, 0, count);
			CHECK_OK(out->driver->stats(out, &stats, &err));
			CHECK_EQ(stats.packets, count);
			CHECK_EQ(stats.bytes, count * LAB_FRAME_LENGTH);
			CHECK(stats.calls > 0 && stats.drops == 0);
			CHECK_OK(in->driver->stats(in, &stats, &err));
			CHECK_EQ(stats.packets, count);
			CHECK_EQ(stats.bytes, count * LAB_FRAME_LENGTH);
			CHECK_EQ(stats.drops, 0);
			close_socket(in);
			close_socket(out);
		}
}

LAB_TEST(link, a_ring_makes_fewer_calls_than_frames_and_batches_say_how_many)
{
	struct driver_socket *in = receiver(lab, "rx_ring", NULL, NULL), *out = sender(lab, "tx_ring", "batch", "50");
	struct driver_stats stats;
	struct err err;

	send_frames(lab, out, 0, 500);
	expect_frames(in, 0, 500);
	CHECK_OK(out->driver->stats(out, &stats, &err));
	CHECK_EQ(stats.calls, 10);
	CHECK_OK(in->driver->stats(in, &stats, &err));
	CHECK(stats.calls < 100);
	close_socket(in);
	close_socket(out);
}

LAB_TEST(link, a_vlan_tag_arrives_as_it_was_on_the_wire)
{
	for (size_t r = 0; r < COUNT_OF(receivers); r++) {
		struct driver_open how = on_end0(lab_options(lab, driver_find(receivers[r])->receive_options, NULL));
		struct driver_socket *out = sender(lab, "packet", NULL, NULL), *in;
		struct driver_message message;
		uint8_t frame[64] = {0};

		lab_enter(lab->far);
		in = lab_open(receivers[r], &how);
		lab_frame(lab, frame, 0);
		memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0x60, 0x2a, 0x88, 0xb5, 1, 2, 3}, 9);
		lab_send(out, &(struct driver_message){.data = frame, .length = sizeof(frame), .peer_port = -1});
		do
			CHECK_EQ(lab_receive(in, &message), DRIVER_DONE);
		while (message.length < 14 || message.data[12] != 0x81);
		CHECK_EQ(message.length, sizeof(frame));
		CHECK_EQ(message.wire_length, sizeof(frame));
		CHECK(memcmp(message.data, frame, sizeof(frame)) == 0);
		close_socket(in);
		close_socket(out);
	}
}

LAB_TEST(link, a_filter_selects_and_a_wrong_one_is_refused)
{
	for (size_t r = 0; r < COUNT_OF(receivers); r++) {
		struct driver_socket *in = receiver(lab, receivers[r], "filter", "ether[14] = 5"), *out = sender(lab, "packet", NULL, NULL);
		struct driver_open wrong = on_end0(lab_options(lab, driver_find(receivers[r])->receive_options, "filter", "no filter", NULL));

		send_frames(lab, out, 0, 10);
		expect_frames(in, 5, 1);
		lab_open_fails(receivers[r], &wrong, "setsockopt", EINVAL);
		close_socket(in);
		close_socket(out);
	}
}

LAB_TEST(link, ones_own_frames_are_heard_only_when_asked_for)
{
	for (size_t r = 0; r < COUNT_OF(receivers); r++)
		for (int outgoing = 0; outgoing <= 1; outgoing++) {
			const struct node *options = lab_options(lab, driver_find(receivers[r])->receive_options, "outgoing",
								 outgoing ? "true" : "false", "filter", "ether proto 0x88b5", NULL);
			struct driver_open how = on_end0(options);
			struct driver_message message;
			struct driver_failure failure;
			struct driver_stats stats;
			struct err err;

			lab_enter(lab->near);
			struct driver_socket *in = lab_open(receivers[r], &how), *out = sender(lab, "packet", NULL, NULL);
			send_frames(lab, out, 0, 1);
			if (outgoing) {
				expect_frames(in, 0, 1);
			} else {
				CHECK_IS(DRIVER_AGAIN, in->driver->receive(in, &message, &failure, &err));
				CHECK_OK(in->driver->stats(in, &stats, &err));
				CHECK_EQ(stats.packets, 0);
			}
			close_socket(in);
			close_socket(out);
		}
}

LAB_TEST(link, the_interface_may_stand_in_the_options)
{
	struct driver_open how = on_end0(lab_options(lab, &kind_packet_send, "interface", "end0", NULL));
	struct driver_socket *in = receiver(lab, "packet", NULL, NULL);

	how.interface = NULL;
	CHECK(strcmp(driver_option_interface(how.options), "end0") == 0);
	CHECK(driver_option_interface(NULL) == NULL);
	CHECK(driver_option_interface(lab_options(lab, &kind_udp, NULL)) == NULL);
	struct driver_socket *out = lab_open("packet", &how);
	send_frames(lab, out, 0, 1);
	expect_frames(in, 0, 1);
	close_socket(in);
	close_socket(out);
}

static void expect_failure(struct driver_socket *socket, const void *data, size_t length, const char *call, int errno_value)
{
	struct driver_message message = {.data = data, .length = length, .peer_port = -1};
	struct driver_failure failure = {0};
	struct err err = {0};
	size_t sent;

	CHECK_IS(-errno_value, socket->driver->send(socket, &message, 1, &sent, &failure, &err));
	CHECK_EQ(failure.errno_value, errno_value);
	CHECK(strcmp(failure.call, call) == 0);
}

LAB_TEST(link, what_the_kernel_refuses_names_the_call)
{
	static const uint8_t junk[9000];

	for (size_t s = 0; s < COUNT_OF(senders); s++) {
		const struct node *options = lab_options(lab, driver_find(senders[s])->send_options, NULL);
		struct driver_open nowhere = on_end0(options);

		nowhere.interface = "wlan0";
		lab_open_fails(senders[s], &nowhere, "ioctl", ENODEV);
		struct driver_socket *out = sender(lab, senders[s], NULL, NULL);
		expect_failure(out, junk, 1515, "sendto", EMSGSIZE);
		close_socket(out);
		out = sender(lab, senders[s], NULL, NULL);
		expect_failure(out, junk, 9000, "sendto", EMSGSIZE);
		close_socket(out);
		out = sender(lab, senders[s], NULL, NULL);
		expect_failure(out, junk, 13, "sendto", EINVAL);
		close_socket(out);
		lab_set_link(lab, lab->near_rtnl, false);
		out = sender(lab, senders[s], NULL, NULL);
		expect_failure(out, junk, 60, "sendto", ENETDOWN);
		close_socket(out);
		lab_set_link(lab, lab->near_rtnl, true);
		nowhere.interface = NULL;
		out = lab_open(senders[s], &nowhere);
		expect_failure(out, junk, 60, "sendto", ENXIO);
		close_socket(out);
	}
}

LAB_TEST(link, a_geometry_that_the_kernel_refuses_is_refused_by_the_kernel)
{
	struct driver_open rx = on_end0(lab_options(lab, &kind_rx_ring, "block_size", "5000", NULL));
	struct driver_open tx = on_end0(lab_options(lab, &kind_tx_ring, "frames", "7", NULL));

	lab_open_fails("rx_ring", &rx, "setsockopt", EINVAL);
	lab_open_fails("tx_ring", &tx, "setsockopt", EINVAL);
}

LAB_TEST(link, loss_skips_what_would_fail)
{
	static const uint8_t junk[1515];
	struct driver_socket *in = receiver(lab, "packet", NULL, NULL), *out = sender(lab, "tx_ring", "loss", "true");

	lab_send(out, &(struct driver_message){.data = junk, .length = sizeof(junk), .peer_port = -1});
	send_frames(lab, out, 0, 3);
	expect_frames(in, 0, 3);
	close_socket(in);
	close_socket(out);
}

LAB_TEST(link, a_link_that_goes_down_fails_the_receiver_once)
{
	for (size_t r = 0; r < COUNT_OF(receivers); r++) {
		struct driver_socket *in = receiver(lab, receivers[r], NULL, NULL), *out = sender(lab, "packet", NULL, NULL);
		struct driver_failure failure = {0};
		struct driver_message message;
		struct err err = {0};

		lab_set_link(lab, lab->far_rtnl, false);
		CHECK(lab_poll(in->driver->poll(in, false)) & POLLERR);
		CHECK_IS(-ENETDOWN, in->driver->receive(in, &message, &failure, &err));
		CHECK_EQ(failure.errno_value, ENETDOWN);
		CHECK_IS(DRIVER_AGAIN, in->driver->receive(in, &message, &failure, &err));
		lab_set_link(lab, lab->far_rtnl, true);
		send_frames(lab, out, 0, 1);
		expect_frames(in, 0, 1);
		close_socket(in);
		close_socket(out);
	}
}

LAB_TEST(link, a_named_packet_socket_sends_and_receives)
{
	struct driver_open how = on_end0(lab_options(lab, &kind_packet_open, "protocol", "0x88b5", NULL));
	struct driver_message message;
	uint8_t frame[LAB_FRAME_LENGTH];

	lab_enter(lab->far);
	struct driver_socket *far = lab_open("packet", &how);
	lab_enter(lab->near);
	struct driver_socket *near = lab_open("packet", &how);
	send_frames(lab, near, 1, 1);
	CHECK_EQ(lab_receive(far, &message), DRIVER_DONE);
	memcpy(frame, message.data, sizeof(frame));
	memcpy(frame, lab->near_mac.bytes, 6);
	memcpy(frame + 6, lab->far_mac.bytes, 6);
	lab_send(far, &(struct driver_message){.data = frame, .length = sizeof(frame), .peer_port = -1});
	expect_frames(near, 1, 1);
	close_socket(far);
	close_socket(near);
}

/* --- the examples --- */

static pid_t start(const char *program, const char *count, int stdout_fd)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		dup2(stdout_fd, STDOUT_FILENO);
		execl(program, program, "end0", count, NULL);
		_exit(127);
	}
	return pid;
}

LAB_TEST(example, a_thousand_frames_by_tx_ring_are_printed_by_rx_ring_in_order)
{
	int rx_pipe[2], tx_pipe[2], status;
	char line[256];

	CHECK_EQ(pipe2(rx_pipe, O_CLOEXEC), 0);
	CHECK_EQ(pipe2(tx_pipe, O_CLOEXEC), 0);
	lab_enter(lab->far);
	pid_t rx = start(EXAMPLE_RX_RING, "1000", rx_pipe[1]);
	close(rx_pipe[1]);
	FILE *out = fdopen(rx_pipe[0], "r");
	CHECK(fgets(line, sizeof(line), out) && strcmp(line, "listening on end0\n") == 0);

	lab_enter(lab->near);
	pid_t tx = start(EXAMPLE_TX_RING, "1000", tx_pipe[1]);
	close(tx_pipe[1]);
	CHECK_EQ(waitpid(tx, &status, 0), tx);
	CHECK_EQ(status, 0);
	ssize_t length = read(tx_pipe[0], line, sizeof(line) - 1);
	CHECK(length > 0);
	line[length] = '\0';
	CHECK(strstr(line, "1000 frames in"));

	unsigned ours = 0, number;
	while (fgets(line, sizeof(line), out) && ours < 1000) {
		const char *payload = strstr(line, "protocol 0x88b5, first byte of payload ");

		if (!payload)
			continue; /* neighbour discovery, where it is chatty */
		CHECK_EQ(sscanf(payload, "protocol 0x88b5, first byte of payload %u", &number), 1);
		CHECK_EQ(number, ours % 256);
		ours++;
	}
	CHECK(ours >= 990);
	CHECK_EQ(waitpid(rx, &status, 0), rx);
	CHECK_EQ(status, 0);
	fclose(out);
	close(tx_pipe[0]);
}
