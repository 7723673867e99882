/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS over UDP: questions, and the records that answers hold. */
#include <string.h>

#include "lab/packet/layer_ops.h"

#define NAME_MAX_TEXT 256
#define RECORDS_MAX 256

enum { TYPE_A = 1, TYPE_NS = 2, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_MX = 15, TYPE_TXT = 16, TYPE_AAAA = 28, TYPE_OPT = 41 };

/* A message and a place in it. */
struct cursor {
	const uint8_t *message;
	uint32_t length;
	uint32_t at;
};

/*
 * A name (RFC 1035 section 4.1.4), pointers followed, with '.' between labels; the root is "<Root>", as in Wireshark.
 * The cursor is moved behind the name. A pointer may only lead backwards, so that it ends. False: no name there.
 */
static bool read_name(struct cursor *cursor, char name[NAME_MAX_TEXT])
{
	uint32_t at = cursor->at, behind = 0, limit = cursor->at;
	size_t length = 0;

	for (;;) {
		if (at >= cursor->length)
			return false;
		uint8_t size = cursor->message[at];

		if ((size & 0xc0) == 0xc0) {
			if (at + 1 >= cursor->length)
				return false;
			if (!behind)
				behind = at + 2;
			at = (size & 0x3fu) << 8 | cursor->message[at + 1];
			if (at >= limit)
				return false;
			limit = at;
			continue;
		}
		if (size & 0xc0 || size >= cursor->length - at)
			return false;
		at++;
		if (size == 0)
			break;
		if (length + size + 2 > NAME_MAX_TEXT)
			return false;
		if (length)
			name[length++] = '.';
		for (uint8_t i = 0; i < size; i++)
			name[length++] = cursor->message[at + i] ? (char)cursor->message[at + i] : '?';
		at += size;
	}
	name[length] = '\0';
	if (!length)
		strcpy(name, "<Root>");
	cursor->at = behind ? behind : at;
	return true;
}

/* A question (section 0) or a record (1 answer, 2 authority, 3 additional). */
struct record {
	unsigned section;
	char name[NAME_MAX_TEXT];
	uint16_t type, class;
	uint32_t ttl;
	uint32_t data;   /* offset in the message */
	uint32_t length; /* of the data */
};

static bool read_record(struct cursor *cursor, unsigned section, struct record *ret)
{
	const uint8_t *m = cursor->message;
	uint32_t fixed = section ? 10 : 4;

	ret->section = section;
	if (!read_name(cursor, ret->name) || fixed > cursor->length - cursor->at)
		return false;
	ret->type = (uint16_t)bits_get(m + cursor->at, 0, 16);
	ret->class = (uint16_t)bits_get(m + cursor->at, 16, 16);
	ret->ttl = section ? (uint32_t)bits_get(m + cursor->at, 32, 32) : 0;
	ret->length = section ? (uint32_t)bits_get(m + cursor->at, 64, 16) : 0;
	cursor->at += fixed;
	ret->data = cursor->at;
	if (ret->length > cursor->length - cursor->at)
		return false;
	cursor->at += ret->length;
	return true;
}

typedef bool (*record_fn)(void *data, const struct cursor *message, const struct record *record);

/* Calls fn for each question and record, until it says true. */
static bool each_record(const struct dissection *packet, const struct dissected_layer *at, record_fn fn, void *data)
{
	struct cursor cursor = {.message = packet->data + at->offset, .length = at->length, .at = 12};
	unsigned total = 0;
	struct record record;

	for (unsigned section = 0; section < 4; section++)
		for (uint64_t left = bits_get(cursor.message, 32 + section * 16, 16); left && total < RECORDS_MAX; left--, total++) {
			if (!read_record(&cursor, section, &record))
				return false;
			if (fn(data, &cursor, &record))
				return true;
		}
	return false;
}

static bool first_record(void *data, const struct cursor *message, const struct record *record)
{
	(void)message;
	*(struct record *)data = *record;
	return true;
}

static void dns_dissect(struct dissect_step *step)
{
	/* Opcodes above 6 and a message that holds nothing are not DNS, whatever the port says. */
	if ((step->header[2] >> 3 & 15) > 6 || bits_get(step->header, 32, 64) == 0) {
		step->stop = true;
		return;
	}
	step->length = step->available;
}

/* --- fields inside questions and records --- */

enum {
	CODE_QRY_NAME, CODE_QRY_TYPE, CODE_QRY_CLASS, CODE_RESP_NAME, CODE_RESP_TYPE, CODE_RESP_CLASS, CODE_RESP_TTL, CODE_RESP_LEN,
	CODE_A, CODE_AAAA, CODE_CNAME, CODE_NS, CODE_PTR, CODE_MX, CODE_TXT,
};

struct locate {
	uint8_t code;
	field_value_fn fn;
	void *data;
};

static bool give_number(const struct locate *locate, uint64_t number)
{
	return locate->fn(locate->data, &(struct field_value){.number = number});
}

static bool give_name(const struct locate *locate, const struct cursor *message, uint32_t at)
{
	struct cursor inside = {.message = message->message, .length = message->length, .at = at};
	char name[NAME_MAX_TEXT];

	return read_name(&inside, name) && locate->fn(locate->data, &(struct field_value){.text = name});
}

/* The strings of a TXT record, each one a value. */
static bool give_strings(const struct locate *locate, const uint8_t *bytes, uint32_t length)
{
	for (uint32_t at = 0; at < length && bytes[at] < length - at; at += bytes[at] + 1u) {
		_cleanup_text_ struct text string = {0};

		text_add_bytes(&string, bytes + at + 1, bytes[at]);
		if (locate->fn(locate->data, &(struct field_value){.text = text_str(&string)}))
			return true;
	}
	return false;
}

static bool locate_in_record(void *data, const struct cursor *message, const struct record *record)
{
	const struct locate *locate = data;
	const uint8_t *bytes = message->message + record->data;
	bool plain = record->section && record->type != TYPE_OPT;
	struct field_value whole = {.bytes = bytes, .length = record->length};

	switch (locate->code) {
	case CODE_QRY_NAME:
		return !record->section && locate->fn(locate->data, &(struct field_value){.text = record->name});
	case CODE_QRY_TYPE:
		return !record->section && give_number(locate, record->type);
	case CODE_QRY_CLASS:
		return !record->section && give_number(locate, record->class);
	case CODE_RESP_NAME:
		return record->section && locate->fn(locate->data, &(struct field_value){.text = record->name});
	case CODE_RESP_TYPE:
		return record->section && give_number(locate, record->type);
	case CODE_RESP_LEN:
		return record->section && give_number(locate, record->length);
	case CODE_RESP_CLASS:
		return plain && give_number(locate, record->class);
	case CODE_RESP_TTL:
		return plain && give_number(locate, record->ttl);
	case CODE_A:
		return record->section && record->type == TYPE_A && record->length == 4 && locate->fn(locate->data, &whole);
	case CODE_AAAA:
		return record->section && record->type == TYPE_AAAA && record->length == 16 && locate->fn(locate->data, &whole);
	case CODE_CNAME:
		return record->section && record->type == TYPE_CNAME && give_name(locate, message, record->data);
	case CODE_NS:
		return record->section && record->type == TYPE_NS && give_name(locate, message, record->data);
	case CODE_PTR:
		return record->section && record->type == TYPE_PTR && give_name(locate, message, record->data);
	case CODE_MX:
		return record->section && record->type == TYPE_MX && record->length > 2 && give_name(locate, message, record->data + 2);
	case CODE_TXT:
		return record->section && record->type == TYPE_TXT && give_strings(locate, bytes, record->length);
	default:
		return false;
	}
}

static bool dns_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		       field_value_fn fn, void *data)
{
	struct locate locate = {.code = field->option, .fn = fn, .data = data};

	return each_record(packet, at, locate_in_record, &locate);
}

/* --- summary --- */

static const struct layer_value_name type_names[] = {
	{1, "A"}, {2, "NS"}, {5, "CNAME"}, {6, "SOA"}, {12, "PTR"}, {15, "MX"}, {16, "TXT"}, {28, "AAAA"}, {33, "SRV"}, {41, "OPT"},
	{65, "HTTPS"}, {255, "ANY"}, {0, NULL},
};

static const struct layer_value_name rcode_names[] = { /* RFC 1035, RFC 2136 */
	{0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"}, {3, "NXDOMAIN"}, {4, "NOTIMP"}, {5, "REFUSED"}, {0, NULL},
};

static void dns_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];
	bool response = layer_number(packet, at, "flags.response");
	uint64_t rcode = layer_number(packet, at, "flags.rcode");
	struct record first;

	text_add(out, "DNS ");
	if (response && rcode) {
		const char *name = field_value_name(layer_field_find(&layer_dns, "flags.rcode"), rcode);

		text_addf(out, name ? "%s " : "error ", name);
	}
	if (!each_record(packet, at, first_record, &first)) {
		text_add(out, response ? "response" : "query");
		return;
	}
	const char *type = field_value_name(layer_field_find(&layer_dns, "qry.type"), first.type);

	if (type)
		text_add(out, type);
	else
		text_addf(out, "TYPE%u", first.type);
	text_add(out, response ? " " : "? ");
	text_add_visible(out, first.name, strlen(first.name));
	if (response && !rcode) {
		_cleanup_text_ struct text answer = {0};

		if (layer_text(packet, at, first.type == TYPE_AAAA ? "aaaa" : "a", &answer))
			text_addf(out, " %s", text_str(&answer));
	}
}

static const struct layer_ops dns_ops = {.dissect = dns_dissect, .locate = dns_locate, .application = true, .summarise = dns_summarise};

#define BY_CODE(code) .place = PLACE_CODE, .option = (code)

static const struct layer_field dns_fields[] = {
	{.name = "id", .type = LAYER_HEX, .bit = 0, .bits = 16, .doc = "Alike in question and answer.", .example = "dns.id: 0x1234"},
	{.name = "flags", .type = LAYER_HEX, .bit = 16, .bits = 16, .doc = "Flags as one number."},
	{.name = "flags.response", .type = LAYER_FLAG, .bit = 16, .bits = 1, .doc = "An answer.", .example = "dns.flags.response: 1"},
	{.name = "flags.opcode", .type = LAYER_UINT, .bit = 17, .bits = 4, .doc = "0 is a query."},
	{.name = "flags.authoritative", .type = LAYER_FLAG, .bit = 21, .bits = 1, .doc = "The server is an authority for the name."},
	{.name = "flags.truncated", .type = LAYER_FLAG, .bit = 22, .bits = 1, .doc = "Ask again by TCP."},
	{.name = "flags.recdesired", .type = LAYER_FLAG, .bit = 23, .bits = 1, .doc = "Recursion is wanted."},
	{.name = "flags.recavail", .type = LAYER_FLAG, .bit = 24, .bits = 1, .doc = "Recursion is to be had."},
	{.name = "flags.authenticated", .type = LAYER_FLAG, .bit = 26, .bits = 1, .doc = "DNSSEC: verified by the server."},
	{.name = "flags.checkdisable", .type = LAYER_FLAG, .bit = 27, .bits = 1, .doc = "DNSSEC: do not verify."},
	{.name = "flags.rcode", .type = LAYER_UINT, .bit = 28, .bits = 4, .names = rcode_names, .doc = "What became of it.",
	 .example = "dns.flags.rcode: NXDOMAIN"},
	{.name = "count.queries", .type = LAYER_UINT, .bit = 32, .bits = 16, .doc = "Questions."},
	{.name = "count.answers", .type = LAYER_UINT, .bit = 48, .bits = 16, .doc = "Records that answer."},
	{.name = "count.auth_rr", .type = LAYER_UINT, .bit = 64, .bits = 16, .doc = "Records about the authority."},
	{.name = "count.add_rr", .type = LAYER_UINT, .bit = 80, .bits = 16, .doc = "Additional records."},
	{.name = "qry.name", .type = LAYER_TEXT, BY_CODE(CODE_QRY_NAME), .doc = "The name asked for.", .example = "dns.qry.name: www.example.org"},
	{.name = "qry.type", .type = LAYER_UINT, BY_CODE(CODE_QRY_TYPE), .bits = 16, .names = type_names, .doc = "The type asked for.",
	 .example = "dns.qry.type: AAAA"},
	{.name = "qry.class", .type = LAYER_HEX, BY_CODE(CODE_QRY_CLASS), .bits = 16, .doc = "1 is the Internet."},
	{.name = "resp.name", .type = LAYER_TEXT, BY_CODE(CODE_RESP_NAME), .doc = "The name of a record."},
	{.name = "resp.type", .type = LAYER_UINT, BY_CODE(CODE_RESP_TYPE), .bits = 16, .names = type_names, .doc = "The type of a record."},
	{.name = "resp.class", .type = LAYER_HEX, BY_CODE(CODE_RESP_CLASS), .bits = 16, .doc = "The class of a record."},
	{.name = "resp.ttl", .type = LAYER_UINT, BY_CODE(CODE_RESP_TTL), .bits = 32, .doc = "Seconds that a record may be kept."},
	{.name = "resp.len", .type = LAYER_UINT, BY_CODE(CODE_RESP_LEN), .bits = 16, .doc = "Bytes of a record's data."},
	{.name = "a", .type = LAYER_IPV4, BY_CODE(CODE_A), .doc = "An IPv4 address.", .example = "dns.a: 192.0.2.80"},
	{.name = "aaaa", .type = LAYER_IPV6, BY_CODE(CODE_AAAA), .doc = "An IPv6 address."},
	{.name = "cname", .type = LAYER_TEXT, BY_CODE(CODE_CNAME), .doc = "The name that an alias stands for."},
	{.name = "ns", .type = LAYER_TEXT, BY_CODE(CODE_NS), .doc = "A name server."},
	{.name = "ptr.domain_name", .type = LAYER_TEXT, BY_CODE(CODE_PTR), .doc = "The name that belongs to an address."},
	{.name = "mx.mail_exchange", .type = LAYER_TEXT, BY_CODE(CODE_MX), .doc = "A mail server."},
	{.name = "txt", .type = LAYER_TEXT, BY_CODE(CODE_TXT), .doc = "A text."},
};

const struct layer layer_dns = {
	.name = "dns", .title = "Domain Name System", .source = "RFC 1035", .fields = dns_fields, .field_count = COUNT_OF(dns_fields),
	.minimum = 12, .ops = &dns_ops,
};
