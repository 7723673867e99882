/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of layer fields: read from text, printed, compared. */
#include "lab/packet/field_value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/packet/option.h"
#include "lab/packet/payload.h"

uint64_t bits_get(const uint8_t *bytes, uint32_t bit, uint32_t bits)
{
	uint64_t value = 0;

	if ((bit | bits) % 8 == 0) {
		for (uint32_t i = 0; i < bits / 8; i++)
			value = value << 8 | bytes[bit / 8 + i];
		return value;
	}
	for (uint32_t i = bit; i < bit + bits; i++)
		value = value << 1 | (bytes[i / 8] >> (7 - i % 8) & 1);
	return value;
}

void bits_put(uint8_t *bytes, uint32_t bit, uint32_t bits, uint64_t value)
{
	for (uint32_t i = 0; i < bits; i++) {
		uint32_t at = bit + bits - 1 - i;
		uint8_t mask = (uint8_t)(1u << (7 - at % 8));

		bytes[at / 8] = value >> i & 1 ? bytes[at / 8] | mask : bytes[at / 8] & (uint8_t)~mask;
	}
}

/* --- flags as letters, lowest bit first --- */

static const char flag_letters[] = "FSRPAUECN";

static void print_flags(uint64_t flags, struct text *out)
{
	if (flags == 0 || flags >> (sizeof(flag_letters) - 1)) {
		text_addf(out, "0x%04" PRIx64, flags);
		return;
	}
	for (size_t i = 0; flag_letters[i]; i++)
		if (flags >> i & 1)
			text_add_char(out, flag_letters[i]);
}

static bool parse_flags(const char *text, uint64_t *ret)
{
	uint64_t flags = 0;

	for (; *text; text++) {
		char letter = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
		const char *at = strchr(flag_letters, letter);

		if (!at || flags >> (at - flag_letters) & 1)
			return false;
		flags |= UINT64_C(1) << (at - flag_letters);
	}
	*ret = flags;
	return true;
}

/* --- numbers --- */

static uint64_t field_limit(const struct layer_field *field)
{
	uint64_t bits = field->bits >= 64 || field->bits == 0 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1;

	return field->scale > 1 ? bits * field->scale : bits;
}

const char *field_value_name(const struct layer_field *field, uint64_t number)
{
	for (const struct layer_value_name *name = field->names; name && name->name; name++)
		if (name->value == number)
			return name->name;
	return NULL;
}

static int refuse_word(const struct layer_field *field, const char *text, struct err *err)
{
	const char *names[64];
	size_t count = 0;

	for (const struct layer_value_name *name = field->names; name && name->name && count < COUNT_OF(names); name++)
		names[count++] = name->name;
	const char *near = str_nearest(text, names, count);

	if (field->type == LAYER_FLAG)
		return err_set(err, -EINVAL, "'%s' is neither 0 nor 1", text);
	if (field->type == LAYER_FLAGS)
		return err_set(err, -EINVAL, "'%s' is no number and no letters of %s, such as SA", text, flag_letters);
	if (near)
		return err_set(err, -EINVAL, "'%s' is no number: did you mean '%s'?", text, near);
	if (count)
		return err_set(err, -EINVAL, "'%s' is no number and no name, such as %s", text, names[0]);
	return err_set(err, -EINVAL, "'%s' is no number", text);
}

/* A number as people see it: scaled. */
static int parse_number(const struct layer_field *field, const char *text, uint64_t *ret, struct err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "unset", "set"};
	uint64_t value;
	int r = str_to_u64(text, &value);

	if (r == -EINVAL) {
		bool known = field->type == LAYER_FLAGS && *text && parse_flags(text, &value);

		for (size_t i = 0; field->type == LAYER_FLAG && !known && i < COUNT_OF(words); i++)
			if (strcasecmp(text, words[i]) == 0) {
				value = i & 1;
				known = true;
			}
		for (const struct layer_value_name *name = field->names; name && name->name && !known; name++)
			if (strcasecmp(text, name->name) == 0) {
				value = name->value;
				known = true;
			}
		if (!known)
			return refuse_word(field, text, err);
	}
	if (r == -ERANGE || value > field_limit(field))
		return err_set(err, -EINVAL, "'%s' is outside 0 to %" PRIu64, text, field_limit(field));
	*ret = value;
	return 0;
}

int field_parse_bits(const struct layer_field *field, const char *text, uint64_t *ret, struct err *err)
{
	uint64_t value;
	int r = parse_number(field, text, &value, err);

	if (r < 0)
		return r;
	if (field->scale > 1 && value % field->scale)
		return err_set(err, -EINVAL, "'%s' is no multiple of %u", text, field->scale);
	*ret = field->scale > 1 ? value / field->scale : value;
	return 0;
}

int field_parse_bytes(const struct layer_field *field, const char *text, struct text *out, struct err *err)
{
	struct ip_addr addr;
	struct mac_addr mac;
	uint64_t bits;
	int r;

	switch (field->type) {
	case LAYER_IPV4:
	case LAYER_IPV6:
		r = ip_addr_parse(text, &addr, err);
		if (r < 0)
			return r;
		if (addr.family != (field->type == LAYER_IPV4 ? AF_INET : AF_INET6))
			return err_set(err, -EINVAL, "'%s' is no %s address", text, field->type == LAYER_IPV4 ? "IPv4" : "IPv6");
		text_add_bytes(out, addr.bytes, field->type == LAYER_IPV4 ? 4 : 16);
		return 0;
	case LAYER_MAC:
		r = mac_addr_parse(text, &mac, err);
		if (r < 0)
			return r;
		text_add_bytes(out, mac.bytes, sizeof(mac.bytes));
		return 0;
	case LAYER_BYTES:
		return payload_add_hex(text, out, err);
	case LAYER_TEXT:
		text_add(out, text);
		return 0;
	case LAYER_UINT:
	case LAYER_HEX:
	case LAYER_FLAG:
	case LAYER_FLAGS:
		r = field_parse_bits(field, text, &bits, err);
		for (uint32_t i = field->bits / 8; r == 0 && i > 0; i--)
			text_add_char(out, (char)(bits >> (8 * (i - 1)) & 0xff));
		return r;
	case LAYER_OPTIONS:
		break;
	}
	return err_set(err, -EINVAL, "'%s' cannot be written as bytes", text);
}

/* --- printed --- */

void field_value_print(const struct layer_field *field, const struct option_format *options, const struct field_value *value,
		       struct text *out)
{
	struct ip_addr addr = {.family = field->type == LAYER_IPV4 ? AF_INET : AF_INET6};
	struct mac_addr mac;

	switch (field->type) {
	case LAYER_UINT:
	case LAYER_FLAG:
		text_addf(out, "%" PRIu64, value->number);
		break;
	case LAYER_HEX:
		text_addf(out, "0x%0*" PRIx64, (int)((field->bits + 7) / 8 * 2), value->number);
		break;
	case LAYER_FLAGS:
		print_flags(value->number, out);
		break;
	case LAYER_IPV4:
	case LAYER_IPV6:
		memcpy(addr.bytes, value->bytes, field->type == LAYER_IPV4 ? 4 : 16);
		ip_addr_print(&addr, out);
		break;
	case LAYER_MAC:
		memcpy(mac.bytes, value->bytes, sizeof(mac.bytes));
		mac_addr_print(&mac, out);
		break;
	case LAYER_BYTES:
		for (size_t i = 0; i < value->length; i++)
			text_addf(out, "%02x", value->bytes[i]);
		break;
	case LAYER_TEXT:
		text_add_visible(out, value->text, strlen(value->text));
		break;
	case LAYER_OPTIONS:
		if (options)
			option_words_print(options, value->bytes, value->length, out);
		break;
	}
}

/* --- compared --- */

/* "a..b", "a..", "..b". 1 a range, 0 none, negative an error. */
static int parse_range(const struct layer_field *field, const char *text, struct field_wanted *wanted, struct err *err)
{
	const char *dots = strstr(text, "..");
	_cleanup_text_ struct text low = {0};
	int r = 0;

	if (!dots)
		return 0;
	text_add_bytes(&low, text, (size_t)(dots - text));
	wanted->min = 0;
	wanted->max = UINT64_MAX;
	if (low.length)
		r = parse_number(field, text_str(&low), &wanted->min, err);
	if (r == 0 && dots[2])
		r = parse_number(field, dots + 2, &wanted->max, err);
	if (r < 0)
		return r;
	if (!low.length && !dots[2])
		return err_set(err, -EINVAL, "'%s' is no range: write a..b, a.. or ..b", text);
	if (wanted->min > wanted->max)
		return err_set(err, -EINVAL, "'%s' is an empty range: the smaller number comes first", text);
	return 1;
}

static int wanted_parse(const struct layer_field *field, const struct option_format *options, const char *text,
			struct field_wanted *wanted, struct err *err)
{
	int r;

	wanted->field = field;
	if (field_is_number(field)) {
		r = parse_range(field, text, wanted, err);
		if (r)
			return r < 0 ? r : 0;
		r = parse_number(field, text, &wanted->min, err);
		wanted->max = wanted->min;
		return r;
	}
	if (field->type == LAYER_IPV4 || field->type == LAYER_IPV6) {
		r = ip_prefix_parse(text, &wanted->prefix, err);
		if (r == 0 && wanted->prefix.addr.family != (field->type == LAYER_IPV4 ? AF_INET : AF_INET6))
			return err_set(err, -EINVAL, "'%s' is no %s address", text, field->type == LAYER_IPV4 ? "IPv4" : "IPv6");
		return r;
	}
	if (field->type == LAYER_OPTIONS)
		return options ? option_words_parse(options, text, &wanted->bytes, err) : -EINVAL;
	return field_parse_bytes(field, text, &wanted->bytes, err);
}

int field_wanted_parse(const struct layer_field *field, const struct option_format *options, const char *text,
		       struct field_wanted *ret, struct err *err)
{
	struct field_wanted wanted = {0};
	int r = wanted_parse(field, options, text, &wanted, err);

	if (r < 0) {
		field_wanted_free(&wanted);
		return r;
	}
	*ret = wanted;
	return 0;
}

/* Options are compared without the filler at their end. */
static size_t without_filler(const uint8_t *bytes, size_t length)
{
	while (length && bytes[length - 1] == 0)
		length--;
	return length;
}

bool field_wanted_holds(const struct field_wanted *wanted, const struct field_value *value)
{
	const struct layer_field *field = wanted->field;
	const uint8_t *bytes = (const uint8_t *)wanted->bytes.data;
	struct ip_addr addr = {.family = field->type == LAYER_IPV4 ? AF_INET : AF_INET6};

	if (field_is_number(field))
		return value->number >= wanted->min && value->number <= wanted->max;
	switch (field->type) {
	case LAYER_IPV4:
	case LAYER_IPV6:
		memcpy(addr.bytes, value->bytes, field->type == LAYER_IPV4 ? 4 : 16);
		return ip_prefix_contains(&wanted->prefix, &addr);
	case LAYER_TEXT:
		return str_eq(text_str(&wanted->bytes), value->text);
	case LAYER_OPTIONS: {
		size_t length = without_filler(value->bytes, value->length);

		return length == without_filler(bytes, wanted->bytes.length) && memcmp(bytes ? bytes : value->bytes, value->bytes, length) == 0;
	}
	default:
		return value->length == wanted->bytes.length && (!value->length || memcmp(bytes, value->bytes, value->length) == 0);
	}
}

void field_wanted_free(struct field_wanted *wanted)
{
	text_free(&wanted->bytes);
}
