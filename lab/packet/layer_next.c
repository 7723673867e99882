/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one layer to the next: EtherTypes, IP protocols, UDP ports. */
#include "lab/packet/layer_ops.h"

static const struct {
	uint16_t ethertype;
	const struct layer *layer;
} ethertypes[] = { /* IEEE 802 numbers, IANA */
	{0x0800, &layer_ip},
	{0x0806, &layer_arp},
	{0x8100, &layer_vlan},
	{0x86dd, &layer_ipv6},
	{0x88a8, &layer_ieee8021ad},
	{0x6558, &layer_eth}, /* transparent Ethernet bridging, in GRE */
};

static const struct {
	uint8_t protocol;
	const struct layer *layer;
} ip_protocols[] = { /* Protocol Numbers, IANA */
	{0, &layer_hopopts},
	{1, &layer_icmp},
	{2, &layer_igmp},
	{4, &layer_ip},
	{6, &layer_tcp},
	{17, &layer_udp},
	{41, &layer_ipv6},
	{43, &layer_routing},
	{44, &layer_fraghdr},
	{47, &layer_gre},
	{58, &layer_icmpv6},
	{60, &layer_dstopts},
};

static const struct {
	uint16_t port;
	const struct layer *layer;
} udp_ports[] = {
	{53, &layer_dns},
	{67, &layer_dhcp},
	{68, &layer_dhcp},
	{4789, &layer_vxlan}, /* RFC 7348 */
};

const struct layer_value_name ethertype_names[] = {
	{0x0800, "ip"}, {0x0806, "arp"}, {0x8100, "vlan"}, {0x86dd, "ipv6"}, {0x88a8, "ieee8021ad"}, {0x6558, "teb"},
	{0x88b5, "local1"}, {0x88b6, "local2"}, {0, NULL},
};

const struct layer_value_name ip_protocol_names[] = {
	{0, "hopopts"}, {1, "icmp"}, {2, "igmp"}, {4, "ipip"}, {6, "tcp"}, {17, "udp"}, {41, "ipv6"}, {43, "routing"},
	{44, "fragment"}, {47, "gre"}, {50, "esp"}, {51, "ah"}, {58, "icmpv6"}, {59, "nonxt"}, {60, "dstopts"},
	{132, "sctp"}, {0, NULL},
};

const struct layer *layer_by_ethertype(uint16_t ethertype)
{
	for (size_t i = 0; i < COUNT_OF(ethertypes); i++)
		if (ethertypes[i].ethertype == ethertype)
			return ethertypes[i].layer;
	return NULL;
}

const struct layer *layer_by_ip_protocol(uint8_t protocol)
{
	for (size_t i = 0; i < COUNT_OF(ip_protocols); i++)
		if (ip_protocols[i].protocol == protocol)
			return ip_protocols[i].layer;
	return NULL;
}

const struct layer *layer_by_udp_port(uint16_t port)
{
	for (size_t i = 0; i < COUNT_OF(udp_ports); i++)
		if (udp_ports[i].port == port)
			return udp_ports[i].layer;
	return NULL;
}

int layer_ethertype(const struct layer *layer)
{
	for (size_t i = 0; i < COUNT_OF(ethertypes); i++)
		if (ethertypes[i].layer == layer)
			return ethertypes[i].ethertype;
	return -1;
}

int layer_ip_protocol(const struct layer *layer)
{
	for (size_t i = 0; i < COUNT_OF(ip_protocols); i++)
		if (ip_protocols[i].layer == layer)
			return ip_protocols[i].protocol;
	return -1;
}
