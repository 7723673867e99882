/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources: files read whole, what no YAML reader should see refused, words found in them. */
#include "lab/scenario/yaml_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/scenario/yaml.h"

#define SIZE_MAX_FILE (1u << 20)

/* Bytes of the UTF-8 sequence at `at`, RFC 3629; 0 where it is none. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;

	if (!length || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

int yaml_check_text(const struct source *source, struct diag_list *diags)
{
	struct span span = {.source = source, .length = 1, .line = 1, .column = 1};

	if (source->length > SIZE_MAX_FILE)
		return diag_add(diags, DIAG_YAML_DEPTH, (struct span){.source = source},
				"the file has %zu bytes, and a scenario at most 1 MiB",
				source->length);
	while (span.offset < source->length) {
		const unsigned char *at = (const unsigned char *)source->text + span.offset;
		size_t length = utf8_length(at, source->length - span.offset);

		if (!length)
			return diag_add(diags, DIAG_YAML_ENCODING, span, "the byte 0x%02x is not UTF-8", at[0]);
		if ((at[0] < 0x20 && at[0] != '\t' && at[0] != '\n' && at[0] != '\r') || at[0] == 0x7f)
			return diag_add(diags, DIAG_YAML_ENCODING, span, "the control character 0x%02x has no place in YAML", at[0]);
		span.offset += (uint32_t)length;
		span.column++;
		if (at[0] == '\n') {
			span.line++;
			span.column = 1;
		}
	}
	return 0;
}

struct span span_find(struct span span, const char *word, size_t length)
{
	const char *start = span.source ? span.source->text + span.offset : NULL;
	const char *found = start && length ? memmem(start, span.length, word, length) : NULL;

	if (!found)
		return span;
	for (const char *c = start; c < found; c++) {
		if (*c == '\n') {
			span.line++;
			span.column = 1;
		} else {
			span.column += ((unsigned char)*c & 0xc0) != 0x80;
		}
	}
	span.offset += (uint32_t)(found - start);
	span.length = (uint32_t)length;
	return span;
}

static int report_file(const char *path, int code, struct span from, struct diag_list *diags)
{
	return diag_add(diags, DIAG_FILE_MISSING, from, "cannot read '%s': %s", path, strerror(code));
}

struct source *source_read(const char *path, struct arena *arena, struct span from, struct diag_list *diags)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	struct source *source = arena_new_of(arena, struct source);

	source->path = arena_strdup(arena, path);
	if (!from.source)
		from.source = source;
	if (fd < 0 || fstat(fd, &status) < 0) {
		report_file(path, errno, from, diags);
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		diag_add(diags, DIAG_FILE_MISSING, from, "'%s' is not a file", path);
		return NULL;
	}
	if (status.st_size > SIZE_MAX_FILE) {
		diag_add(diags, DIAG_YAML_DEPTH, from, "'%s' has %lld bytes, and a scenario at most 1 MiB", path,
			 (long long)status.st_size);
		return NULL;
	}
	char *text = arena_alloc(arena, (size_t)status.st_size + 1);
	while (source->length < (size_t)status.st_size) {
		ssize_t got = read(fd, text + source->length, (size_t)status.st_size - source->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			report_file(path, errno, from, diags);
			return NULL;
		}
		if (got == 0)
			break;
		source->length += (size_t)got;
	}
	source->text = text;
	return source;
}
