/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes in iproute2's words (ip-route(8)). */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lab/scenario/iproute_words.h"

static const char *const route_types[] = {
	[ROUTE_UNICAST] = "unicast", [ROUTE_LOCAL] = "local", [ROUTE_BLACKHOLE] = "blackhole",
	[ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit", [ROUTE_THROW] = "throw",
};

static const struct {
	const char *name;
	int8_t value;
} scopes[] = {{"global", RT_SCOPE_UNIVERSE}, {"site", (int8_t)RT_SCOPE_SITE}, {"link", (int8_t)RT_SCOPE_LINK}, {"host", (int8_t)RT_SCOPE_HOST}};

static int route_via(struct words *words, void *spec)
{
	struct route_spec *route = spec;

	if (!words_take(words, "inet"))
		words_take(words, "inet6");
	return words_take_addr(words, &route->via);
}

static int route_dev(struct words *words, void *spec)
{
	return words_take_name(words, &((struct route_spec *)spec)->dev);
}

static int route_src(struct words *words, void *spec)
{
	return words_take_addr(words, &((struct route_spec *)spec)->src);
}

static int route_table(struct words *words, void *spec)
{
	return words_take_table(words, &((struct route_spec *)spec)->table);
}

static int route_metric(struct words *words, void *spec)
{
	return words_take_number(words, UINT32_MAX, "a number", &((struct route_spec *)spec)->metric);
}

static int route_mtu(struct words *words, void *spec)
{
	return words_take_number(words, 65535, "a size in bytes, up to 65535", &((struct route_spec *)spec)->mtu);
}

static int route_advmss(struct words *words, void *spec)
{
	return words_take_number(words, 65535, "a size in bytes, up to 65535", &((struct route_spec *)spec)->advmss);
}

static int route_onlink(struct words *words, void *spec)
{
	(void)words;
	((struct route_spec *)spec)->onlink = true;
	return 0;
}

static int route_scope(struct words *words, void *spec)
{
	for (size_t i = 0; words->word && i < COUNT_OF(scopes); i++)
		if (strcmp(words->word, scopes[i].name) == 0) {
			((struct route_spec *)spec)->scope = scopes[i].value;
			words_next(words);
			return 0;
		}
	return words_want(words, "a scope: global, site, link or host");
}

static const struct keyword route_keywords[] = {
	{"via", route_via}, {"dev", route_dev}, {"src", route_src}, {"table", route_table}, {"metric", route_metric},
	{"mtu", route_mtu}, {"advmss", route_advmss}, {"onlink", route_onlink}, {"scope", route_scope},
};

static int take_destination(struct words *words, struct route_spec *route)
{
	words->keyword = "to";
	words_take(words, "to");
	if (words_take(words, "default")) {
		route->is_default = true;
		return 0;
	}
	if (!words->word)
		return err_set(words->err, -EINVAL,
			       "a route begins with where it leads; default or a prefix, as in default via 192.0.2.1");
	return words_take_prefix(words, &route->to);
}

/* The family that destination, gateway and source agree on. */
static int settle_family(struct words *words, const char *text, uint8_t asked, struct route_spec *route)
{
	const uint8_t shown[] = {asked, route->is_default ? 0 : route->to.addr.family, route->via.family, route->src.family};

	for (size_t i = 0; i < COUNT_OF(shown); i++) {
		/* An IPv4 route may lead over an IPv6 gateway (RFC 8950). */
		if (!shown[i] || (i == 2 && shown[i] == AF_INET6 && route->family == AF_INET))
			continue;
		if (route->family && route->family != shown[i])
			return words_mixed_families(words, text);
		route->family = shown[i];
	}
	if (!route->family)
		route->family = AF_INET;
	if (route->is_default)
		route->to = (struct ip_prefix){.addr = {.family = route->family}};
	return 0;
}

static int parse_route(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	struct words words = words_of(text, arena, err);
	struct route_spec route = {.scope = -1};
	uint8_t asked = words_take_family(&words);

	(void)field;
	for (size_t i = 0; i < COUNT_OF(route_types); i++)
		if (words_take(&words, route_types[i])) {
			route.type = (int)i;
			break;
		}
	int r = take_destination(&words, &route);
	if (r == 0)
		r = words_take_keywords(&words, route_keywords, COUNT_OF(route_keywords), "route", &route);
	if (r == 0)
		r = settle_family(&words, text, asked, &route);
	if (r == 0)
		*(struct route_spec *)ret = route;
	return r;
}

static void print_addr(const char *keyword, const struct ip_addr *addr, struct text *out)
{
	if (!addr->family)
		return;
	text_addf(out, " %s ", keyword);
	ip_addr_print(addr, out);
}

static void print_route(const struct field *field, const void *value, struct text *out)
{
	const struct route_spec *route = value;

	(void)field;
	if (route->is_default && route->family == AF_INET6 && !route->via.family && !route->src.family)
		text_add(out, "-6 ");
	if (route->type != ROUTE_UNICAST)
		text_addf(out, "%s ", route_types[route->type]);
	if (route->is_default)
		text_add(out, "default");
	else
		ip_prefix_print(&route->to, out);
	if (route->via.family && route->via.family != route->family) {
		text_add(out, " via inet6 ");
		ip_addr_print(&route->via, out);
	} else {
		print_addr("via", &route->via, out);
	}
	if (route->dev)
		text_addf(out, " dev %s", route->dev);
	print_addr("src", &route->src, out);
	if (route->table)
		words_print_table(route->table, "table", out);
	if (route->metric)
		text_addf(out, " metric %u", route->metric);
	if (route->mtu)
		text_addf(out, " mtu %u", route->mtu);
	if (route->advmss)
		text_addf(out, " advmss %u", route->advmss);
	if (route->onlink)
		text_add(out, " onlink");
	for (size_t i = 0; route->scope != -1 && i < COUNT_OF(scopes); i++)
		if (scopes[i].value == route->scope)
			text_addf(out, " scope %s", scopes[i].name);
}

const struct value_type type_route = {
	.name = "route", .doc = "a route as ip-route(8) writes it: default via 192.0.2.1, 203.0.113.0/24 dev eth0 metric 5, blackhole 198.51.100.0/24",
	.size = sizeof(struct route_spec), .parse = parse_route, .print = print_route,
};
