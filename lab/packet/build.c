/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet put together from layers. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lab/packet/build_field.h"

/*
 * Theory of operation
 *
 * Headers are written one behind the other, outermost first, with what is
 * given and the standards. Then addresses and ports are filled in, outermost
 * first, since checksums cover them; then every layer finishes itself,
 * innermost first: lengths, the number of what follows, checksums. A field
 * that was given is never touched again.
 */

/* --- messages --- */

static void print_name(const struct build_part *part, const char *field, char *out, size_t size)
{
	char occurrence[16] = "";

	if (part->occurrence > 1)
		snprintf(occurrence, sizeof(occurrence), "#%u", part->occurrence);
	snprintf(out, size, "%s%s%s%s", part->layer->name, field ? "." : "", field ? field : "", occurrence);
}

int build_refuse(const struct build_part *part, const char *field, struct err *err, const char *fmt, ...)
{
	char name[128];
	va_list args;

	va_start(args, fmt);
	err_vset(err, -EINVAL, fmt, args);
	va_end(args);
	print_name(part, field, name, sizeof(name));
	err_wrap(err, "%s", name);
	return -EINVAL;
}

int build_wrap(const struct build_part *part, const char *field, struct err *err)
{
	char name[128];

	print_name(part, field, name, sizeof(name));
	err_wrap(err, "%s", name);
	return err ? err->code : -EINVAL;
}

/* --- what finish() works with --- */

uint8_t *build_header(const struct build *build, size_t index)
{
	return (uint8_t *)build->out->data + build->parts[index].offset;
}

static bool is_given(const struct build_part *part, const struct layer_field *field)
{
	return part->given >> (field - part->layer->fields) & 1;
}

bool build_given(const struct build_part *part, const char *name)
{
	return is_given(part, layer_field_find(part->layer, name));
}

void build_put(const struct build *build, size_t index, const char *name, uint64_t value)
{
	const struct build_part *part = &build->parts[index];
	const struct layer_field *field = layer_field_find(part->layer, name);

	if (!is_given(part, field))
		bits_put(build_header(build, index), field->bit, field->bits, value);
}

int build_put_length(const struct build *build, size_t index, const char *name, size_t value, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	const struct layer_field *field = layer_field_find(part->layer, name);
	size_t scale = field->scale ? field->scale : 1, limit = ((UINT64_C(1) << field->bits) - 1) * scale;

	if (is_given(part, field))
		return 0;
	if (value > limit) {
		build_refuse(part, name, err, "%zu bytes do not fit, the field holds %zu: write it to set it wrong on purpose", value, limit);
		if (err)
			err->code = -EMSGSIZE;
		return -EMSGSIZE;
	}
	bits_put(build_header(build, index), field->bit, field->bits, value / scale);
	return 0;
}

void build_put_bytes(const struct build *build, size_t index, const char *name, const void *bytes)
{
	const struct build_part *part = &build->parts[index];
	const struct layer_field *field = layer_field_find(part->layer, name);

	if (!is_given(part, field))
		memmove(build_header(build, index) + field->bit / 8, bytes, field->bits / 8);
}

uint64_t build_wanted_number(const struct build_part *part, const char *name, uint64_t otherwise)
{
	const struct layer_field *field = layer_field_find(part->layer, name);
	uint64_t value;

	for (size_t i = 0; i < part->wanted->value_count; i++)
		if (str_eq(part->wanted->values[i].name, name) && field_parse_bits(field, part->wanted->values[i].text, &value, NULL) == 0)
			return value;
	return otherwise;
}

const struct layer *build_next(const struct build *build, size_t index)
{
	return index + 1 < build->count ? build->parts[index + 1].layer : NULL;
}

int build_put_next(const struct build *build, size_t index, const char *name, int (*number)(const struct layer *layer), struct err *err)
{
	const struct build_part *part = &build->parts[index];
	const struct layer *next = build_next(build, index);

	if (build_given(part, name))
		return 0;
	if (!next)
		return build_refuse(part, name, err, "nothing follows that would say it: write it");
	if (number(next) < 0)
		return build_refuse(part, name, err, "what follows (%s) has no number here: write it", next->name);
	build_put(build, index, name, (uint64_t)number(next));
	return 0;
}

ptrdiff_t build_network(const struct build *build, size_t index)
{
	while (index-- > 0)
		if (build->parts[index].layer == &layer_ip || build->parts[index].layer == &layer_ipv6)
			return (ptrdiff_t)index;
	return -1;
}

int build_put_addresses(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	uint8_t family = part->layer == &layer_ip ? AF_INET : AF_INET6;
	const char *version = family == AF_INET ? "IPv4" : "IPv6";
	ptrdiff_t outer = build_network(build, index);
	const struct build_defaults *defaults = build->defaults;

	if (outer < 0) {
		if (defaults->src.family == family)
			build_put_bytes(build, index, "src", defaults->src.bytes);
		else if (!build_given(part, "src"))
			return build_refuse(part, "src", err, "the source's %s address is not known: write it", version);
		if (defaults->dst.family == family)
			build_put_bytes(build, index, "dst", defaults->dst.bytes);
		else if (!build_given(part, "dst"))
			return build_refuse(part, "dst", err, "the destination's %s address is not known: write it", version);
		return 0;
	}
	/* An error goes back to whom the quoted packet came from. */
	const struct layer *before = build->parts[index - 1].layer;

	if ((before == &layer_icmp || before == &layer_icmpv6) && build->parts[outer].layer == part->layer)
		build_put_bytes(build, index, "src", build_header(build, (size_t)outer) + (family == AF_INET ? 16 : 24));
	else if (!build_given(part, "src"))
		return build_refuse(part, "src", err, "the source of an inner packet is not known: write it");
	if (!build_given(part, "dst"))
		return build_refuse(part, "dst", err, "the destination of an inner packet is not known: write it");
	return 0;
}

int build_put_ports(const struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	uint16_t ports[2] = {build->defaults->src_port, build->defaults->dst_port};
	static const char *const names[2] = {"srcport", "dstport"};

	for (size_t i = 0; i < index; i++)
		if (build->parts[i].layer == &layer_udp || build->parts[i].layer == &layer_tcp)
			ports[0] = ports[1] = 0;
	for (size_t i = 0; i < 2; i++) {
		if (ports[i])
			build_put(build, index, names[i], ports[i]);
		else if (!build_given(part, names[i]) && bits_get(build_header(build, index), (uint32_t)i * 16, 16) == 0)
			return build_refuse(part, names[i], err, "the port is not known: write it");
	}
	return 0;
}

/* --- checksums --- */

void build_store_checksum(const struct build *build, size_t index, uint16_t right, uint16_t partial)
{
	const struct build_part *part = &build->parts[index];
	const struct layer_field *field = layer_field_find(part->layer, "checksum");
	uint16_t value = right;

	if (part->checksum == CHECKSUM_GIVEN)
		return;
	if (part->checksum == CHECKSUM_PARTIAL)
		value = partial;
	/* Wrong by a difference that no carry hides, and never 0, which in UDP says that there is none. */
	if (part->checksum == CHECKSUM_BAD)
		value = right == 0x1234 ? 0x4321 : right ^ 0x1234;
	bits_put(build_header(build, index), field->bit, field->bits, value);
}

/* Where the packet is bound for in the end: a routing header may say another address than IPv6's (RFC 8200 section 8.1). */
static const uint8_t *final_destination(const struct build *build, size_t network, size_t index)
{
	const uint8_t *destination = build_header(build, network) + 24;

	for (size_t i = network + 1; i < index; i++) {
		const uint8_t *h = build_header(build, i);
		uint32_t length = build->parts[i].length;

		if (build->parts[i].layer == &layer_routing && h[3] > 0 && length >= 24)
			destination = h[2] == 0 ? h + length - 16 : h + 8;
	}
	return destination;
}

static uint32_t pseudo_header(const struct build *build, size_t index, uint8_t protocol)
{
	ptrdiff_t network = build_network(build, index);
	size_t length = build->out->length - build->parts[index].offset;
	const uint8_t tail[8] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, 0, 0, 0, protocol};
	uint32_t sum = checksum_add(0, tail, sizeof(tail));

	if (network < 0)
		return 0;
	const uint8_t *header = build_header(build, (size_t)network);

	if (build->parts[network].layer == &layer_ip)
		return checksum_add(sum, header + 12, 8);
	sum = checksum_add(sum, header + 8, 16);
	return checksum_add(sum, final_destination(build, (size_t)network, index), 16);
}

void build_put_checksum(const struct build *build, size_t index, int protocol, bool zero_means_none)
{
	const struct build_part *part = &build->parts[index];
	uint32_t pseudo = protocol < 0 ? 0 : pseudo_header(build, index, (uint8_t)protocol);
	uint16_t sum = checksum_finish(checksum_add(pseudo, build_header(build, index), build->out->length - part->offset));

	if (sum == 0 && zero_means_none)
		sum = 0xffff;
	build_store_checksum(build, index, sum, (uint16_t)~checksum_finish(pseudo));
}

/* --- the whole --- */

static int add_part(struct build *build, size_t index, struct err *err)
{
	struct build_part *part = &build->parts[index];
	const struct layer *layer = part->layer;

	part->offset = (uint32_t)build->out->length;
	if (part->wanted->data_length > PACKET_SIZE_MAX)
		return err_set(err, -EMSGSIZE, "the payload is longer than a packet can be: %u bytes", PACKET_SIZE_MAX);
	if (!layer->ops) {
		if (part->wanted->value_count)
			return build_refuse(part, NULL, err, "has no field '%s'", part->wanted->values[0].name);
		text_add_bytes(build->out, part->wanted->data, part->wanted->data_length);
		part->length = (uint32_t)part->wanted->data_length;
		return 0;
	}
	part->length = layer->ops->build_size ? layer->ops->build_size(part) : (uint32_t)layer->minimum;
	for (uint32_t i = 0; i < part->length; i++)
		text_add_char(build->out, 0);
	int r = build_write_values(build, part, err);

	if (r == 0)
		build_close_options(build, part);
	return r;
}

static int build_all(struct build *build, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < build->count && r == 0; i++) {
		r = add_part(build, i, err);
		if (r == 0 && build->out->length > PACKET_SIZE_MAX)
			r = err_set(err, -EMSGSIZE, "the packet is longer than %u bytes", PACKET_SIZE_MAX);
	}
	for (size_t i = 0; i < build->count && r == 0; i++) {
		const struct layer_ops *ops = build->parts[i].layer->ops;

		if (ops && ops->prepare)
			r = ops->prepare(build, i, err);
	}
	for (size_t i = build->count; i-- > 0 && r == 0;) {
		const struct layer_ops *ops = build->parts[i].layer->ops;

		if (ops && ops->finish)
			r = ops->finish(build, i, err);
	}
	return r;
}

int packet_build(const struct build_layer *parts, size_t count, const struct build_defaults *defaults, struct text *ret_bytes,
		 struct err *err)
{
	static const struct build_defaults nothing;
	_cleanup_text_ struct text out = {0};
	struct build_part list[DISSECT_LAYERS_MAX] = {0};
	struct build build = {.parts = list, .count = count, .defaults = defaults ? defaults : &nothing, .out = &out};

	if (count == 0)
		return err_set(err, -EINVAL, "a packet has at least one layer");
	if (count > COUNT_OF(list))
		return err_set(err, -EINVAL, "a packet has at most %zu layers", COUNT_OF(list));
	for (size_t i = 0; i < count; i++) {
		list[i] = (struct build_part){.layer = parts[i].layer, .wanted = &parts[i], .occurrence = 1};
		for (size_t k = 0; k < i; k++)
			list[i].occurrence += list[k].layer == list[i].layer;
		if (!list[i].layer->buildable)
			return err_set(err, -EINVAL, "%s: this layer can be looked at, but not built", list[i].layer->name);
	}
	int r = build_all(&build, err);

	if (r < 0)
		return r;
	text_add_bytes(ret_bytes, out.data, out.length);
	return 0;
}
