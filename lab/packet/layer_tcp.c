/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP, with its options. */
#include "lab/packet/layer_ops.h"

static void tcp_dissect(struct dissect_step *step)
{
	uint32_t length = (step->header[12] >> 4) * 4u;

	if (length < step->layer->minimum || length > step->available) {
		step->malformed = length < step->layer->minimum ? "TCP header length below 20 bytes" : "TCP header is cut short";
		step->stop = true;
		return;
	}
	step->length = length;
}

static int tcp_finish(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	int r = build_put_ports(build, index, err);

	if (r == 0)
		r = build_put_length(build, index, "hdr_len", part->length, err);
	if (r == 0)
		build_put_checksum(build, index, 6, false);
	return r;
}

enum { CODE_PAYLOAD, CODE_LENGTH, CODE_OPTIONS };

static bool tcp_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		       field_value_fn fn, void *data)
{
	const uint8_t *header = packet->data + at->offset;
	struct field_value value = {.bytes = header + at->length, .length = at->end - at->offset - at->length};

	if (field->option == CODE_LENGTH) {
		value.number = value.length;
		return fn(data, &value);
	}
	if (field->option == CODE_OPTIONS) {
		value.bytes = header + 20;
		value.length = at->length - 20;
	}
	return value.length && fn(data, &value);
}

static void tcp_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {{0x02, "SYN"}, {0x01, "FIN"}, {0x04, "RST"}, {0x08, "PSH"}, {0x20, "URG"}, {0x10, "ACK"}, {0x40, "ECE"}, {0x80, "CWR"}, {0x100, "AE"}};
	const struct dissected_layer *at = &packet->layers[index];
	uint64_t flags = layer_number(packet, at, "flags");
	const char *separator = "TCP ";

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (flags & names[i].bit) {
			text_addf(out, "%s%s", separator, names[i].name);
			separator = "+";
		}
	if (separator[0] == 'T')
		text_add(out, "TCP without flags");
	if (at->end > at->offset + at->length) {
		text_add(out, ", ");
		summarise_bytes(at->end - at->offset - at->length, out);
	}
}

static uint32_t tcp_options_start(const uint8_t *header, uint32_t length)
{
	(void)header;
	return length < 20 ? length : 20;
}

static const struct option_kind tcp_option_kinds[] = { /* TCP Option Kind Numbers, IANA */
	{.kind = 0, .word = "eol"},
	{.kind = 1, .word = "nop"},
	{.kind = 2, .length = 4, .word = "mss", .sizes = "\2"},
	{.kind = 3, .length = 3, .word = "wscale", .sizes = "\1"},
	{.kind = 4, .length = 2, .word = "sackOK"},
	{.kind = 5, .word = "sack", .sizes = "\4\4", .repeats = true},
	{.kind = 8, .length = 10, .word = "timestamp", .sizes = "\4\4"},
};

static const struct option_format tcp_options = {
	.unit = 1, .pad = 1, .end = 0, .round = 4, .kinds = tcp_option_kinds, .kind_count = COUNT_OF(tcp_option_kinds),
	.start = tcp_options_start,
};

static const struct layer_ops tcp_ops = {
	.dissect = tcp_dissect, .locate = tcp_locate, .options = &tcp_options, .finish = tcp_finish, .summarise = tcp_summarise,
};

#define IN_OPTION(kind, at_bit, width) .place = PLACE_OPTION, .option = (kind), .bit = (at_bit), .bits = (width)

static const struct layer_field tcp_fields[] = {
	{.name = "srcport", .type = LAYER_UINT, .bit = 0, .bits = 16, .computed = true, .doc = "Source port; not written: the step's `from`.",
	 .example = "srcport: 6881"},
	{.name = "dstport", .type = LAYER_UINT, .bit = 16, .bits = 16, .computed = true, .doc = "Destination port; not written: the step's `to`.",
	 .example = "dstport: 80"},
	{.name = "port", .type = LAYER_UINT, .place = PLACE_EITHER, .bits = 16, .either = {"srcport", "dstport"}, .doc = "Source or destination port."},
	{.name = "seq", .type = LAYER_UINT, .bit = 32, .bits = 32, .doc = "Sequence number as on the wire, never relative.", .example = "seq: 1000"},
	{.name = "seq_raw", .type = LAYER_UINT, .bit = 32, .bits = 32, .doc = "Sequence number as on the wire; the same as seq."},
	{.name = "ack", .type = LAYER_UINT, .bit = 64, .bits = 32, .doc = "Acknowledgement number as on the wire, never relative.", .example = "ack: 2001"},
	{.name = "ack_raw", .type = LAYER_UINT, .bit = 64, .bits = 32, .doc = "Acknowledgement number as on the wire; the same as ack."},
	{.name = "hdr_len", .type = LAYER_UINT, .bit = 96, .bits = 4, .scale = 4, .computed = true, .doc = "Bytes of the header, options included."},
	{.name = "flags", .type = LAYER_FLAGS, .bit = 100, .bits = 12, .standard = "S",
	 .doc = "All flags, and only these: letters F(IN) S(YN) R(ST) P(SH) A(CK) U(RG) E(CE) C(WR) N (AE), or a number.", .example = "flags: SA"},
	{.name = "flags.ae", .type = LAYER_FLAG, .bit = 103, .bits = 1, .doc = "Accurate ECN (RFC 9768)."},
	{.name = "flags.cwr", .type = LAYER_FLAG, .bit = 104, .bits = 1, .doc = "Congestion window reduced (RFC 3168)."},
	{.name = "flags.ece", .type = LAYER_FLAG, .bit = 105, .bits = 1, .doc = "ECN echo (RFC 3168)."},
	{.name = "flags.urg", .type = LAYER_FLAG, .bit = 106, .bits = 1, .doc = "The urgent pointer counts."},
	{.name = "flags.ack", .type = LAYER_FLAG, .bit = 107, .bits = 1, .doc = "The acknowledgement number counts.", .example = "flags.ack: 1"},
	{.name = "flags.push", .type = LAYER_FLAG, .bit = 108, .bits = 1, .doc = "Deliver at once."},
	{.name = "flags.reset", .type = LAYER_FLAG, .bit = 109, .bits = 1, .doc = "There is no such connection, or no longer."},
	{.name = "flags.syn", .type = LAYER_FLAG, .bit = 110, .bits = 1, .doc = "The first segment of a direction.", .example = "flags.syn: 1"},
	{.name = "flags.fin", .type = LAYER_FLAG, .bit = 111, .bits = 1, .doc = "The last segment of a direction."},
	{.name = "window_size_value", .type = LAYER_UINT, .bit = 112, .bits = 16, .standard = "65535",
	 .doc = "Receive window as on the wire, not scaled.", .example = "window_size_value: 1024"},
	{.name = "checksum", .type = LAYER_HEX, .bit = 128, .bits = 16, .computed = true, .doc = "Checksum with pseudo header.",
	 .example = "checksum: bad"},
	{.name = "urgent_pointer", .type = LAYER_UINT, .bit = 144, .bits = 16, .doc = "End of urgent data, from the sequence number."},
	{.name = "len", .type = LAYER_UINT, .place = PLACE_CODE, .option = CODE_LENGTH, .doc = "Bytes of payload."},
	{.name = "payload", .type = LAYER_BYTES, .place = PLACE_CODE, .option = CODE_PAYLOAD, .doc = "What it carries, as hexadecimal."},
	{.name = "options", .type = LAYER_OPTIONS, .place = PLACE_CODE, .option = CODE_OPTIONS,
	 .doc = "Options as words: mss 1460, nop, wscale 7, sackOK, sack 1 2, timestamp 1 0, eol, option KIND HEX.",
	 .example = "options: mss 1460, nop, wscale 7, sackOK, timestamp 1 0"},
	{.name = "option_kind", .type = LAYER_UINT, .place = PLACE_ANY_OPTION, .bit = 0, .bits = 8, .doc = "Kind of an option."},
	{.name = "options.mss_val", .type = LAYER_UINT, IN_OPTION(2, 16, 16), .doc = "Maximum segment size (RFC 9293).",
	 .example = "options.mss_val: 1460"},
	{.name = "options.wscale.shift", .type = LAYER_UINT, IN_OPTION(3, 16, 8), .doc = "Window scale (RFC 7323).", .example = "options.wscale.shift: 7"},
	{.name = "options.sack_le", .type = LAYER_UINT, IN_OPTION(5, 16, 32), .stride = 8, .doc = "Left edge of a block received out of order (RFC 2018)."},
	{.name = "options.sack_re", .type = LAYER_UINT, IN_OPTION(5, 48, 32), .stride = 8, .doc = "Right edge of a block received out of order."},
	{.name = "options.timestamp.tsval", .type = LAYER_UINT, IN_OPTION(8, 16, 32), .doc = "The sender's timestamp (RFC 7323)."},
	{.name = "options.timestamp.tsecr", .type = LAYER_UINT, IN_OPTION(8, 48, 32), .doc = "The peer's timestamp, echoed."},
};

const struct layer layer_tcp = {
	.name = "tcp", .title = "Transmission Control Protocol", .source = "RFC 9293", .fields = tcp_fields, .field_count = COUNT_OF(tcp_fields),
	.minimum = 20, .buildable = true, .ops = &tcp_ops,
};
