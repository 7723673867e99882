/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets written as layers: whether they can be built, and suit the technique that sends them. */
#include <errno.h>
#include <string.h>

#include "drivers/options.h"
#include "lab/check/check_inside.h"
#include "lab/packet/layer.h"
#include "lab/packet/payload.h"
#include "lab/scenario/yaml.h"

/*
 * Theory of operation
 *
 * A packet is built once, as the run would build it, and thrown away. What the
 * run fills in from the lab (MAC and IP addresses of the interface and of the
 * wire's other end) is taken from the tree; where the run would know nothing,
 * as for the receiver's MAC on a segment of three ends, nothing is known here.
 */
#define PARTS_MAX 64 /* more than packet_build() takes: it says so itself */

struct trial {
	struct build_layer parts[PARTS_MAX];
	ARRAY(struct build_value) values;
	struct text payloads[PARTS_MAX];
	struct build_defaults defaults;
};

/* --- what the lab knows --- */

static bool first_address(const struct value_list *addresses, int family, struct ip_addr *ret)
{
	const struct ip_prefix *prefixes = addresses->values;

	for (size_t i = 0; i < addresses->count; i++)
		if (!family || prefixes[i].addr.family == family) {
			*ret = prefixes[i].addr;
			return true;
		}
	return false;
}

static int packet_family(const struct packet_node *packet)
{
	for (size_t i = 0; i < packet->layers.count; i++) {
		const char *name = packet->layers.items[i]->name;

		if (str_eq(name, "ip") || str_eq(name, "arp"))
			return AF_INET;
		if (str_eq(name, "ipv6"))
			return AF_INET6;
	}
	return 0;
}

/* The wire that an end belongs to. */
static const struct link_node *link_of(const struct scenario_tree *tree, const struct end_node *end)
{
	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		for (size_t k = 0; k < link->ends.count; k++)
			if ((const struct end_node *)link->ends.items[k] == end)
				return link;
	}
	return NULL;
}

/* The other end of a wire of two; NULL on a segment. */
static const struct end_node *other_end(const struct link_node *link, const struct end_node *end)
{
	if (!link || link->ends.count != 2)
		return NULL;
	return (const struct end_node *)link->ends.items[(const struct end_node *)link->ends.items[0] == end];
}

static void resolve(const struct scenario_tree *tree, const struct endpoint *endpoint, int family, struct ip_addr *ret_addr, uint16_t *ret_port)
{
	int32_t port = endpoint->port;

	if (endpoint->node || endpoint->addr.family)
		scenario_resolve(tree, endpoint, family, ret_addr, &port, NULL);
	*ret_port = port > 0 ? (uint16_t)port : 0;
}

static void fill_defaults(const struct check *check, const struct send_node *send, const struct driver *driver, struct build_defaults *ret)
{
	static const struct mac_addr someone = {{2, 0, 0, 0, 0, 1}};
	const char *interface = interface_of(check, send->in, driver->wants_interface ? send->options : NULL);
	const struct end_node *end = interface ? scenario_end(check->tree, send->in, interface) : NULL;
	const struct end_node *peer = end ? other_end(link_of(check->tree, end), end) : NULL;
	const struct lab_node *peer_node = peer ? scenario_node(check->tree, peer->lab_node) : NULL;
	int family = send->from.addr.family ? send->from.addr.family : send->to.addr.family;

	resolve(check->tree, &send->to, family, &ret->dst, &ret->dst_port);
	resolve(check->tree, &send->from, family ? family : ret->dst.family, &ret->src, &ret->src_port);
	family = packet_family(send->packet);
	if (interface)
		ret->eth_src = someone;
	if (peer_node && peer_node->role != ROLE_BRIDGE)
		ret->eth_dst = someone;
	if (peer && !ret->dst.family)
		first_address(&peer->addresses, family, &ret->dst);
	if (end && !ret->src.family)
		first_address(&end->addresses, family, &ret->src);
}

/* --- a packet that was refused: where --- */

/* "ip.ttl#2: …" begins with the layer and field at fault: the value, the field's key or the layer's. */
static struct span fault(const struct packet_node *packet, const char *message)
{
	for (size_t i = 0; i < packet->layers.count; i++) {
		const struct layer_node *layer = (const struct layer_node *)packet->layers.items[i];
		_cleanup_text_ struct text occurrence = {0}, name = {0};
		unsigned number = 1;

		for (size_t k = 0; k < i; k++)
			number += str_eq(packet->layers.items[k]->name, layer->node.name);
		if (number > 1)
			text_addf(&occurrence, "#%u", number);
		text_addf(&name, "%s%s: ", layer->node.name, text_str(&occurrence));
		if (str_starts(message, text_str(&name)))
			return layer->node.name_span;
		for (size_t k = 0; k < layer->values.count; k++) {
			const struct node *value = layer->values.items[k];

			text_clear(&name);
			text_addf(&name, "%s.%s%s: ", layer->node.name, value->name, text_str(&occurrence));
			if (str_starts(message, text_str(&name)))
				return value->span;
		}
		/* A field that was not written, and is missed. */
		text_clear(&name);
		text_addf(&name, "%s.", layer->node.name);
		const char *end = strstr(message, ": "), *hash = end ? memchr(message, '#', (size_t)(end - message)) : NULL;
		bool same = hash ? strncmp(hash, text_str(&occurrence), occurrence.length) == 0 && occurrence.length : !occurrence.length;
		if (end && same && str_starts(message, text_str(&name)))
			return layer->node.name_span;
	}
	return packet->node.span;
}

/* --- building --- */

/* The payload's bytes, or as many of another kind where only their number counts. */
static void add_payload(const struct payload_node *payload, struct text *out)
{
	int64_t length = payload->counter > 0 ? payload->counter : payload->random > 0 ? payload->random : 0;

	if (payload->literal)
		text_add_bytes(out, payload->literal, payload->literal_length);
	else if (payload->hex)
		payload_add_hex(payload->hex, out, NULL);
	else
		payload_add_counter(length > (int64_t)PACKET_SIZE_MAX ? PACKET_SIZE_MAX + 1 : (size_t)length, out);
}

static int try_packet(const struct packet_node *packet, struct trial *trial, struct err *err)
{
	size_t count = packet->layers.count, at = 0;
	_cleanup_text_ struct text bytes = {0};

	for (size_t i = 0; i < count; i++) {
		const struct layer_node *layer = (const struct layer_node *)packet->layers.items[i];

		for (size_t k = 0; k < layer->values.count; k++) {
			const struct match_node *value = (const struct match_node *)layer->values.items[k];

			for (size_t n = 0; n < value->values.count; n++)
				array_push(&trial->values, (struct build_value){value->node.name, ((const char *const *)value->values.values)[n]});
		}
	}
	for (size_t i = 0; i < count; i++) {
		const struct layer_node *layer = (const struct layer_node *)packet->layers.items[i];
		size_t given = 0;

		for (size_t k = 0; k < layer->values.count; k++)
			given += ((const struct match_node *)layer->values.items[k])->values.count;
		trial->parts[i] = (struct build_layer){.layer = layer->layer, .values = trial->values.items + at, .value_count = given};
		at += given;
		if (layer->payload) {
			add_payload(layer->payload, &trial->payloads[i]);
			trial->parts[i].data = (const uint8_t *)text_str(&trial->payloads[i]);
			trial->parts[i].data_length = trial->payloads[i].length;
		}
	}
	return packet_build(trial->parts, count, &trial->defaults, &bytes, err);
}

/* A layer that the reader refused is not there. */
static bool is_complete(const struct packet_node *packet)
{
	return packet->node.yaml && packet->node.yaml->count == packet->layers.count;
}

/* What stands outermost has to be what the technique sends. True: it does. */
static bool suits(struct check *check, const struct packet_node *packet, const struct driver *driver)
{
	static const char *const link_layers[] = {"eth", "vlan", "ieee8021ad", "arp"};
	static const char *const headers[] = {"ip", "ipv6", "ipv6.hopopts", "ipv6.routing", "ipv6.fraghdr", "ipv6.dstopts", "icmp", "icmpv6",
					      "igmp", "udp", "tcp"};
	const struct node *first = packet->layers.items[0];
	bool is_link = false, is_header = false;

	for (size_t i = 0; i < COUNT_OF(link_layers); i++)
		is_link |= str_eq(first->name, link_layers[i]);
	for (size_t i = 0; i < COUNT_OF(headers); i++)
		is_header |= str_eq(first->name, headers[i]);
	if (driver->wants_interface) {
		/* Bytes of one's own choice are a frame, too. */
		if (str_eq(first->name, "eth") || str_eq(first->name, "payload"))
			return true;
		diag_add(check->diags, DIAG_BAD_PACKET, first->name_span, "'%s' sends whole frames, and a frame begins with 'eth'", driver->name);
		diag_help(check->diags, "put  eth: {}  before it; its addresses fill themselves in on a wire of two ends");
		return false;
	}
	if (driver == &driver_raw) {
		if (!is_link)
			return true;
		diag_add(check->diags, DIAG_BAD_PACKET, first->name_span, "'raw' sends IP packets, and '%s' lies below IP", first->name);
		diag_help(check->diags, "leave '%s' out, or send the frame with: packet", first->name);
		return false;
	}
	if (!is_link && !is_header)
		return true;
	diag_add(check->diags, DIAG_BAD_PACKET, first->name_span, "'%s' sends what follows its own headers, and '%s' would go inside them",
		 driver->name, first->name);
	diag_help(check->diags, "send a payload; headers of your own go with: raw (from 'ip' on) or with: packet (from 'eth' on)");
	return false;
}

void check_packet(struct check *check, const struct send_node *send, const struct driver *driver)
{
	const struct packet_node *packet = send->packet;
	struct trial *trial;
	struct err err = {0};

	if (!driver || !packet->layers.count)
		return;
	if (packet->layers.count > PARTS_MAX) {
		diag_add(check->diags, DIAG_BAD_PACKET, packet->node.span, "a packet has at most %d layers", DISSECT_LAYERS_MAX);
		return;
	}
	if (!is_complete(packet) || !suits(check, packet, driver) || send->node.runtime || packet->node.runtime || !check->whole)
		return;
	trial = mem_new(struct trial);
	fill_defaults(check, send, driver, &trial->defaults);
	if (try_packet(packet, trial, &err) < 0)
		diag_add(check->diags, DIAG_BAD_PACKET, fault(packet, err.text), "%s", err.text);
	for (size_t i = 0; i < packet->layers.count; i++)
		text_free(&trial->payloads[i]);
	array_free(&trial->values);
	free(trial);
}
