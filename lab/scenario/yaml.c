/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML as a plain tree with spans. The only user of libfyaml. */
#include "lab/scenario/yaml.h"

#include <libfyaml.h>
#include <string.h>

#include "lab/scenario/quote.h"
#include "lab/scenario/yaml_message.h"
#include "lab/scenario/yaml_source.h"

/*
 * Theory of operation
 *
 * The text is first checked for what no reader should see: bytes that are not
 * UTF-8, control characters, too much of it. Then libfyaml's events are turned
 * into a tree. Its marks are taken with care: those of quoted scalars lie
 * within the quotes, those of block scalars at the first line of content, and
 * empty values have none at all; here every span covers what was written.
 *
 * libfyaml stops at the first syntax error, which is collected, never printed,
 * and put into our own words (yaml_message.c). What is well-formed but outside
 * the language (anchors, tags, keys that are not words) is reported and read on.
 */
#define DEPTH_MAX 64
#define FINDINGS_MAX 100 /* of one kind: a file full of the same mistake */

struct reader {
	const struct source *source;
	struct arena *arena;
	struct diag_list *diags;
	struct fy_parser *parser;
	struct fy_diag *messages;
	struct span open[DEPTH_MAX]; /* the [ and { that are open */
	unsigned open_count;
	unsigned depth;
	size_t position; /* just after the last thing read */
	ARRAY(uint32_t) lines; /* where each begins */
	bool failed;     /* nothing more can be read */
};

/* --- spans --- */

static void index_lines(struct reader *reader)
{
	const char *text = reader->source->text, *end = text + reader->source->length;

	array_push(&reader->lines, 0);
	for (const char *c = text; (c = memchr(c, '\n', (size_t)(end - c))); c++)
		array_push(&reader->lines, (uint32_t)(c - text) + 1);
}

static struct span span_at(const struct reader *reader, size_t offset, size_t length)
{
	struct span span = {.source = reader->source, .offset = (uint32_t)offset, .length = (uint32_t)length, .column = 1};
	size_t low = 0, high = reader->lines.count;

	if (offset > reader->source->length)
		span.offset = (uint32_t)(offset = reader->source->length);
	if (length > reader->source->length - offset)
		span.length = (uint32_t)(reader->source->length - offset);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (reader->lines.items[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	span.line = (uint32_t)low + 1;
	for (size_t i = reader->lines.items[low]; i < offset; i++)
		span.column += ((unsigned char)reader->source->text[i] & 0xc0) != 0x80;
	return span;
}

static struct span span_of_mark(const struct reader *reader, const struct fy_mark *mark, size_t length)
{
	size_t left = reader->source->length > mark->input_pos ? reader->source->length - mark->input_pos : 0;

	return (struct span){
		.source = reader->source, .offset = (uint32_t)mark->input_pos, .length = (uint32_t)(length < left ? length : left),
		.line = (uint32_t)mark->line + 1, .column = (uint32_t)mark->column + 1,
	};
}

/* From `position` over blanks, comments and the signs : - ? , to what comes next. */
static size_t skip_to_value(const struct reader *reader, size_t position)
{
	const struct source *source = reader->source;

	for (; position < source->length; position++) {
		char c = source->text[position];

		if (c == '#')
			while (position + 1 < source->length && source->text[position + 1] != '\n')
				position++;
		else if (!strchr(" \t\r\n:-?,", c))
			break;
	}
	return position;
}

/* Where a value would stand that was not written: after its ':' or '-', on the same line. */
static size_t place_of_nothing(const struct reader *reader)
{
	const struct source *source = reader->source;
	size_t at = reader->position;

	while (at < source->length && (source->text[at] == ' ' || source->text[at] == '\t' || source->text[at] == '\n' ||
				       source->text[at] == '\r'))
		at++;
	if (at < source->length && (source->text[at] == ':' || source->text[at] == '-' || source->text[at] == '?'))
		return at + 1;
	return reader->position;
}

/* --- nodes --- */

static struct yaml *read_node(struct reader *reader, struct fy_event *event);

static struct fy_event *next_event(struct reader *reader)
{
	struct fy_event *event = reader->failed ? NULL : fy_parser_parse(reader->parser);

	if (!event)
		reader->failed = true;
	return event;
}

static bool is_null_text(const char *text)
{
	return !*text || !strcmp(text, "~") || !strcmp(text, "null") || !strcmp(text, "Null") || !strcmp(text, "NULL");
}

static struct yaml *read_scalar(struct reader *reader, struct fy_event *event)
{
	struct yaml *yaml = arena_new_of(reader->arena, struct yaml);
	struct fy_token *token = fy_event_get_token(event);
	const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
	size_t length = 0;
	const char *text = token ? fy_token_get_text(token, &length) : NULL;

	yaml->kind = YAML_SCALAR;
	yaml->text = arena_strndup(reader->arena, text ? text : "", text ? length : 0);
	yaml->length = text ? length : 0;
	/* Where nothing is written libfyaml gives no token or, in newer versions, an empty one at another place. */
	if (!token || !start || !end || (!yaml->length && fy_token_scalar_style(token) == FYSS_PLAIN)) {
		yaml->null = true;
		yaml->span = span_at(reader, place_of_nothing(reader), 0);
		reader->position = yaml->span.offset;
		return yaml;
	}
	enum fy_scalar_style style = fy_token_scalar_style(token);
	yaml->quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	yaml->literal = style == FYSS_LITERAL;
	yaml->block = yaml->literal || style == FYSS_FOLDED;
	if (yaml->block) {
		size_t header = skip_to_value(reader, reader->position);

		yaml->span = span_at(reader, header, end->input_pos > header ? end->input_pos - header : 1);
	} else {
		yaml->span = span_of_mark(reader, start, end->input_pos - start->input_pos);
		if (yaml->quoted && yaml->span.offset && yaml->span.column > 1) {
			yaml->span.offset--;
			yaml->span.column--;
			yaml->span.length += 2;
		}
	}
	yaml->null = style == FYSS_PLAIN && is_null_text(yaml->text);
	reader->position = yaml->span.offset + yaml->span.length;
	if (memchr(yaml->text, 0, yaml->length)) {
		diag_add(reader->diags, DIAG_YAML_ENCODING, yaml->span, "a text cannot hold a NUL byte");
		diag_help(reader->diags, "bytes of any value can be written as {hex: \"00\"}");
		yaml->length = strlen(yaml->text);
	}
	return yaml;
}

static void report_depth(struct reader *reader, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	diag_add(reader->diags, DIAG_YAML_DEPTH, mark ? span_of_mark(reader, mark, 1) : span_at(reader, reader->position, 1),
		 "this nests more than %d deep", DEPTH_MAX);
	reader->failed = true;
}

/* Opens a list or map: its span so far, and the bracket if it has one. */
static bool begin_collection(struct reader *reader, struct fy_event *event, struct yaml *yaml)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	if (reader->depth >= DEPTH_MAX) {
		report_depth(reader, event);
		return false;
	}
	reader->depth++;
	yaml->block = fy_event_get_node_style(event) == FYNS_BLOCK;
	yaml->span = mark ? span_of_mark(reader, mark, 1) : span_at(reader, reader->position, 1);
	if (!yaml->block) {
		reader->open[reader->open_count++] = yaml->span;
		reader->position = yaml->span.offset + 1;
	}
	return true;
}

static void end_collection(struct reader *reader, struct fy_event *event, struct yaml *yaml)
{
	const struct fy_mark *mark = event ? fy_event_start_mark(event) : NULL;

	reader->depth--;
	if (!yaml->block) {
		reader->open_count -= event != NULL; /* an open one is kept for the message */
		if (mark)
			reader->position = mark->input_pos + 1;
	}
	if (reader->position > reader->source->length)
		reader->position = reader->source->length;
	if (reader->position > yaml->span.offset)
		yaml->span.length = (uint32_t)(reader->position - yaml->span.offset);
}

static struct yaml *read_list(struct reader *reader, struct fy_event *event)
{
	struct yaml *yaml = arena_new_of(reader->arena, struct yaml);
	ARRAY(struct yaml *) items = {0};

	yaml->kind = YAML_LIST;
	if (!begin_collection(reader, event, yaml))
		return yaml;
	while ((event = next_event(reader)) && event->type != FYET_SEQUENCE_END) {
		array_push(&items, read_node(reader, event));
		fy_parser_event_free(reader->parser, event);
	}
	end_collection(reader, event, yaml);
	fy_parser_event_free(reader->parser, event);
	yaml->count = items.count;
	yaml->items = arena_alloc(reader->arena, items.count * sizeof(*items.items));
	if (items.count)
		memcpy(yaml->items, items.items, items.count * sizeof(*items.items));
	array_free(&items);
	return yaml;
}

static struct yaml *read_key(struct reader *reader, struct fy_event *event)
{
	struct yaml *key = read_node(reader, event);

	if (reader->failed)
		return NULL; /* a syntax error within it, to be reported as such */
	if (key->kind != YAML_SCALAR || key->null || key->block) {
		diag_add(reader->diags, DIAG_YAML_KEY, key->span, "a key is a single word, and this is %s",
			 key->kind == YAML_MAP ? "a map" : key->kind == YAML_LIST ? "a list" : key->null ? "empty" : "a block of text");
		if (key->kind != YAML_SCALAR)
			quote_help(reader->diags, key->span);
		return NULL;
	}
	if (strcmp(key->text, "<<") == 0 && !key->quoted) {
		diag_add(reader->diags, DIAG_YAML_KEY, key->span, "merge keys are not part of the language");
		diag_help(reader->diags, "parts that several files share go into a file of their own, taken over with 'use'");
		return NULL;
	}
	return key;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_pair *x = a, *y = b;
	int order = strcmp(x->key->text, y->key->text);

	return order ? order : (x->key->span.offset > y->key->span.offset) - (x->key->span.offset < y->key->span.offset);
}

/* Sorted by key, equal ones are neighbours. */
static void find_duplicates(struct reader *reader, const struct yaml_pair *pairs, size_t count)
{
	struct yaml_pair *sorted = mem_alloc(count * sizeof(*sorted));
	size_t found = 0;

	if (count)
		memcpy(sorted, pairs, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (size_t i = 1, first = 0; i < count && found < FINDINGS_MAX; i++) {
		if (strcmp(sorted[first].key->text, sorted[i].key->text) != 0) {
			first = i;
			continue;
		}
		diag_add(reader->diags, DIAG_YAML_DUPLICATE_KEY, sorted[i].key->span,
			 "the key '%s' stands in this map already, on line %u",
			 sorted[i].key->text, sorted[first].key->span.line);
		found++;
	}
	free(sorted);
}

static struct yaml *read_map(struct reader *reader, struct fy_event *event)
{
	struct yaml *yaml = arena_new_of(reader->arena, struct yaml);
	ARRAY(struct yaml_pair) pairs = {0};

	yaml->kind = YAML_MAP;
	if (!begin_collection(reader, event, yaml))
		return yaml;
	while ((event = next_event(reader)) && event->type != FYET_MAPPING_END) {
		struct yaml_pair pair = {.key = read_key(reader, event)};

		fy_parser_event_free(reader->parser, event);
		event = next_event(reader);
		if (!event)
			break;
		pair.value = read_node(reader, event);
		fy_parser_event_free(reader->parser, event);
		if (pair.key)
			array_push(&pairs, pair);
	}
	end_collection(reader, event, yaml);
	fy_parser_event_free(reader->parser, event);
	find_duplicates(reader, pairs.items, pairs.count);
	yaml->count = pairs.count;
	yaml->pairs = arena_alloc(reader->arena, pairs.count * sizeof(*pairs.items));
	if (pairs.count)
		memcpy(yaml->pairs, pairs.items, pairs.count * sizeof(*pairs.items));
	array_free(&pairs);
	return yaml;
}

/* Anchors, aliases and tags; each may be a text that was meant to be quoted. */
static void refuse_decoration(struct reader *reader, struct fy_event *event)
{
	struct fy_token *anchor = fy_event_get_anchor_token(event), *tag = fy_event_get_tag_token(event);
	const struct fy_mark *mark = event->type == FYET_ALIAS ? fy_event_start_mark(event) :
				     anchor ? fy_token_start_mark(anchor) : tag ? fy_token_start_mark(tag) : NULL;
	bool is_tag = tag && !anchor;

	if (!mark)
		return;
	size_t at = mark->input_pos;
	/* The mark stands after the sign, or on it. */
	while (at > 0 && !strchr("&*!", reader->source->text[at]) && reader->source->text[at] != '\n')
		at--;
	size_t length = strcspn(reader->source->text + at, " \t\r\n,]}");
	struct span span = span_at(reader, at, length ? length : 1);
	if (is_tag)
		diag_add(reader->diags, DIAG_YAML_TAG, span, "tags are not part of the language");
	else
		diag_add(reader->diags, DIAG_YAML_ALIAS, span, "%s are not part of the language",
			 event->type == FYET_ALIAS ? "aliases" : "anchors");
	struct span whole = span;
	quote_find(reader->source, span.offset + span.length, &whole);
	quote_help(reader->diags, whole);
}

static struct yaml *read_node(struct reader *reader, struct fy_event *event)
{
	refuse_decoration(reader, event);
	switch (event->type) {
	case FYET_MAPPING_START:
		return read_map(reader, event);
	case FYET_SEQUENCE_START:
		return read_list(reader, event);
	case FYET_SCALAR:
		return read_scalar(reader, event);
	default: {
		struct yaml *nothing = arena_new_of(reader->arena, struct yaml);

		*nothing = (struct yaml){.kind = YAML_SCALAR, .null = true, .text = "", .span = span_at(reader, reader->position, 0)};
		return nothing;
	}
	}
}

/* --- the whole --- */

static void report_syntax(struct reader *reader)
{
	void *iterator = NULL;
	struct fy_diag_error *error = fy_diag_errors_iterate(reader->messages, &iterator);
	struct yaml_failure failure = {
		.source = reader->source, .message = error && error->msg ? error->msg : "", .offset = reader->position,
	};

	/* Lines and columns of messages count from 1, columns in code points. */
	if (error && error->line > 0) {
		const char *text = reader->source->text;
		const char *at = text;

		for (int line = 1; line < error->line && at; line++) {
			at = memchr(at, '\n', (size_t)(text + reader->source->length - at));
			at = at ? at + 1 : NULL;
		}
		for (int column = 1; at && column < error->column && *at && *at != '\n'; column++)
			do
				at++;
			while (((unsigned char)*at & 0xc0) == 0x80);
		failure.offset = at ? (size_t)(at - text) : reader->source->length;
	}
	struct span place = span_at(reader, failure.offset, 1);
	failure.place = place;
	if (reader->open_count)
		failure.open = &reader->open[reader->open_count - 1];
	yaml_message_report(&failure, reader->diags);
}

static struct yaml *read_stream(struct reader *reader)
{
	struct yaml *root = NULL;
	struct fy_event *event;
	bool second = false;

	while (!second && (event = next_event(reader))) {
		bool end = event->type == FYET_STREAM_END;

		if (event->type == FYET_DOCUMENT_START && root) {
			const struct fy_mark *mark = fy_event_start_mark(event);
			struct span at = mark ? span_of_mark(reader, mark, 3) : span_at(reader, skip_to_value(reader,
													      reader->position), 1);

			second = true;
			if (mark)
				diag_add(reader->diags, DIAG_YAML_DOCUMENTS, at,
					 "a second document starts here, and a file holds one scenario");
			else
				diag_add(reader->diags, DIAG_YAML_SYNTAX, at, "this belongs to nothing that stands before it");
		} else if (event->type != FYET_STREAM_START && event->type != FYET_DOCUMENT_START &&
			   event->type != FYET_DOCUMENT_END && !end) {
			root = read_node(reader, event);
		}
		fy_parser_event_free(reader->parser, event);
		if (end)
			return root;
	}
	if (!second && !reader->diags->errors)
		report_syntax(reader);
	return NULL;
}

static struct yaml *read_checked(const struct source *source, struct arena *arena, struct diag_list *diags)
{
	struct reader reader = {.source = source, .arena = arena, .diags = diags};
	struct fy_diag_cfg diag_config;
	struct yaml *root = NULL;
	size_t errors = diags->errors;

	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL; /* libfyaml would print */
	diag_config.output_fn = NULL;
	diag_config.colorize = false;
	reader.messages = fy_diag_create(&diag_config);
	if (!reader.messages)
		abort();
	fy_diag_set_collect_errors(reader.messages, true);
	const struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_DISABLE_DEPTH_LIMIT,
		.diag = reader.messages,
	};
	reader.parser = fy_parser_create(&config);
	if (!reader.parser)
		abort();
	index_lines(&reader);
	if (fy_parser_set_string(reader.parser, source->text, source->length) == 0)
		root = read_stream(&reader);
	if (diags->errors == errors && (!root || (root->kind == YAML_SCALAR && root->null))) {
		diag_add(diags, DIAG_YAML_EMPTY, (struct span){.source = source}, "the file holds no scenario");
		diag_help(diags, "`nslab new` writes one to start from");
		root = NULL;
	}
	fy_parser_destroy(reader.parser);
	fy_diag_destroy(reader.messages);
	array_free(&reader.lines);
	return root;
}

struct yaml *yaml_read(const struct source *source, struct arena *arena, struct diag_list *diags)
{
	return yaml_check_text(source, diags) < 0 ? NULL : read_checked(source, arena, diags);
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	return NULL;
}
