/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What $(name) stands for in one case, and putting it in. */
#include "lab/scenario/subst.h"

#include <errno.h>
#include <string.h>

#include "lab/packet/addr.h"

/*
 * Theory of operation
 *
 * A name with a colon is an address: of the interface node:interface, looked up
 * in the raw YAML of links and nodes, so that no order of decoding matters. A
 * name that a param or the matrix has is its value. Any other name with a dot is
 * a field of a packet, which only the run knows. An address may itself be
 * written with references; the depth is bounded, so a circle ends in a finding.
 */
#define SUBST_DEPTH 8

struct expansion {
	struct decode *decode;
	const struct scope *scope;
	const struct field *field; /* NULL: nothing that only the run knows */
	const struct yaml *yaml;   /* what findings point at */
	unsigned depth;
};

static int expand(const struct expansion *expansion, const char *text, struct text *out);

static struct span reference_span(const struct expansion *expansion, const char *name)
{
	const char *whole = arena_printf(expansion->decode->arena, "$(%s)", name);

	return span_find(expansion->yaml->span, whole, strlen(whole));
}

static int unknown(const struct expansion *expansion, const char *name, enum diag_id id, const char *message)
{
	if (expansion->scope->lenient)
		return 1;
	return diag_add(expansion->decode->diags, id, reference_span(expansion, name), "%s", message);
}

static const struct scenario_value *find_value(const struct scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->value_count; i++)
		if (strcmp(scope->values[i].name, name) == 0)
			return &scope->values[i];
	return NULL;
}

int subst_family(const struct scenario_value *values, size_t count)
{
	static const struct {
		const char *word;
		int family;
	} words[] = {{"ipv4", AF_INET}, {"ipv6", AF_INET6}, {"ip", AF_INET}, {"ip6", AF_INET6}, {"inet", AF_INET}, {"inet6",
														    AF_INET6}, {"4", AF_INET}, {"6", AF_INET6}};

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < COUNT_OF(words) && strcmp(values[i].name, "family") == 0; j++)
			if (strcasecmp(values[i].value, words[j].word) == 0)
				return words[j].family;
	return 0;
}

/* --- addresses --- */

/* The raw value of the end or interface: a scalar, a list or a map with `address`; NULL: there is none. */
static const struct yaml *find_interface(const struct scope *scope, const char *end)
{
	const char *colon = strchr(end, ':');

	for (size_t i = 0; scope->links && scope->links->kind == YAML_LIST && i < scope->links->count; i++) {
		const struct yaml *value = yaml_get(scope->links->items[i], end);

		if (value)
			return value;
	}
	for (size_t i = 0; scope->nodes && scope->nodes->kind == YAML_MAP && i < scope->nodes->count; i++) {
		const struct yaml_pair *node = &scope->nodes->pairs[i];

		if (node->key->length == (size_t)(colon - end) && strncmp(node->key->text, end, node->key->length) == 0)
			return yaml_get(yaml_get(node->value, "interfaces"), colon + 1);
	}
	return NULL;
}

static const char *const suffixes[] = {"", ".ip", ".ip4", ".ip6", ".mac"};

/* One address text; takes it if it is of the family, or if any will do. 1 taken, 0 not. */
static int take_address(const struct expansion *inner, const struct yaml *yaml, int family, struct text *out)
{
	struct text text = {0};
	struct ip_prefix prefix;
	int r = -EINVAL;

	if (yaml->kind == YAML_SCALAR && !yaml->null)
		r = expand(inner, yaml->text, &text);
	/* A text that is no address is reported where it is decoded. */
	if (r == 0 && ip_prefix_parse(text_str(&text), &prefix, NULL) == 0 && (!family || prefix.addr.family == family)) {
		ip_addr_print(&prefix.addr, out);
		r = 1;
	} else {
		r = 0;
	}
	text_free(&text);
	return r;
}

static int find_address(const struct expansion *inner, const struct yaml *value, int family, struct text *out)
{
	const struct yaml *addresses = value->kind == YAML_MAP ? yaml_get(value, "address") : value;
	int found = 0;

	if (!addresses || addresses->kind == YAML_MAP)
		return 0;
	if (addresses->kind == YAML_SCALAR)
		return take_address(inner, addresses, family, out);
	for (size_t i = 0; i < addresses->count && !found; i++)
		found = take_address(inner, addresses->items[i], family, out);
	return found;
}

static int expand_mac(const struct expansion *inner, const char *end, const struct yaml *value, struct text *out)
{
	const struct yaml *written = yaml_get(value, "mac");
	const char *colon = strchr(end, ':');

	if (written && written->kind == YAML_SCALAR && !written->null)
		return expand(inner, written->text, out);
	struct mac_addr mac = mac_addr_derive(arena_strndup(inner->decode->arena, end, (size_t)(colon - end)), colon + 1);
	mac_addr_print(&mac, out);
	return 0;
}

static int unknown_interface(const struct expansion *expansion, const char *name)
{
	const struct scope *scope = expansion->scope;
	size_t length = strcspn(name, ":");
	bool has_node = false;
	struct text all = {0};

	for (size_t i = 0; scope->nodes && scope->nodes->kind == YAML_MAP && i < scope->nodes->count; i++) {
		const struct yaml *key = scope->nodes->pairs[i].key;

		has_node |= key->length == length && strncmp(key->text, name, length) == 0;
		text_addf(&all, "%s%s", i ? ", " : "", key->text);
	}
	int r = unknown(expansion, name, has_node ? DIAG_UNKNOWN_INTERFACE : DIAG_UNKNOWN_NODE,
			arena_printf(expansion->decode->arena, has_node ? "'%s' is an interface that the lab does not have" :
									   "'%s' is at a node that the lab does not have", name));
	if (r < 0 && !has_node && all.length)
		diag_help(expansion->decode->diags, "nodes are %s", text_str(&all));
	text_free(&all);
	return r;
}

static int expand_interface(const struct expansion *expansion, const char *name, struct text *out)
{
	struct expansion inner = *expansion;
	size_t errors = expansion->decode->diags->errors;
	const struct yaml *value = NULL;
	const char *end = name, *suffix = "";

	if (++inner.depth > SUBST_DEPTH)
		return unknown(expansion, name, DIAG_UNKNOWN_REFERENCE, "this address leads back to itself");
	/* An interface's own name may hold a dot, eth0.7: the whole name is tried first. */
	for (size_t i = 0; i < COUNT_OF(suffixes) && !value; i++) {
		if (!str_ends(name, suffixes[i]) || strlen(name) <= strlen(suffixes[i]))
			continue;
		end = arena_strndup(inner.decode->arena, name, strlen(name) - strlen(suffixes[i]));
		suffix = suffixes[i];
		value = strchr(end, ':') ? find_interface(expansion->scope, end) : NULL;
	}
	if (!value)
		return unknown_interface(expansion, name);
	inner.field = NULL;
	if (strcmp(suffix, ".mac") == 0)
		return expand_mac(&inner, end, value, out);
	int family = strcmp(suffix, ".ip6") == 0 ? AF_INET6 : strcmp(suffix, ".ip4") == 0 ? AF_INET : 0;
	if (!family && expansion->scope->family && find_address(&inner, value, expansion->scope->family, out))
		return 0;
	if (find_address(&inner, value, family, out))
		return 0;
	if (expansion->decode->diags->errors > errors)
		return -EINVAL;
	return unknown(expansion, name, DIAG_NO_ADDRESS,
		       arena_printf(inner.decode->arena, "'%s' has no %saddress", end,
				    family == AF_INET6 ? "IPv6 " : family == AF_INET ? "IPv4 " : ""));
}

/* --- names --- */

static int expand_runtime(const struct expansion *expansion, const char *name, struct text *out)
{
	const struct scope *scope = expansion->scope;
	struct diag_list *diags = expansion->decode->diags;
	struct err err = {0};

	if (!expansion->field || !(expansion->field->flags & FIELD_RUNTIME)) {
		if (scope->lenient)
			return 1;
		diag_add(diags, DIAG_UNKNOWN_REFERENCE, reference_span(expansion, name),
			 "'%s' is known only while the scenario runs, too late here", name);
		diag_help(diags, "fields of packets can be used in what steps send, set, run and expect");
		return -EINVAL;
	}
	if (scope->lookup) {
		int r = scope->lookup(scope->lookup_data, name, out, &err);

		if (r > 0)
			return 0;
		return diag_add(diags, DIAG_UNKNOWN_REFERENCE, reference_span(expansion, name), "$(%s): %s", name,
				r < 0 ? err.text : "no packet of that name has been seen, or it has no such field");
	}
	if (scope->references)
		array_push(&scope->references->list, (struct runtime_reference){
			.name = arena_strdup(expansion->decode->arena, name), .span = reference_span(expansion, name),
		});
	return 1;
}

static int unknown_name(const struct expansion *expansion, const char *name)
{
	const struct scope *scope = expansion->scope;
	const char **names = arena_alloc(expansion->decode->arena, (scope->value_count + 1) * sizeof(*names));
	int r = unknown(expansion, name, DIAG_UNKNOWN_REFERENCE,
			arena_printf(expansion->decode->arena, "nothing defines '%s'", name));

	if (r > 0)
		return r;
	for (size_t i = 0; i < scope->value_count; i++)
		names[i] = scope->values[i].name;
	const char *near = str_nearest(name, names, scope->value_count);
	if (near)
		diag_help(expansion->decode->diags, "did you mean $(%s)?", near);
	else
		diag_help(expansion->decode->diags,
			  "$(…) stands for a param, a matrix value, an address as in $(node:interface), or a packet's "
			  "field; $$(… is a literal $(…");
	return r;
}

static int expand_name(const struct expansion *expansion, const char *name, struct text *out)
{
	const struct scenario_value *value = find_value(expansion->scope, name);

	if (value) {
		text_add(out, value->value);
		return 0;
	}
	if (strchr(name, ':'))
		return expand_interface(expansion, name, out);
	/* $(i) counts what a step sends or receives, from 0. */
	if (strchr(name, '.') || strcmp(name, "i") == 0)
		return expand_runtime(expansion, name, out);
	return unknown_name(expansion, name);
}

/* 0, 1 something that only the run knows, -EINVAL reported. */
static int expand(const struct expansion *expansion, const char *text, struct text *out)
{
	int outcome = 0;

	while (*text) {
		const char *start = strstr(text, "$(");

		if (!start) {
			text_add(out, text);
			break;
		}
		if (start > text && start[-1] == '$') {
			text_add_bytes(out, text, (size_t)(start - text - 1));
			text_add(out, "$(");
			text = start + 2;
			continue;
		}
		text_add_bytes(out, text, (size_t)(start - text));
		const char *end = strchr(start, ')');
		if (!end) {
			diag_add(expansion->decode->diags, DIAG_UNKNOWN_REFERENCE, span_find(expansion->yaml->span, start, 2),
				 "this $( is never closed");
			diag_help(expansion->decode->diags, "close it with ), or write $$( for a literal $(");
			return -EINVAL;
		}
		int r = expand_name(expansion, arena_strndup(expansion->decode->arena, start + 2, (size_t)(end - start - 2)), out);
		if (r < 0)
			return r;
		outcome |= r;
		text = end + 1;
	}
	return outcome;
}

int subst_text(struct decode *decode, const struct field *field, const struct yaml *yaml, const char **ret_text)
{
	const struct expansion expansion = {.decode = decode, .scope = decode->substitution, .field = field, .yaml = yaml};
	_cleanup_text_ struct text out = {0};
	int r = expand(&expansion, yaml->text, &out);

	if (r == 0)
		*ret_text = arena_strndup(decode->arena, text_str(&out), out.length);
	return r;
}
