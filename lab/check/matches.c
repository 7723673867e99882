/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What selects and compares: filters, fields and their values, words of state, patterns. */
#include <errno.h>
#include <regex.h>
#include <string.h>

#include "lab/check/check_inside.h"
#include "lab/packet/filter.h"
#include "lab/packet/layer.h"

void check_filter(struct check *check, const struct node *node, const char *key, const char *expression)
{
	struct filter *filter = NULL;
	struct err err = {0};
	size_t at = 0;

	if (!expression || !*expression)
		return;
	int r = filter_compile(expression, &filter, &at, &err);
	filter_free(filter);
	if (r < 0)
		diag_add(check->diags, DIAG_BAD_FILTER, place_of_word(node_field_span(node, key), expression, at), "%s", err.text);
}

void check_matches(struct check *check, const struct node_list *matches)
{
	for (size_t i = 0; i < matches->count; i++) {
		const struct match_node *match = (const struct match_node *)matches->items[i];
		const char *const *values = match->values.values;
		struct err err = {0};

		/* A value that only the run knows is not there yet; the name is. */
		if (packet_field_check(match->node.name, "", &err) == -ENOENT) {
			diag_add(check->diags, DIAG_UNKNOWN_FIELD, match->node.name_span, "%s", err.text);
			continue;
		}
		for (size_t k = 0; k < match->values.count; k++)
			if (values[k] && packet_field_check(match->node.name, values[k], &err) < 0)
				diag_add(check->diags, DIAG_BAD_VALUE, match->values.spans ? match->values.spans[k] : match->node.span, "%s",
					 err.text);
	}
}

/* --- words of the kernel's tables: what lab/kernel reads (rtnl_read(), conntrack_read(), sockdiag_read()); a test compares --- */

static const char *const conntrack_words[] = {
	"protocol", "state", "orig.src", "orig.dst", "orig.sport", "orig.dport", "reply.src", "reply.dst", "reply.sport", "reply.dport",
	"type", "id", "timeout", "mark", "zone", "seen-reply", "assured", "src-nat", "dst-nat", NULL,
};
static const char *const route_words[] = {
	"family", "type", "dst", "via", "dev", "table", "protocol", "scope", "src", "metric", "mtu", "advmss", "onlink", "linkdown", "dead", NULL,
};
static const char *const neighbour_words[] = {"family", "dst", "dev", "lladdr", "state", "router", "proxy", NULL};
static const char *const address_words[] = {"dev", "family", "address", "scope", "tentative", "dadfailed", NULL};
static const char *const socket_words[] = {"netid", "state", "local", "local_port", "peer", "peer_port", NULL};

static const struct {
	const char *table;
	const char *const *words;
} state_tables[] = {
	{"conntrack", conntrack_words}, {"route", route_words}, {"neighbour", neighbour_words}, {"address", address_words},
	{"socket", socket_words},
};

const char *const *check_state_table(const char *table)
{
	for (size_t i = 0; i < COUNT_OF(state_tables); i++)
		if (str_eq(state_tables[i].table, table))
			return state_tables[i].words;
	return NULL;
}

void check_state_words(struct check *check, const char *table, const struct node_list *matches)
{
	const char *const *words = check_state_table(table);
	size_t count = 0;

	while (words && words[count])
		count++;
	for (size_t i = 0; words && i < matches->count; i++) {
		const struct node *match = matches->items[i];
		_cleanup_text_ struct text all = {0};
		bool known = false;

		for (size_t k = 0; k < count; k++) {
			known |= str_eq(words[k], match->name);
			text_addf(&all, "%s%s", k ? ", " : "", words[k]);
		}
		if (known)
			continue;
		const char *near = str_nearest(match->name, words, count);
		diag_add(check->diags, DIAG_UNKNOWN_FIELD, match->name_span, "no entry of '%s' has a word '%s'", table, match->name);
		if (near)
			diag_help(check->diags, "did you mean '%s'?", near);
		else
			diag_help(check->diags, "words are %s", text_str(&all));
	}
}

void check_pattern(struct check *check, const struct node *node, const char *key, const char *pattern)
{
	char why[128];
	regex_t compiled;

	if (!pattern)
		return;
	int r = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	if (r == 0) {
		regfree(&compiled);
		return;
	}
	regerror(r, &compiled, why, sizeof(why));
	diag_add(check->diags, DIAG_BAD_VALUE, node_field_span(node, key), "'%s' is no extended regular expression: %s", pattern, why);
	diag_help(check->diags, "regex(7) describes them; a backslash takes away a character's meaning, as in \\(");
}
