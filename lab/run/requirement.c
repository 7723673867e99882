/* SPDX-License-Identifier: GPL-2.0-or-later */
/* requires: what a scenario needs of the machine, tried before it runs. */
#include "lab/run/requirement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lab/run/feature.h"

static bool program_exists(const char *name, const char *directory)
{
	char path[4096];

	if (strchr(name, '/')) {
		snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : directory, name[0] == '/' ? "" : "/", name);
		return access(path, X_OK) == 0;
	}
	const char *search = getenv("PATH");
	if (!search)
		search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	while (*search) {
		size_t length = strcspn(search, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)(length > 3000 ? 3000 : length), search, name);
		if (length && access(path, X_OK) == 0)
			return true;
		search += length;
		search += *search == ':';
	}
	return false;
}

/* Compares "6.18.44-x" with "6.5", number by number. */
static int compare_versions(const char *a, const char *b)
{
	for (;;) {
		char *end_a, *end_b;
		unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		if (*end_a != '.' || *end_b != '.')
			return *end_b == '.' ? -(strtoul(end_b + 1, NULL, 10) > 0) : 0;
		a = end_a + 1;
		b = end_b + 1;
	}
}

static bool kernel_fits(const char *wanted, struct text *ret_reason)
{
	static const char *const operators[] = {">=", "<=", "==", "!=", ">", "<"};
	struct utsname name;
	size_t which = COUNT_OF(operators);
	const char *version = wanted;

	uname(&name);
	for (size_t i = 0; i < COUNT_OF(operators) && which == COUNT_OF(operators); i++)
		if (str_starts(wanted, operators[i])) {
			which = i;
			version = wanted + strlen(operators[i]);
		}
	while (*version == ' ')
		version++;
	int order = compare_versions(name.release, version);
	const bool fits[] = {order >= 0, order <= 0, order == 0, order != 0, order > 0, order < 0, order >= 0};
	if (!fits[which])
		text_addf(ret_reason, "needs a kernel %s, this is %s", wanted, name.release);
	return fits[which];
}

static const struct requirement_known *probe(const struct feature *feature, struct requirement_cache *cache)
{
	struct err err = {0};

	for (size_t i = 0; i < cache->count; i++)
		if (strcmp(cache->known[i].name, feature->name) == 0)
			return &cache->known[i];
	struct requirement_known *known = &cache->known[cache->count < COUNT_OF(cache->known) - 1 ? cache->count++ : cache->count];
	known->name = feature->name;
	known->result = feature_probe(feature, &err);
	snprintf(known->reason, sizeof(known->reason), "%.250s", err.text);
	return known;
}

static bool is_required(const struct run_settings *settings, const char *name)
{
	for (const char *const *word = settings->require; word && *word; word++)
		if (strcmp(*word, "all") == 0 || strcmp(*word, name) == 0)
			return true;
	return false;
}

void requirement_check_names(const struct scenario_tree *tree, struct diag_list *diags)
{
	const struct value_list *wanted = tree->requires ? &tree->requires->features : NULL;
	ARRAY(const char *) names = {0};

	for (size_t i = 0; wanted && features[i].name; i++)
		array_push(&names, features[i].name);
	for (size_t i = 0; wanted && i < wanted->count; i++) {
		const char *name = ((const char *const *)wanted->values)[i];

		if (!name || feature_find(name))
			continue;
		const char *near = str_nearest(name, names.items, names.count);
		diag_add(diags, DIAG_UNKNOWN_CHOICE, wanted->spans[i], "there is no feature '%s'", name);
		if (near)
			diag_help(diags, "did you mean '%s'?", near);
		else
			diag_help(diags, "nslab doctor lists them");
	}
	array_free(&names);
}

enum requirement_outcome requirement_check(const struct scenario_case *scenario, const struct run_settings *settings,
					   struct requirement_cache *cache, struct text *ret_reason)
{
	const struct requires_node *requires = scenario->tree->requires;
	const char *missing = NULL;

	if (!requires)
		return REQUIREMENT_MET;
	for (size_t i = 0; i < requires->programs.count && !missing; i++) {
		const char *name = ((const char *const *)requires->programs.values)[i];

		if (!program_exists(name, scenario->directory)) {
			missing = name;
			text_addf(ret_reason, "needs the program '%s', which is not in PATH", name);
		}
	}
	for (size_t i = 0; i < requires->features.count && !missing; i++) {
		const char *name = ((const char *const *)requires->features.values)[i];
		const struct feature *feature = feature_find(name);
		const struct requirement_known *known = feature ? probe(feature, cache) : NULL;

		if (!feature) {
			missing = name;
			text_addf(ret_reason, "needs '%s', which is no feature that nslab knows; nslab doctor lists them", name);
		} else if (known->result < 0) {
			missing = name;
			text_addf(ret_reason, "needs %s: %s", name, known->reason);
		}
	}
	if (!missing && requires->kernel && !kernel_fits(requires->kernel, ret_reason))
		missing = "kernel";
	if (!missing)
		return REQUIREMENT_MET;
	return is_required(settings, missing) ? REQUIREMENT_ERROR : REQUIREMENT_SKIP;
}
