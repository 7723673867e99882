/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Value types of the scenario language: places, endpoints, errno names, signals, file modes. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "lab/scenario/tree.h"

/* A node's name: a letter, then letters, digits, '_' and '-'. */
static bool is_node_name(const char *text)
{
	if (!isalpha((unsigned char)*text))
		return false;
	while (isalnum((unsigned char)*text) || *text == '_' || *text == '-')
		text++;
	return !*text;
}

static bool is_port(const char *text, int32_t *ret_port)
{
	uint64_t port;

	if (!isdigit((unsigned char)*text) || str_to_u64(text, &port) < 0 || port > 65535)
		return false;
	*ret_port = (int32_t)port;
	return true;
}

/* --- place --- */

static int parse_place(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	const char *colon = strchr(text, ':');
	struct place place = {.node = arena_strndup(arena, text, colon ? (size_t)(colon - text) : strlen(text))};

	(void)field;
	if (colon && (!colon[1] || strchr(colon + 1, ':')))
		return err_set(err, -EINVAL, "'%s' is not a place; write node:interface, or a node's name", text);
	if (!is_node_name(place.node))
		return err_set(err, -EINVAL, "'%s' is not a place; write node:interface, or a node's name", text);
	if (colon)
		place.interface = arena_strdup(arena, colon + 1);
	*(struct place *)ret = place;
	return 0;
}

static void print_place(const struct field *field, const void *value, struct text *out)
{
	const struct place *place = value;

	(void)field;
	text_add(out, place->node ? place->node : "");
	if (place->interface)
		text_addf(out, ":%s", place->interface);
}

const struct value_type type_place = {
	.name = "place", .doc = "node:interface, or a node's name for its wire ends together: inside:eth0, firewall",
	.size = sizeof(struct place), .parse = parse_place, .print = print_place,
};

/* --- endpoint --- */

static int bad_endpoint(const char *text, struct err *err)
{
	return err_set(err, -EINVAL,
		       "'%s' is not an endpoint; write 192.0.2.1:80, [2001:db8::1]:80, :80, node:80, node, or node:interface", text);
}

/* "[2001:db8::1]" and perhaps ":80". */
static int parse_bracketed(const char *text, struct arena *arena, struct endpoint *ret, struct err *err)
{
	const char *close = strchr(text, ']');

	if (!close || ip_addr_parse(arena_strndup(arena, text + 1, (size_t)(close - text - 1)), &ret->addr, NULL) < 0 ||
	    ret->addr.family != AF_INET6)
		return bad_endpoint(text, err);
	if (close[1] && (close[1] != ':' || !is_port(close + 2, &ret->port)))
		return bad_endpoint(text, err);
	return 0;
}

/* "server", "server:80", "server:eth0", "server:eth0:80". */
static int parse_named(const char *text, struct arena *arena, struct endpoint *ret, struct err *err)
{
	const char *colon = strchr(text, ':');
	const char *rest = colon ? colon + 1 : NULL;

	ret->node = arena_strndup(arena, text, colon ? (size_t)(colon - text) : strlen(text));
	if (!is_node_name(ret->node))
		return bad_endpoint(text, err);
	if (!rest || is_port(rest, &ret->port))
		return 0;
	colon = strchr(rest, ':');
	if (colon && !is_port(colon + 1, &ret->port))
		return bad_endpoint(text, err);
	ret->interface = arena_strndup(arena, rest, colon ? (size_t)(colon - rest) : strlen(rest));
	return *ret->interface && !isdigit((unsigned char)*ret->interface) ? 0 : bad_endpoint(text, err);
}

static int parse_endpoint(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	struct endpoint endpoint = {.port = -1};
	const char *colon = strrchr(text, ':');
	int r = 0;

	(void)field;
	if (text[0] == '[')
		r = parse_bracketed(text, arena, &endpoint, err);
	else if (text[0] == ':' && is_port(text + 1, &endpoint.port))
		r = 0;
	else if (ip_addr_parse(text, &endpoint.addr, NULL) == 0)
		r = 0;
	else if (colon && strchr(text, ':') == colon && is_port(colon + 1, &endpoint.port) &&
		 ip_addr_parse(arena_strndup(arena, text, (size_t)(colon - text)), &endpoint.addr, NULL) == 0)
		r = 0;
	else {
		endpoint = (struct endpoint){.port = -1};
		r = parse_named(text, arena, &endpoint, err);
	}
	if (r == 0)
		*(struct endpoint *)ret = endpoint;
	return r;
}

static void print_endpoint(const struct field *field, const void *value, struct text *out)
{
	const struct endpoint *endpoint = value;

	(void)field;
	if (endpoint->addr.family) {
		bool brackets = endpoint->addr.family == AF_INET6 && endpoint->port >= 0;

		text_add(out, brackets ? "[" : "");
		ip_addr_print(&endpoint->addr, out);
		text_add(out, brackets ? "]" : "");
	} else if (endpoint->node) {
		text_add(out, endpoint->node);
		if (endpoint->interface)
			text_addf(out, ":%s", endpoint->interface);
	}
	if (endpoint->port >= 0)
		text_addf(out, ":%d", endpoint->port);
}

const struct value_type type_endpoint = {
	.name = "endpoint",
	.doc = "an address, a node or nothing, and a port: 192.0.2.1:80, \"[2001:db8::1]:80\", \":80\", server:80, server, server:eth0",
	.size = sizeof(struct endpoint), .parse = parse_endpoint, .print = print_endpoint,
};

/* --- errno, signal, mode --- */

static int parse_errno(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	int64_t value;

	(void)arena;
	for (int number = 1; number < 4096 && isalpha((unsigned char)*text); number++) {
		const char *name = strerrorname_np(number);

		if (name && strcmp(name, text) == 0) {
			*(int64_t *)ret = number;
			return 0;
		}
	}
	if (str_to_i64(text, &value) == 0 && value >= field->min && value <= field->max) {
		*(int64_t *)ret = value;
		return 0;
	}
	return err_set(err, -EINVAL, "'%s' is no error; write its name as errno(3) does, as in ECONNREFUSED", text);
}

static void print_errno(const struct field *field, const void *value, struct text *out)
{
	int64_t number = *(const int64_t *)value;
	const char *name = strerrorname_np((int)number);

	(void)field;
	if (name)
		text_add(out, name);
	else
		text_addf(out, "%" PRId64, number);
}

const struct value_type type_errno = {
	.name = "error", .doc = "an error's name as in errno(3): EMSGSIZE, ECONNREFUSED", .size = sizeof(int64_t),
	.parse = parse_errno, .print = print_errno,
};

static int parse_signal(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	const char *bare = str_starts(text, "SIG") ? text + 3 : text;
	int64_t value;

	(void)arena;
	for (int number = 1; number < NSIG; number++) {
		const char *name = sigabbrev_np(number);

		if (name && strcmp(name, bare) == 0) {
			*(int64_t *)ret = number;
			return 0;
		}
	}
	if (str_to_i64(text, &value) == 0 && value >= field->min && value <= field->max) {
		*(int64_t *)ret = value;
		return 0;
	}
	return err_set(err, -EINVAL, "'%s' is no signal; write its name as signal(7) does, as in TERM, INT, HUP or USR1", text);
}

static void print_signal(const struct field *field, const void *value, struct text *out)
{
	int64_t number = *(const int64_t *)value;
	const char *name = sigabbrev_np((int)number);

	(void)field;
	if (name)
		text_add(out, name);
	else
		text_addf(out, "%" PRId64, number);
}

const struct value_type type_signal = {
	.name = "signal", .doc = "a signal's name as in signal(7), with or without SIG: TERM, INT, HUP", .size = sizeof(int64_t),
	.parse = parse_signal, .print = print_signal,
};

static int parse_mode(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	const char *digits = str_starts(text, "0o") ? text + 2 : text;
	int64_t mode = 0;

	(void)field;
	(void)arena;
	if (!*digits || strlen(digits) > 4 || strspn(digits, "01234567") != strlen(digits))
		return err_set(err, -EINVAL, "'%s' is no mode; write permission bits in octal, as in 0644", text);
	for (; *digits; digits++)
		mode = mode << 3 | (*digits - '0');
	*(int64_t *)ret = mode;
	return 0;
}

static void print_mode(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	text_addf(out, "0%03" PRIo64, *(const int64_t *)value);
}

const struct value_type type_mode = {
	.name = "mode", .doc = "permission bits in octal: 0644", .size = sizeof(int64_t),
	.json = "\"type\": [\"integer\", \"string\"]", .parse = parse_mode, .print = print_mode,
};
