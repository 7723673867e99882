/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as people read them: in one line, and in full. */
#include "lab/packet/layer_ops.h"

static bool is_network(const struct layer *layer)
{
	return layer == &layer_ip || layer == &layer_ipv6;
}

static bool is_extension(const struct layer *layer)
{
	return layer == &layer_hopopts || layer == &layer_routing || layer == &layer_fraghdr || layer == &layer_dstopts;
}

/* "192.0.2.1:80", "[2001:db8::1]:80", or without a port. */
static void add_endpoint(const struct dissection *packet, size_t index, const char *address, const char *port, struct text *out)
{
	const struct dissected_layer *network = &packet->layers[index];
	size_t transport = index + 1;

	while (transport < packet->count && is_extension(packet->layers[transport].layer))
		transport++;
	bool ported = transport < packet->count &&
		      (packet->layers[transport].layer == &layer_udp || packet->layers[transport].layer == &layer_tcp);

	if (ported && network->layer == &layer_ipv6)
		text_add_char(out, '[');
	layer_text(packet, network, address, out);
	if (ported && network->layer == &layer_ipv6)
		text_add_char(out, ']');
	if (ported)
		text_addf(out, ":%u", (unsigned)layer_number(packet, &packet->layers[transport], port));
}

void summarise_bytes(size_t count, struct text *out)
{
	text_addf(out, "%zu byte%s", count, count == 1 ? "" : "s");
}

void summarise_fragment(unsigned at, size_t count, bool more, struct text *out)
{
	text_addf(out, "fragment at %u, ", at);
	summarise_bytes(count, out);
	text_add(out, more ? ", more follow" : ", the last");
}

void packet_summary(const struct dissection *packet, struct text *out)
{
	struct text line = {0};

	for (size_t i = 0; i < packet->count; i++) {
		const struct layer *layer = packet->layers[i].layer;

		if (is_network(layer)) {
			add_endpoint(packet, i, "src", "srcport", &line);
			text_add(&line, " > ");
			add_endpoint(packet, i, "dst", "dstport", &line);
			text_add_char(&line, ' ');
		}
		if (layer->ops->summarise)
			layer->ops->summarise(packet, i, &line);
		/* What an error is about. */
		if ((layer == &layer_icmp || layer == &layer_icmpv6) && i + 1 < packet->count)
			text_add(&line, " for ");
	}
	if (!packet->count)
		text_addf(&line, "%zu bytes without an Ethernet header", packet->length);
	while (line.length && line.data[line.length - 1] == ' ')
		line.data[--line.length] = '\0';
	if (packet->malformed && packet->count)
		text_addf(&line, " [malformed: %s]", packet->malformed);
	text_add(out, text_str(&line));
	text_free(&line);
}

/* --- in full --- */

struct print_field {
	const struct layer *layer;
	const struct layer_field *field;
	unsigned occurrence;
	struct text *out;
};

static bool print_value(void *data, const struct field_value *value)
{
	struct print_field *print = data;
	const char *name = field_is_number(print->field) ? field_value_name(print->field, value->number) : NULL;

	text_addf(print->out, "  %s.%s", print->layer->name, print->field->name);
	if (print->occurrence > 1)
		text_addf(print->out, "#%u", print->occurrence);
	text_add(print->out, ": ");
	field_value_print(print->field, print->layer->ops->options, value, print->out);
	if (name)
		text_addf(print->out, " (%s)", name);
	text_add_char(print->out, '\n');
	return false;
}

/* A second name for the same bits, as tcp.seq_raw is for tcp.seq. */
static bool is_alias(const struct layer *layer, size_t index)
{
	const struct layer_field *field = &layer->fields[index];

	for (size_t i = 0; i < index; i++)
		if (field->place == PLACE_HEADER && layer->fields[i].place == PLACE_HEADER && field->bit == layer->fields[i].bit &&
		    field->bits == layer->fields[i].bits && field->when == layer->fields[i].when)
			return true;
	return false;
}

static void add_hex_dump(const uint8_t *bytes, size_t length, struct text *out)
{
	for (size_t at = 0; at < length; at += 16) {
		text_addf(out, "  %04zx ", at);
		for (size_t i = at; i < at + 16; i++)
			if (i < length)
				text_addf(out, " %02x", bytes[i]);
			else
				text_add(out, "   ");
		text_add(out, "  ");
		for (size_t i = at; i < at + 16 && i < length; i++)
			text_add_char(out, bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '.');
		text_add_char(out, '\n');
	}
}

#define DUMP_MAX 256u

void packet_details(const struct dissection *packet, struct text *out)
{
	text_add(out, "Frame, ");
	summarise_bytes(packet->wire_length, out);
	text_add_char(out, '\n');
	for (size_t i = 0; i < packet->count; i++) {
		const struct dissected_layer *at = &packet->layers[i];
		struct print_field print = {.layer = at->layer, .occurrence = 1, .out = out};

		for (size_t k = 0; k < i; k++)
			print.occurrence += packet->layers[k].layer == at->layer;
		text_addf(out, "%s, %u bytes\n", at->layer->title, at->length);
		for (size_t k = 0; k < at->layer->field_count; k++) {
			print.field = &at->layer->fields[k];
			if (print.field->place == PLACE_EITHER || is_alias(at->layer, k) || str_eq(print.field->name, "payload"))
				continue;
			layer_each_value(packet, at, print.field, print_value, &print);
		}
	}
	if (packet->payload_length) {
		uint32_t shown = packet->payload_length < DUMP_MAX ? packet->payload_length : DUMP_MAX;

		text_add(out, "Payload, ");
		summarise_bytes(packet->payload_length, out);
		text_add_char(out, '\n');
		add_hex_dump(packet->data + packet->payload_offset, shown, out);
		if (shown < packet->payload_length)
			text_addf(out, "  … %u bytes more\n", packet->payload_length - shown);
	}
	if (packet->malformed)
		text_addf(out, "Malformed: %s\n", packet->malformed);
}
