/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decoding packets, payloads and matches takes beyond their field tables. */
#include "lab/scenario/packet.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lab/packet/layer.h"
#include "lab/scenario/tree.h"

/* --- payload --- */

/* Pairs of hex digits, with spaces, newlines or colons between them. */
static bool is_hex(const char *text, size_t *ret_bytes)
{
	size_t digits = 0;

	for (; *text; text++) {
		if (isxdigit((unsigned char)*text))
			digits++;
		else if (!isspace((unsigned char)*text) && *text != ':')
			return false;
		else if (digits % 2)
			return false;
	}
	*ret_bytes = digits / 2;
	return digits % 2 == 0;
}

int payload_finish(struct decode *decode, struct node *node)
{
	struct payload_node *payload = (struct payload_node *)node;
	size_t given = 0, second = 0, bytes;

	for (size_t i = 0; i < node->kind->field_count; i++)
		if (node->given >> i & 1 && given++)
			second = i;
	if (given > 1)
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node->field_spans[second],
			 "a payload has one key, and '%s' is a further one",
			 node->kind->fields[second].name);
	if (!given) {
		diag_add(decode->diags, DIAG_MISSING_KEY, node->span, "the payload is not given");
		diag_help(decode->diags, "write a text, \"\" for none, or one of {hex: }, {file: }, {counter: }, {random: }");
	}
	payload->literal_length = payload->literal ? strlen(payload->literal) : 0;
	if (!node_given(node, "counter"))
		payload->counter = -1;
	if (!node_given(node, "random"))
		payload->random = -1;
	if (payload->hex && !is_hex(payload->hex, &bytes)) {
		diag_add(decode->diags, DIAG_BAD_VALUE, node_field_span(node, "hex"), "'%s' is not bytes in hexadecimal", payload->hex);
		diag_help(decode->diags, "two digits a byte, spaces or colons between bytes, as in \"de ad be ef\"");
	}
	if (payload->sha256 && (strspn(payload->sha256, "0123456789abcdefABCDEF") != 64 || payload->sha256[64])) {
		diag_add(decode->diags, DIAG_BAD_VALUE, node_field_span(node, "sha256"), "a SHA-256 has 64 hexadecimal digits");
		diag_help(decode->diags, "sha256sum(1) prints it");
	}
	return 0;
}

/* --- layers --- */

/* `options: [mss 1460, nop]` is one text with commas. */
static const struct yaml *join_list(struct decode *decode, const struct yaml *list)
{
	struct yaml *joined = arena_new_of(decode->arena, struct yaml);
	struct text all = {0};

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i]->kind != YAML_SCALAR || list->items[i]->null) {
			text_free(&all);
			return NULL;
		}
		text_addf(&all, "%s%s", i ? ", " : "", list->items[i]->text);
	}
	joined->kind = YAML_SCALAR;
	joined->span = list->span;
	joined->length = all.length;
	joined->text = arena_strndup(decode->arena, text_str(&all), all.length);
	text_free(&all);
	return joined;
}

static void unknown_layer_field(struct decode *decode, const struct layer *layer, const struct yaml *key)
{
	const char *names[128] = {NULL};
	size_t count = 0;
	struct text all = {0};

	for (size_t i = 0; i < layer->field_count && count < COUNT_OF(names); i++) {
		text_addf(&all, "%s%s", count ? ", " : "", layer->fields[i].name);
		names[count++] = layer->fields[i].name;
	}
	const char *near = str_nearest(key->text, names, count);
	diag_add(decode->diags, DIAG_UNKNOWN_FIELD, key->span, "layer '%s' has no field '%s'", layer->name, key->text);
	if (near)
		diag_help(decode->diags, "did you mean '%s'?", near);
	else if (count)
		diag_help(decode->diags, "%s has %s", layer->name, text_str(&all));
	text_free(&all);
}

int layer_decode_other(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node)
{
	struct layer_node *layer = (struct layer_node *)node;

	if (!layer->layer)
		return 1;
	if (!layer_field_find(layer->layer, key->text)) {
		unknown_layer_field(decode, layer->layer, key);
		return -EINVAL;
	}
	if (value->kind == YAML_LIST) {
		const struct yaml *joined = join_list(decode, value);

		value = joined ? joined : value;
	}
	if (value->kind != YAML_SCALAR || value->null)
		return decode_wrong_shape(decode, value, key->text, "a single value");
	struct node *match = decode_node(decode, &kind_match, value, node, key);
	decode_append(decode, &layer->values, match);
	node->runtime |= match->runtime;
	return 1;
}

static void unknown_layer(struct decode *decode, const struct yaml *key)
{
	const char *names[64] = {NULL};
	size_t count = 0;
	struct text all = {0};

	for (size_t i = 0; layers[i] && count < COUNT_OF(names); i++)
		if (layers[i]->buildable) {
			text_addf(&all, "%s%s", count ? ", " : "", layers[i]->name);
			names[count++] = layers[i]->name;
		}
	const char *near = str_nearest(key->text, names, count);
	diag_add(decode->diags, DIAG_UNKNOWN_KEY, key->span, "there is no layer '%s'", key->text);
	if (near)
		diag_help(decode->diags, "did you mean '%s'?", near);
	else
		diag_help(decode->diags, "layers are %s", text_str(&all));
	text_free(&all);
}

/* A layer is made here and not by decode_node() alone, since its fields depend on which layer it is. */
static void add_layer(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node)
{
	static const struct yaml nothing = {.kind = YAML_SCALAR, .null = true, .text = ""};
	struct packet_node *packet = (struct packet_node *)node;
	const struct layer *known = layer_find(key->text);
	struct yaml *empty = arena_new_of(decode->arena, struct yaml);

	if (!known || !known->buildable) {
		unknown_layer(decode, key);
		return;
	}
	*empty = nothing;
	empty->span = value->span;
	struct layer_node *layer = (struct layer_node *)decode_node(decode, &kind_layer, empty, node, key);
	layer->layer = known;
	layer->node.yaml = value;
	decode_append(decode, &packet->layers, &layer->node);
	if (strcmp(known->name, "payload") == 0) {
		layer->payload = (struct payload_node *)decode_node(decode, &kind_payload, value, &layer->node, NULL);
		layer->node.runtime |= layer->payload->node.runtime;
		payload_check_sendable(decode, layer->payload);
	} else if (value->kind == YAML_MAP) {
		for (size_t i = 0; i < value->count; i++)
			layer_decode_other(decode, value->pairs[i].key, value->pairs[i].value, &layer->node);
	} else if (value->kind != YAML_SCALAR || !value->null) {
		decode_wrong_shape(decode, value, key->text, "a map of its fields, or nothing");
	}
	node->runtime |= layer->node.runtime;
}

int packet_decode_other(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node)
{
	add_layer(decode, key, value, node);
	return 1;
}

int packet_decode_list(struct decode *decode, const struct yaml *yaml, struct node *node)
{
	for (size_t i = 0; i < yaml->count; i++) {
		const struct yaml *item = yaml->items[i];

		if (item->kind == YAML_MAP && item->count == 1) {
			add_layer(decode, item->pairs[0].key, item->pairs[0].value, node);
		} else if (item->kind == YAML_SCALAR && !item->null) {
			/* `- ip`: a layer with nothing to say about it. */
			struct yaml *empty = arena_new_of(decode->arena, struct yaml);

			*empty = (struct yaml){.kind = YAML_SCALAR, .null = true, .text = "", .span = item->span};
			add_layer(decode, item, empty, node);
		} else {
			diag_add(decode->diags, DIAG_WRONG_SHAPE, item->span, "an entry of the list is one layer");
			diag_help(decode->diags, "write each layer as  - name: {field: value}");
		}
	}
	return 0;
}

int packet_finish(struct decode *decode, struct node *node)
{
	struct packet_node *packet = (struct packet_node *)node;
	const struct yaml *yaml = node->yaml;

	if (packet->layers.count || (yaml->kind != YAML_SCALAR && yaml->count))
		return 0;
	diag_add(decode->diags, DIAG_MISSING_KEY, node->span, "the packet has no layers");
	diag_help(decode->diags, "write them outermost first, as in packet: {ip: {dst: 192.0.2.2}, udp: {dstport: 9}}");
	return 0;
}

void payload_check_sendable(struct decode *decode, const struct payload_node *payload)
{
	static const char *const matching[] = {"sha256", "contains", "same_as"};

	for (size_t i = 0; payload && i < COUNT_OF(matching); i++)
		if (node_given(&payload->node, matching[i])) {
			diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(&payload->node, matching[i]),
				 "'%s' matches bytes, it has none to send", matching[i]);
			diag_help(decode->diags, "text, hex, file, counter and random can be sent");
		}
}

/* --- matches, selections, expectations --- */

int match_finish(struct decode *decode, struct node *node)
{
	struct match_node *match = (struct match_node *)node;

	match->negate = node_given(node, "not");
	if (node_given(node, "is") && match->negate)
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "not"), "'is' and 'not' exclude each other");
	if (!node->given || (!match->values.count && match->values.values)) {
		diag_add(decode->diags, DIAG_MISSING_KEY, node->given ? node->span : node->name_span,
			 "'%s' has no value to compare with", node->name);
		diag_help(decode->diags, "write a value, a range a..b, a list of them, or {not: …}");
	}
	return 0;
}

int selection_finish(struct decode *decode, struct node *node)
{
	struct selection_node *selection = (struct selection_node *)node;

	if (!node->given && !selection->named)
		diag_add(decode->diags, DIAG_MISSING_KEY, node->span, "this selects nothing");
	if (node_given(node, "named") && node->given & (node->given - 1))
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "named"), "a named packet is selected already");
	return 0;
}

static const char *const state_keys[] = {"conntrack", "route", "neighbour", "address", "socket"};

/* Entries of an order that say no place or direction have the expectation's. */
static void complete_order(struct decode *decode, struct expect_node *expect)
{
	if (node_given(&expect->node, "count"))
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(&expect->node, "count"),
			 "an order has no count: each of its entries is one packet");
	if (expect->order.count < 2)
		diag_add(decode->diags, DIAG_BAD_EXPECT, node_field_span(&expect->node, "order"), "an order needs two entries at least");
	for (size_t i = 0; i < expect->order.count; i++) {
		struct selection_node *selection = (struct selection_node *)expect->order.items[i];

		if (node_given(&selection->node, "named"))
			continue;
		if (!node_given(&selection->node, "dir"))
			selection->dir = expect->dir;
		if (node_given(&selection->node, "at"))
			continue;
		selection->at = expect->at;
		if (node_given(&expect->node, "at"))
			continue;
		diag_add(decode->diags, DIAG_MISSING_KEY, selection->node.span, "'at' is missing here");
		diag_help(decode->diags, "say where the packet is seen, in this entry or beside 'order' for all of them");
	}
}

/* Which of its three faces an expectation has: packets, an order of packets, or state. */
int expect_finish(struct decode *decode, struct node *node)
{
	struct expect_node *expect = (struct expect_node *)node;
	const char *state = NULL;
	struct span at = node->name_span.line ? node->name_span : node->span;

	for (size_t i = 0; i < COUNT_OF(state_keys); i++) {
		if (!node_given(node, state_keys[i]))
			continue;
		if (state)
			diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, state_keys[i]),
				 "'%s' and '%s' are two expectations", state, state_keys[i]);
		state = state_keys[i];
	}
	static const char *const of_packets[] = {"at", "dir", "since", "packets", "where", "fields", "payload", "as", "after", "gap"};
	for (size_t i = 0; i < COUNT_OF(of_packets); i++) {
		bool for_order = i < 3; /* an order has a window, and places that its entries share */

		if (!node_given(node, of_packets[i]) || (!state && (for_order || !node_given(node, "order"))))
			continue;
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, of_packets[i]), "'%s' is about packets%s",
			 of_packets[i],
			 state ? ", and this expectation is about state" : " of one selection, and stands inside an entry of 'order'");
	}
	if (node_given(node, "order"))
		complete_order(decode, expect);
	if (state && node_given(node, "order"))
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "order"),
			 "'order' is about packets, and this expectation is about state");
	if (state && !node_given(node, "in")) {
		diag_add(decode->diags, DIAG_MISSING_KEY, at, "'in' is missing here");
		diag_help(decode->diags, "write in: and the node whose %s is looked at", state);
	}
	if (!state && node_given(node, "in")) {
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "in"), "'in' is for expectations about state");
		diag_help(decode->diags, "packets are seen 'at' an interface, as in at: %s:eth0", expect->in ? expect->in : "node");
	}
	if (!state && !node_given(node, "order") && !node_given(node, "at")) {
		diag_add(decode->diags, DIAG_MISSING_KEY, at, "'at' is missing here");
		diag_help(decode->diags, "say where the packets are seen, as in at: firewall:wan");
	}
	if (node_given(node, "strict") && !node_given(node, "order"))
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "strict"), "'strict' is a property of 'order'");
	if (node_given(node, "gap") && !node_given(node, "after"))
		diag_add(decode->diags, DIAG_MISSING_KEY, node_field_span(node, "gap"),
			 "'gap' needs the 'after' that it is measured from");
	return 0;
}
