/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of layer fields: read from text, printed, compared. */
#pragma once

#include "lab/packet/layer.h"

struct option_format;

/* One value found in a packet. */
struct field_value {
	uint64_t number;       /* UINT, HEX, FLAG, FLAGS; scaled */
	const uint8_t *bytes;  /* IPV4, IPV6, MAC, BYTES, OPTIONS: in the frame */
	size_t length;
	const char *text;      /* TEXT */
};

/* The form that packet_field_text() promises. `options` is the layer's option format, for LAYER_OPTIONS. */
void field_value_print(const struct layer_field *field, const struct option_format *options, const struct field_value *value,
		       struct text *out);

/* What a value is compared with. */
struct field_wanted {
	const struct layer_field *field;
	uint64_t min, max;
	struct ip_prefix prefix; /* IPV4, IPV6 */
	struct text bytes;       /* MAC, BYTES, OPTIONS, TEXT */
};
/* -EINVAL: `text` is no value, range or prefix for the field. */
int field_wanted_parse(const struct layer_field *field, const struct option_format *options, const char *text,
		       struct field_wanted *ret, struct err *err);
bool field_wanted_holds(const struct field_wanted *wanted, const struct field_value *value);
void field_wanted_free(struct field_wanted *wanted);

/* One number, name or flag letters, within what the field's bits hold, as it stands on the wire (unscaled). */
int field_parse_bits(const struct layer_field *field, const char *text, uint64_t *ret, struct err *err);
/* Any value but options, as the bytes it takes. Appends. */
int field_parse_bytes(const struct layer_field *field, const char *text, struct text *out, struct err *err);

/* Bits of a byte string, network order; at most 64. */
uint64_t bits_get(const uint8_t *bytes, uint32_t bit, uint32_t bits);
void bits_put(uint8_t *bytes, uint32_t bit, uint32_t bits, uint64_t value);

/* Whether the type is one that a number holds. */
static inline bool field_is_number(const struct layer_field *field)
{
	return field->type == LAYER_UINT || field->type == LAYER_HEX || field->type == LAYER_FLAG || field->type == LAYER_FLAGS;
}
/* The name of a number, or NULL. */
const char *field_value_name(const struct layer_field *field, uint64_t number);
