/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One field of a layer written into the packet that is being built. */
#include "lab/packet/build_field.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint64_t field_bit(const struct layer *layer, const struct layer_field *field)
{
	return UINT64_C(1) << (field - layer->fields);
}

/* Makes the header longer by zeroes; it is the last one in the packet so far. */
static void extend(struct build *build, struct build_part *part, uint32_t more)
{
	static const uint8_t zeroes[64];

	while (more) {
		uint32_t now = more < sizeof(zeroes) ? more : (uint32_t)sizeof(zeroes);

		text_add_bytes(build->out, zeroes, now);
		part->length += now;
		more -= now;
	}
}

static uint8_t *part_header(const struct build *build, const struct build_part *part)
{
	return (uint8_t *)build->out->data + part->offset;
}

/* The bytes or bits of `text` at `bit` of `bytes`; the caller has made sure that they fit. */
static int put_value(const struct layer_field *field, const char *text, uint8_t *bytes, uint32_t bit, struct err *err)
{
	_cleanup_text_ struct text value = {0};
	uint64_t number;
	int r;

	if (field_is_number(field)) {
		r = field_parse_bits(field, text, &number, err);
		if (r == 0)
			bits_put(bytes, bit, field->bits, number);
		return r;
	}
	r = field_parse_bytes(field, text, &value, err);
	if (r < 0)
		return r;
	if (value.length > field->bits / 8 || (field->type != LAYER_TEXT && value.length != field->bits / 8))
		return err_set(err, -EINVAL, "'%s' takes %zu bytes, there is room for %u", text, value.length, field->bits / 8);
	memset(bytes + bit / 8, 0, field->bits / 8);
	if (value.length)
		memcpy(bytes + bit / 8, value.data, value.length);
	return 0;
}

/* --- options --- */

/* The option that a value goes into: the last one written, or a new one behind it. */
static void open_option(struct build *build, struct build_part *part, const struct layer_field *field)
{
	const struct option_kind *kind = option_kind_find(part->layer->ops->options, field->option);
	bool again = part->last_fields & field_bit(part->layer, field);

	if (part->last_option && part_header(build, part)[part->last_option] == field->option && (!again || field->stride))
		return;
	part->last_option = part->length;
	part->last_fields = 0;
	extend(build, part, kind && kind->length ? kind->length : 2);
	part_header(build, part)[part->last_option] = field->option;
}

static int write_option(struct build *build, struct build_part *part, const struct layer_field *field, const char *text, struct err *err)
{
	const struct option_format *format = part->layer->ops->options;
	_cleanup_text_ struct text rest = {0};
	uint32_t bit = field->bit;
	int r = 0;

	if (!field->bits) {
		r = field_parse_bytes(field, text, &rest, err);
		if (r < 0)
			return r;
	}
	open_option(build, part, field);
	uint32_t length = part->length - part->last_option;

	if (part->last_fields & field_bit(part->layer, field))
		while (bit + field->bits <= length * 8)
			bit += field->stride * 8u;
	uint32_t wanted = field->bits ? (bit + field->bits + 7) / 8 : bit / 8 + (uint32_t)rest.length;

	if (wanted > length)
		extend(build, part, wanted - length);
	uint8_t *option = part_header(build, part) + part->last_option;

	length = part->length - part->last_option;
	if (length > 255u * format->unit)
		return err_set(err, -EINVAL, "the option gets longer than its length byte can say");
	option[1] = option_length_byte(format, length);
	part->last_fields |= field_bit(part->layer, field);
	if (field->bits)
		return put_value(field, text, option, bit, err);
	if (rest.length)
		memcpy(option + bit / 8, rest.data, rest.length);
	return 0;
}

static int write_option_words(struct build *build, struct build_part *part, const char *text, struct err *err)
{
	_cleanup_text_ struct text bytes = {0};
	int r = option_words_parse(part->layer->ops->options, text, &bytes, err);

	if (r < 0)
		return r;
	text_add_bytes(build->out, bytes.data, bytes.length);
	part->length += (uint32_t)bytes.length;
	part->last_option = 0;
	return 0;
}

void build_close_options(struct build *build, struct build_part *part)
{
	const struct option_format *format = part->layer->ops->options;

	if (!format)
		return;
	if (format->closed) {
		extend(build, part, 1);
		part_header(build, part)[part->length - 1] = (uint8_t)format->end;
	}
	if (format->round && part->length % format->round)
		extend(build, part, format->round - part->length % format->round);
}

/* --- a value as the scenario wrote it --- */

static int check_writable(const struct build *build, const struct build_part *part, const struct layer_field *field, struct err *err)
{
	bool repeats = field->stride || field->place == PLACE_OPTION;

	if (field->place == PLACE_EITHER)
		return build_refuse(part, field->name, err, "stands for two fields: write %s or %s", field->either[0], field->either[1]);
	if (field->place == PLACE_ANY_OPTION || (field->place == PLACE_CODE && !field->bits && field->type != LAYER_OPTIONS))
		return build_refuse(part, field->name, err, "follows from the rest of the packet and cannot be written");
	if (!repeats && part->given & field_bit(part->layer, field))
		return build_refuse(part, field->name, err, "is written twice");
	if (!layer_field_applies(part->layer, field, part_header(build, part))) {
		_cleanup_text_ struct text kinds = {0};

		for (uint8_t i = 1; i <= field->when[0]; i++)
			text_addf(&kinds, "%s%u", i == 1 ? "" : i == field->when[0] ? " or " : ", ", field->when[i]);
		return build_refuse(part, field->name, err, "is part of messages of type %s only", text_str(&kinds));
	}
	return 0;
}

static bool write_checksum_word(struct build_part *part, const struct layer_field *field, const char *text)
{
	if (!field->computed || !str_eq(field->name, "checksum"))
		return false;
	part->checksum = str_eq(text, "bad") ? CHECKSUM_BAD : str_eq(text, "partial") ? CHECKSUM_PARTIAL : CHECKSUM_GIVEN;
	return part->checksum != CHECKSUM_GIVEN;
}

static int write_header(struct build *build, struct build_part *part, const struct layer_field *field, const char *text, struct err *err)
{
	uint32_t bit = field->bit;

	if (field->stride) {
		bit = part->length * 8;
		extend(build, part, field->stride);
	}
	return put_value(field, text, part_header(build, part), bit, err);
}

/* Fields at a fixed place first: which others there are depends on them. */
static bool is_early(const struct layer_field *field)
{
	return (field->place == PLACE_HEADER || field->place == PLACE_CODE) && !field->when && !field->stride && field->type != LAYER_OPTIONS;
}

static int refuse_field(const struct build_part *part, const char *name, struct err *err)
{
	const char *names[128];
	size_t count = 0;

	for (size_t i = 0; i < part->layer->field_count && count < COUNT_OF(names); i++)
		names[count++] = part->layer->fields[i].name;
	const char *near = str_nearest(name, names, count);

	if (near)
		return build_refuse(part, NULL, err, "has no field '%s': did you mean '%s'?", name, near);
	return build_refuse(part, NULL, err, "has no field '%s'", name);
}

static int write_value(struct build *build, struct build_part *part, const struct layer_field *field, const char *text, struct err *err)
{
	int r = check_writable(build, part, field, err);

	if (r < 0)
		return r;
	part->given |= field_bit(part->layer, field);
	if (write_checksum_word(part, field, text))
		return 0;
	if (field->type == LAYER_OPTIONS)
		r = write_option_words(build, part, text, err);
	else if (field->place == PLACE_OPTION)
		r = write_option(build, part, field, text, err);
	else
		r = write_header(build, part, field, text, err);
	if (r < 0)
		return build_wrap(part, field->name, err);
	return 0;
}

int build_write_values(struct build *build, struct build_part *part, struct err *err)
{
	const struct layer *layer = part->layer;

	for (size_t i = 0; i < layer->field_count; i++)
		if (layer->fields[i].standard && !layer->fields[i].when) {
			int r = put_value(&layer->fields[i], layer->fields[i].standard, part_header(build, part), layer->fields[i].bit, err);

			if (r < 0)
				return build_wrap(part, layer->fields[i].name, err);
		}
	for (int early = 1; early >= 0; early--)
		for (size_t i = 0; i < part->wanted->value_count; i++) {
			const struct build_value *value = &part->wanted->values[i];
			const struct layer_field *field = layer_field_find(layer, value->name);

			if (!field)
				return refuse_field(part, value->name, err);
			if (is_early(field) != (early == 1))
				continue;
			int r = write_value(build, part, field, value->text, err);

			if (r < 0)
				return r;
		}
	return 0;
}
