/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What failed last time: case ids, remembered per directory. */
#include "lab/cli/last_failed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/base/rng.h"
#include "lab/base/text.h"

static bool cache_path(struct text *out, bool make)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	_cleanup_free_ char *here = getcwd(NULL, 0);

	if (!here || ((!cache || cache[0] != '/') && (!home || home[0] != '/')))
		return false;
	if (cache && cache[0] == '/')
		text_add(out, cache);
	else
		text_addf(out, "%s/.cache", home);
	if (make)
		mkdir(text_str(out), 0700);
	text_add(out, "/nslab");
	if (make)
		mkdir(text_str(out), 0700);
	text_addf(out, "/last-failed-%016" PRIx64, hash_text(here, strlen(here)));
	return true;
}

bool id_list_has(const id_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], id) == 0)
			return true;
	return false;
}

void id_list_free(id_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	array_free(list);
}

void last_failed_read(id_list *ret)
{
	_cleanup_text_ struct text path = {0};
	FILE *file = cache_path(&path, false) ? fopen(text_str(&path), "re") : NULL;
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			array_push(ret, mem_strdup(line));
	}
	free(line);
	if (file)
		fclose(file);
}

void last_failed_update(const id_list *ran, const id_list *failed)
{
	_cleanup_text_ struct text path = {0}, part = {0};
	id_list before = {0};

	last_failed_read(&before);
	if (cache_path(&path, true)) {
		text_addf(&part, "%s.%d", text_str(&path), (int)getpid());
		FILE *file = fopen(text_str(&part), "wex");
		for (size_t i = 0; file && i < before.count; i++)
			if (!id_list_has(ran, before.items[i]))
				fprintf(file, "%s\n", before.items[i]);
		for (size_t i = 0; file && i < failed->count; i++)
			fprintf(file, "%s\n", failed->items[i]);
		if (file && (fclose(file) != 0 || rename(text_str(&part), text_str(&path)) < 0))
			unlink(text_str(&part));
	}
	id_list_free(&before);
}
