/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of a packet: a field's value, a payload. */
#include "lab/expect/match.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lab/base/sha256.h"
#include "lab/packet/payload.h"

#define EXCERPT 60u /* bytes of a payload that a message shows */

/* --- fields --- */

static const char *value_at(const struct match_node *match, size_t i)
{
	return ((const char *const *)match->values.values)[i];
}

int match_check(const struct match_node *match, struct err *err)
{
	for (size_t i = 0; i < match->values.count; i++) {
		int r = packet_field_check(match->node.name, value_at(match, i), err);

		if (r < 0) {
			err_wrap(err, "%s", match->node.name);
			if (err)
				err->code = -EINVAL; /* -ENOENT and the like come from where fields are looked up */
			return -EINVAL;
		}
	}
	return 0;
}

bool match_holds(const struct match_node *match, const struct dissection *packet, struct text *ret_seen)
{
	_cleanup_text_ struct text seen = {0};
	bool any = false;

	for (size_t i = 0; i < match->values.count && !any; i++) {
		bool tell = !i && (match->negate || ret_seen);

		any = packet_field_matches(packet, match->node.name, value_at(match, i), tell ? &seen : NULL, NULL) == 1;
	}
	if (ret_seen)
		text_add(ret_seen, text_str(&seen));
	return match->negate ? !any && strcmp(text_str(&seen), "absent") != 0 : any;
}

void match_add_wanted(const struct match_node *match, struct text *out)
{
	if (match->negate)
		text_add(out, "not ");
	for (size_t i = 0; i < match->values.count; i++)
		text_addf(out, "%s%s", i ? " or " : "", value_at(match, i));
}

void matches_add_wanted(const struct node_list *matches, struct text *out)
{
	for (size_t i = 0; i < matches->count; i++) {
		const struct match_node *match = (const struct match_node *)matches->items[i];

		text_addf(out, "%s%s ", i ? ", " : "", match->node.name);
		match_add_wanted(match, out);
	}
}

/* --- payloads --- */

static int same_as(const struct payload_node *node, const struct judge_context *context, struct text *out, struct err *err)
{
	struct tape_packet *packet = context->names ? named_packet(context->names, node->same_as) : NULL;

	if (packet) {
		const struct dissection *dissection = tape_dissect(context->tape, packet);

		text_add_bytes(out, packet->data + dissection->payload_offset, dissection->payload_length);
		return 0;
	}
	if (!context->payload_bytes)
		return err_set(err, -EINVAL, "same_as: no packet and no step is called '%s'", node->same_as);
	return context->payload_bytes(context->payload_data, node, out, err);
}

static int find_bytes(const struct payload_node *node, const struct judge_context *context, struct text *out, struct err *err)
{
	if (node->contains)
		text_add(out, node->contains);
	else if (node->literal)
		text_add_bytes(out, node->literal, node->literal_length);
	else if (node->hex)
		return payload_add_hex(node->hex, out, err);
	else if (node->same_as)
		return same_as(node, context, out, err);
	else if (!node->file && node->counter >= 0)
		payload_add_counter((size_t)node->counter, out);
	else if (!context->payload_bytes)
		return err_set(err, -EINVAL, "nobody is there to find its bytes");
	else
		return context->payload_bytes(context->payload_data, node, out, err);
	return 0;
}

int payload_match_init(struct payload_match *match, const struct payload_node *node, const struct judge_context *context, struct err *err)
{
	match->node = node;
	if (!node || node->sha256)
		return 0;
	return find_bytes(node, context, &match->bytes, err) < 0 ? err_wrap(err, "payload") : 0;
}

void payload_match_free(struct payload_match *match)
{
	text_free(&match->bytes);
	match->node = NULL;
}

/* A payload cut by the capture is none that could be compared. */
static bool is_cut(const struct tape_packet *packet)
{
	return packet->captured < packet->length;
}

bool payload_match_holds(const struct payload_match *match, const struct tape_packet *packet, const struct dissection *dissection)
{
	const uint8_t *bytes = packet->data + dissection->payload_offset;
	size_t length = dissection->payload_length;

	if (!match->node)
		return true;
	if (match->node->contains)
		return memmem(bytes, length, text_str(&match->bytes), match->bytes.length) != NULL;
	if (is_cut(packet))
		return false;
	if (match->node->sha256) {
		char digest[SHA256_HEX];

		sha256_hex(bytes, length, digest);
		return strcasecmp(digest, match->node->sha256) == 0;
	}
	return length == match->bytes.length && (!length || memcmp(bytes, match->bytes.data, length) == 0);
}

static void add_excerpt(struct text *out, const void *bytes, size_t length)
{
	text_add_char(out, '\'');
	text_add_visible(out, bytes, length < EXCERPT ? length : EXCERPT);
	text_add(out, length > EXCERPT ? "…'" : "'");
}

void payload_match_add_seen(const struct payload_match *match, const struct tape_packet *packet, const struct dissection *dissection,
			    struct text *out)
{
	const uint8_t *bytes = packet->data + dissection->payload_offset;
	size_t length = dissection->payload_length, same = 0;

	if (!length) {
		text_add(out, "none");
	} else {
		add_excerpt(out, bytes, length);
		text_addf(out, " (%zu byte%s)", length, length == 1 ? "" : "s");
	}
	if (is_cut(packet))
		text_addf(out, ", the frame is cut after %u of %u bytes", packet->captured, packet->length);
	if (match->node->sha256) {
		char digest[SHA256_HEX];

		sha256_hex(bytes, length, digest);
		text_addf(out, ", SHA-256 %s", digest);
		return;
	}
	while (same < length && same < match->bytes.length && bytes[same] == (uint8_t)match->bytes.data[same])
		same++;
	/* Where a text differs can be seen; of what is long or not text only an offset tells. */
	if (!match->node->contains && same && same < length && same < match->bytes.length)
		text_addf(out, ", the first %zu byte%s as wanted", same, same == 1 ? " is" : "s are");
}

void payload_add_wanted(const struct payload_node *payload, struct text *out)
{
	if (payload->contains) {
		text_add(out, "containing ");
		add_excerpt(out, payload->contains, strlen(payload->contains));
	} else if (payload->literal) {
		add_excerpt(out, payload->literal, payload->literal_length);
	} else if (payload->hex) {
		text_addf(out, "%.*s%s", (int)EXCERPT, payload->hex, strlen(payload->hex) > EXCERPT ? "…" : "");
	} else if (payload->same_as) {
		text_addf(out, "as in %s", payload->same_as);
	} else if (payload->sha256) {
		text_addf(out, "of SHA-256 %s", payload->sha256);
	} else if (payload->file) {
		text_addf(out, "as in the file %s", payload->file);
	} else if (payload->counter >= 0) {
		text_addf(out, "of %lld bytes that count up", (long long)payload->counter);
	} else {
		text_addf(out, "of %lld bytes from the seed", (long long)payload->random);
	}
}
