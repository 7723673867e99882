/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scenario may write beside `send`, `receive` and `open`, for each driver: structs and their field tables. */
#pragma once

#include "lab/base/field.h"

/*
 * A driver's face: name, summary and field tables, told once and used twice:
 * in its own const table (drivers/udp.c …) and in the registry that is handed
 * down to lab/scenario (drivers/registry.c). The arguments are the names that
 * the tables have there.
 */
#define DRIVER_UDP(send_, receive_, open_)                                                                               \
	.name = "udp", .summary = "datagrams through a UDP socket", .send_ = &kind_udp, .receive_ = &kind_udp,           \
	.open_ = &kind_udp_open
#define DRIVER_TCP(send_, receive_, open_)                                                                               \
	.name = "tcp", .summary = "a byte stream through a TCP socket", .send_ = &kind_tcp, .receive_ = &kind_tcp,       \
	.open_ = &kind_tcp_open
#define DRIVER_RAW(send_, receive_, open_)                                                                               \
	.name = "raw", .summary = "IP packets through a raw socket, IP header by the kernel or by hand",                 \
	.send_ = &kind_raw_send, .receive_ = &kind_raw_receive, .open_ = &kind_raw_open
#define DRIVER_PACKET(send_, receive_, open_)                                                                            \
	.name = "packet", .summary = "whole frames through a packet socket, a system call each",                         \
	.send_ = &kind_packet_send, .receive_ = &kind_packet_receive, .open_ = &kind_packet_open
#define DRIVER_RX_RING(receive_)                                                                                         \
	.name = "rx_ring", .summary = "frames received through memory shared with the kernel (TPACKET_V3)",              \
	.receive_ = &kind_rx_ring
#define DRIVER_TX_RING(send_)                                                                                            \
	.name = "tx_ring", .summary = "frames sent from memory shared with the kernel (TPACKET_V2)",                     \
	.send_ = &kind_tx_ring

/* udp, tcp, raw: `options` in setsockopt(2)'s words. With `open` that key is the step's own, hence kinds of their own there. */
struct socket_options {
	struct node node;
	struct node_list setsockopt; /* struct setting_node: "IP_TTL" → "3", key `options` */
};

struct raw_options {
	struct node node;
	struct node_list setsockopt;
	int protocol;         /* IP protocol number */
	bool header_included; /* messages begin with their IP header */
};

struct packet_options {
	struct node node;
	const char *interface; /* or NULL */
	int protocol;          /* EtherType received; 3 (ETH_P_ALL): all */
	const char *filter;    /* pcap-filter(7), or NULL */
	bool promiscuous;
	bool outgoing;         /* what this host itself sends is received too */
	bool qdisc_bypass;
};

enum rx_ring_option_version { RX_RING_OPTION_V3 };
enum tx_ring_option_version { TX_RING_OPTION_V2 };

struct rx_ring_options {
	struct packet_options packet;
	int version;           /* enum rx_ring_option_version */
	int64_t block_size, blocks, frame_size, frames;
	int64_t retire;        /* ns */
};

struct tx_ring_options {
	struct packet_options packet;
	int version;           /* enum tx_ring_option_version */
	int64_t block_size, blocks, frame_size, frames;
	int64_t batch;         /* frames a sendto(); 0: as many as there are and fit */
	bool loss;
};

extern const struct node_kind kind_udp, kind_udp_open, kind_tcp, kind_tcp_open, kind_raw_send, kind_raw_receive, kind_raw_open, kind_packet_send,
	kind_packet_receive, kind_packet_open, kind_rx_ring, kind_tx_ring;

/* int: "icmp", "udp", "tcp", "icmpv6", or a number 0..255 (IANA protocol numbers) */
extern const struct value_type type_ip_protocol;
/* int: "all", "ip", "ipv6", "arp", "vlan", or a number up to 0xffff (EtherType) */
extern const struct value_type type_ethertype;

/* The drivers, one a file; drivers/registry.c lists them. */
struct driver;
extern const struct driver driver_udp, driver_tcp, driver_raw, driver_packet, driver_rx_ring, driver_tx_ring;
