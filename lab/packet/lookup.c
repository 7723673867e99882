/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields found in a dissected packet: by name as text, or held against what is wanted. */
#include <errno.h>
#include <string.h>

#include "lab/packet/layer_ops.h"

bool layer_field_applies(const struct layer *layer, const struct layer_field *field, const uint8_t *header)
{
	if (!field->when)
		return true;
	uint8_t kind = header[layer->ops->kind_at];

	for (uint8_t i = 1; i <= field->when[0]; i++)
		if (field->when[i] == kind)
			return true;
	return false;
}

/* The value at `bit` of `bytes`, of which `room` are there. */
static bool give_at(const struct layer_field *field, const uint8_t *bytes, uint32_t room, uint32_t bit, field_value_fn fn, void *data)
{
	uint32_t bits = field->bits ? field->bits : bit < room * 8 ? room * 8 - bit : 0;
	struct field_value value = {.bytes = bytes + bit / 8, .length = bits / 8};

	if (field_is_number(field)) {
		value.number = bits_get(bytes, bit, bits) * (field->scale ? field->scale : 1);
		return fn(data, &value);
	}
	if (field->type != LAYER_TEXT)
		return fn(data, &value);
	_cleanup_text_ struct text text = {0};

	text_add_bytes(&text, value.bytes, strnlen((const char *)value.bytes, value.length));
	value.text = text_str(&text);
	return text.length && fn(data, &value);
}

/* One value, or one each `stride` bytes, as far as they lie within `room` bytes. */
static bool give_all(const struct layer_field *field, const uint8_t *bytes, uint32_t room, field_value_fn fn, void *data)
{
	for (uint32_t bit = field->bit; bit + field->bits <= room * 8 && bit < room * 8; bit += field->stride * 8u) {
		if (give_at(field, bytes, room, bit, fn, data))
			return true;
		if (!field->stride)
			break;
	}
	return false;
}

static bool give_options(const struct layer_field *field, const struct option_format *format, const uint8_t *header, uint32_t length,
			 field_value_fn fn, void *data)
{
	uint32_t at = format->start(header, length);
	struct option option;

	while (option_next(format, header, length, &at, &option) > 0) {
		if (field->place == PLACE_OPTION && option.kind != field->option)
			continue;
		if (give_all(field, header + option.at, option.length, fn, data))
			return true;
	}
	return false;
}

bool layer_each_value(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field, field_value_fn fn,
		      void *data)
{
	const struct layer *layer = at->layer;
	const uint8_t *header = packet->data + at->offset;

	if (!layer_field_applies(layer, field, header))
		return false;
	switch (field->place) {
	case PLACE_HEADER:
		return give_all(field, header, at->length, fn, data);
	case PLACE_OPTION:
	case PLACE_ANY_OPTION:
		return give_options(field, layer->ops->options, header, at->length, fn, data);
	case PLACE_CODE:
		return layer->ops->locate(packet, at, field, fn, data);
	case PLACE_EITHER:
		for (size_t i = 0; i < COUNT_OF(field->either); i++)
			if (layer_each_value(packet, at, layer_field_find(layer, field->either[i]), fn, data))
				return true;
		return false;
	}
	return false;
}

static bool keep_number(void *data, const struct field_value *value)
{
	*(uint64_t *)data = value->number;
	return true;
}

uint64_t layer_number(const struct dissection *packet, const struct dissected_layer *at, const char *name)
{
	const struct layer_field *field = layer_field_find(at->layer, name);
	uint64_t number = 0;

	if (field)
		layer_each_value(packet, at, field, keep_number, &number);
	return number;
}

struct as_text {
	const struct layer_field *field;
	const struct option_format *options;
	struct text *out;
	bool first_only;
	size_t count;
};

static bool add_text(void *data, const struct field_value *value)
{
	struct as_text *as = data;

	if (as->count++)
		text_add_char(as->out, ',');
	field_value_print(as->field, as->options, value, as->out);
	return as->first_only;
}

bool layer_text(const struct dissection *packet, const struct dissected_layer *at, const char *name, struct text *out)
{
	const struct layer_field *field = layer_field_find(at->layer, name);
	struct as_text as = {.field = field, .options = at->layer->ops->options, .out = out, .first_only = true};

	if (field)
		layer_each_value(packet, at, field, add_text, &as);
	return as.count > 0;
}

/* The layer meant, or NULL. The frame is a layer of every packet. */
static const struct dissected_layer *find_layer(const struct dissection *packet, const struct layer *layer, unsigned occurrence,
						struct dissected_layer *frame)
{
	if (layer == &layer_frame && occurrence == 1) {
		*frame = (struct dissected_layer){.layer = layer, .end = (uint32_t)packet->length, .length = (uint32_t)packet->length};
		return frame;
	}
	for (size_t i = 0; i < packet->count; i++)
		if (packet->layers[i].layer == layer && --occurrence == 0)
			return &packet->layers[i];
	return NULL;
}

int packet_field_text(const struct dissection *packet, const char *name, struct text *out)
{
	const struct layer *layer;
	const struct layer_field *field;
	unsigned occurrence;
	struct dissected_layer frame;

	if (layer_field_resolve(name, &layer, &field, &occurrence, NULL) < 0 || !field)
		return 0;
	const struct dissected_layer *at = find_layer(packet, layer, occurrence, &frame);
	struct as_text as = {.field = field, .options = layer->ops ? layer->ops->options : NULL, .out = out};

	if (!at)
		return 0;
	layer_each_value(packet, at, field, add_text, &as);
	return as.count > 0;
}

/* --- matching --- */

/* A name and what is wanted of it, taken apart. */
struct wanted {
	const struct layer *layer;
	const struct layer_field *field; /* NULL: the layer itself */
	unsigned occurrence;
	int presence;                    /* 1 "present", 0 "absent", -1: a value */
	struct field_wanted value;
};

static int parse_wanted(const char *name, const char *text, struct wanted *wanted, struct err *err)
{
	int r = layer_field_resolve(name, &wanted->layer, &wanted->field, &wanted->occurrence, err);

	if (r < 0)
		return r;
	wanted->presence = str_eq(text, "present") ? 1 : str_eq(text, "absent") ? 0 : -1;
	if (!wanted->field) {
		if (wanted->presence >= 0)
			return 0;
		const struct layer *layer = wanted->layer;

		return layer->field_count ?
			err_set(err, -EINVAL, "'%s' is a layer: write present or absent, or name a field of it, such as %s.%s", name, layer->name,
				layer->fields[0].name) :
			err_set(err, -EINVAL, "'%s' is a layer without fields", name);
	}
	if (wanted->presence >= 0 && wanted->field->type != LAYER_TEXT)
		return 0;
	wanted->presence = -1;
	r = field_wanted_parse(wanted->field, wanted->layer->ops->options, text, &wanted->value, err);
	if (r < 0)
		err_wrap(err, "%s", name);
	return r;
}

int packet_field_check(const char *name, const char *text, struct err *err)
{
	struct wanted wanted = {0};
	int r = parse_wanted(name, text, &wanted, err);

	field_wanted_free(&wanted.value);
	return r;
}

static bool holds(void *data, const struct field_value *value)
{
	return field_wanted_holds(data, value);
}

int packet_field_matches(const struct dissection *packet, const char *name, const char *text, struct text *ret_seen, struct err *err)
{
	struct wanted wanted = {0};
	struct dissected_layer frame;
	_cleanup_text_ struct text seen = {0};
	int r = parse_wanted(name, text, &wanted, err);

	if (r < 0)
		return r;
	const struct dissected_layer *at = find_layer(packet, wanted.layer, wanted.occurrence, &frame);

	if (!wanted.field) {
		text_add(&seen, at ? "present" : "absent");
		r = (at != NULL) == wanted.presence;
	} else {
		struct as_text as = {.field = wanted.field, .options = wanted.layer->ops->options, .out = &seen};

		if (at)
			layer_each_value(packet, at, wanted.field, add_text, &as);
		if (!as.count)
			text_add(&seen, "absent");
		r = wanted.presence >= 0 ? (as.count > 0) == wanted.presence :
					   at && layer_each_value(packet, at, wanted.field, holds, &wanted.value);
	}
	field_wanted_free(&wanted.value);
	if (ret_seen)
		text_add(ret_seen, text_str(&seen));
	return r;
}
