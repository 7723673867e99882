/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text held against a file under tests/golden/report. */
#include "tests/report/golden.h"

#include <criterion/logging.h>
#include <stdio.h>
#include <string.h>

static bool read_all(const char *path, struct text *ret)
{
	FILE *file = fopen(path, "re");
	char buffer[4096];
	size_t n;

	if (!file)
		return false;
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_bytes(ret, buffer, n);
	fclose(file);
	return true;
}

static bool write_all(const char *path, const struct text *text)
{
	FILE *file = fopen(path, "we");
	bool done = file && fwrite(text_str(text), 1, text->length, file) == text->length;

	return file && fclose(file) == 0 && done;
}

bool golden_is(const char *name, const struct text *text)
{
	_cleanup_text_ struct text path = {0}, kept = {0}, got = {0};
	size_t line = 1;

	text_addf(&path, "%s/tests/golden/report/%s", SOURCE_ROOT, name);
	if (getenv("NSLAB_UPDATE_GOLDEN"))
		return write_all(text_str(&path), text);
	if (!read_all(text_str(&path), &kept)) {
		cr_log_error("%s is missing: run this test with NSLAB_UPDATE_GOLDEN=1", text_str(&path));
		return false;
	}
	if (kept.length == text->length && memcmp(text_str(&kept), text_str(text), text->length) == 0)
		return true;
	for (size_t i = 0; i < kept.length && i < text->length && kept.data[i] == text->data[i]; i++)
		line += kept.data[i] == '\n';
	text_addf(&got, "%s/nslab-golden-%s", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", name);
	cr_log_error("%s:%zu: differs; what came is in %s", text_str(&path), line, write_all(text_str(&got), text) ? text_str(&got) : "?");
	return false;
}
