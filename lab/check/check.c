/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters, matched fields, drivers' options and built packets of a case. */
#include "lab/check/check.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/sockopt.h"
#include "lab/packet/filter.h"
#include "lab/packet/layer.h"
#include "lab/scenario/visit.h"

struct check {
	const struct scenario_case *scenario;
	struct diag_list *diags;
	bool expects_error; /* the step being visited may want to see the kernel refuse */
};

/* The part of a scalar's span that begins `at` bytes into its text, where the text stands in the source as it is. */
static struct span span_within(struct span span, const char *text, size_t at)
{
	const char *found = NULL;

	if (span.source && span.offset + span.length <= span.source->length)
		found = memmem(span.source->text + span.offset, span.length, text, strlen(text));
	if (!found || at >= strlen(text))
		return span;

	uint32_t shift = (uint32_t)(found - (span.source->text + span.offset) + (long)at);
	if (memchr(span.source->text + span.offset, '\n', shift))
		return span;
	span.offset += shift;
	span.column += shift;
	span.length = 1;
	return span;
}

static void check_filter(struct check *check, const struct node *node, const char *expression)
{
	struct filter *filter = NULL;
	struct err err = {0};
	size_t at = 0;

	if (!expression)
		return;
	int r = filter_compile(expression, &filter, &at, &err);
	filter_free(filter);
	if (r < 0)
		diag_add(check->diags, DIAG_BAD_FILTER, span_within(node_field_span(node, "packets"), expression, at), "%s", err.text);
}

static void check_matches(struct check *check, const struct node_list *matches)
{
	for (size_t i = 0; i < matches->count; i++) {
		const struct match_node *match = (const struct match_node *)matches->items[i];
		const char *const *values = match->values.values;

		for (size_t k = 0; k < match->values.count; k++) {
			struct err err = {0};
			int r = packet_field_check(match->node.name, values[k], &err);

			if (r == -ENOENT) {
				diag_add(check->diags, DIAG_UNKNOWN_FIELD, match->node.name_span, "%s", err.text);
				break;
			}
			if (r < 0)
				diag_add(check->diags, DIAG_BAD_VALUE, match->values.spans ? match->values.spans[k] : match->node.span, "%s",
					 err.text);
		}
	}
}

static int on_selection(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	const struct selection_node *selection = (const struct selection_node *)node;

	check_filter(check, node, selection->packets);
	check_matches(check, &selection->where);
	return visit_children(visitor, node);
}

/* Techniques whose frames a packet socket on the same interface does not see. */
static bool bypasses_observer(const struct node *options)
{
	const struct field *field = options ? node_kind_field(options->kind, "qdisc_bypass") : NULL;

	return field && field->type == &type_bool && *(const bool *)field_at(options, field);
}

static int on_expect(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	const struct expect_node *expect = (const struct expect_node *)node;

	check_filter(check, node, expect->packets);
	check_matches(check, &expect->where);
	check_matches(check, &expect->fields);
	return visit_children(visitor, node);
}

static void check_options(struct check *check, const struct node *step, const char *with, const struct node *options)
{
	const struct driver *driver = with ? driver_find(with) : NULL;
	const char *field = NULL;
	struct err err = {0};

	if (!driver || !options || !driver->check || check->expects_error)
		return;
	if (driver->check(options, &field, &err) < 0)
		diag_add(check->diags, DIAG_BAD_OPTION, field ? node_field_span(options, field) : step->span, "%s", err.text);
}

/* Builds the packet once, with stand-ins for what only the lab knows, to find what cannot be built. */
static void check_packet(struct check *check, const struct send_node *send)
{
	const struct packet_node *packet = send->packet;
	struct build_layer parts[DISSECT_LAYERS_MAX];
	ARRAY(struct build_value) values = {0};
	struct build_defaults defaults = {
		.eth_src = {{2, 0, 0, 0, 0, 1}}, .eth_dst = {{2, 0, 0, 0, 0, 2}},
		.src_port = send->from.port > 0 ? (uint16_t)send->from.port : 0, .dst_port = send->to.port > 0 ? (uint16_t)send->to.port : 0,
	};
	struct text bytes = {0};
	struct err err = {0};
	size_t at = 0;

	if (!packet)
		return;
	if (packet->layers.count > COUNT_OF(parts)) {
		diag_add(check->diags, DIAG_BAD_PACKET, packet->node.span, "a packet has at most %zu layers", COUNT_OF(parts));
		return;
	}
	for (size_t i = 0; i < packet->layers.count; i++) {
		const struct layer_node *layer = (const struct layer_node *)packet->layers.items[i];

		for (size_t k = 0; k < layer->values.count; k++) {
			const struct match_node *value = (const struct match_node *)layer->values.items[k];

			if (value->values.count)
				array_push(&values, (struct build_value){value->node.name, ((const char *const *)value->values.values)[0]});
		}
	}
	for (size_t i = 0; i < packet->layers.count; i++) {
		const struct layer_node *layer = (const struct layer_node *)packet->layers.items[i];
		size_t given = 0;

		for (size_t k = 0; k < layer->values.count; k++)
			given += ((const struct match_node *)layer->values.items[k])->values.count != 0;
		parts[i] = (struct build_layer){.layer = layer->layer, .values = values.items + at, .value_count = given};
		at += given;
		if (str_eq(layer->node.name, "ip") || str_eq(layer->node.name, "arp"))
			ip_addr_parse("192.0.2.1", &defaults.src, NULL), defaults.dst = defaults.src;
		else if (str_eq(layer->node.name, "ipv6") && !defaults.src.family)
			ip_addr_parse("2001:db8::1", &defaults.src, NULL), defaults.dst = defaults.src;
	}
	if (packet_build(parts, packet->layers.count, &defaults, &bytes, &err) < 0)
		diag_add(check->diags, DIAG_BAD_PACKET, packet->node.span, "%s", err.text);
	text_free(&bytes);
	array_free(&values);
}

static int on_step(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	bool outer = check->expects_error;

	check->expects_error = ((const struct step_node *)node)->error != NULL;
	int r = visit_children(visitor, node);
	check->expects_error = outer;
	return r;
}

static int on_send(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	const struct send_node *send = (const struct send_node *)node;

	check_options(check, node, send->with, send->options);
	if (!node->runtime && !(send->packet && send->packet->node.runtime))
		check_packet(check, send);
	return visit_children(visitor, node);
}

static int on_receive(struct visitor *visitor, const struct node *node)
{
	const struct receive_node *receive = (const struct receive_node *)node;

	check_options(visitor->data, node, receive->with, receive->options);
	return visit_children(visitor, node);
}

static int on_open(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	const struct open_node *open = (const struct open_node *)node;

	check_options(check, node, open->with, open->options);
	for (size_t i = 0; i < open->setsockopt.count; i++) {
		const struct setting_node *setting = (const struct setting_node *)open->setsockopt.items[i];
		struct err err = {0};

		if (sockopt_check(setting->node.name, setting->value, &err) < 0)
			diag_add(check->diags, DIAG_BAD_OPTION, setting->node.name_span, "%s", err.text);
	}
	return visit_children(visitor, node);
}

/* A sender that bypasses the qdisc is not seen on its own interface: an `out` expectation there can only mislead. */
static void check_bypass(struct check *check, const struct scenario_tree *tree)
{
	for (size_t i = 0; i < tree->steps.count; i++) {
		const struct step_node *step = (const struct step_node *)tree->steps.items[i];

		if (!step->send || !bypasses_observer(step->send->options) || !step->send->in)
			continue;
		for (size_t k = i + 1; k < tree->steps.count; k++) {
			const struct expect_node *expect = ((const struct step_node *)tree->steps.items[k])->expect;

			if (!expect)
				break;
			for (size_t p = 0; expect->dir == DIR_OUT && p < expect->at.count; p++) {
				const struct place *place = (const struct place *)expect->at.values + p;

				if (str_eq(place->node, step->send->in)) {
					diag_add(check->diags, DIAG_BAD_EXPECT, node_field_span(&expect->node, "dir"),
						 "frames sent with qdisc_bypass are not seen on their own interface, so 'out' at %s proves nothing",
						 place->node);
					diag_help(check->diags, "expect them at the other end of the wire, with dir: in");
				}
			}
		}
	}
}

void check_case(const struct scenario_case *scenario, struct diag_list *diags)
{
	static const struct visitor_entry entries[] = {
		{&kind_expect, on_expect}, {&kind_selection, on_selection}, {&kind_send, on_send},
		{&kind_receive, on_receive}, {&kind_open, on_open}, {&kind_step, on_step}, {0},
	};
	struct check check = {.scenario = scenario, .diags = diags};
	struct visitor visitor = {.entries = entries, .data = &check};
	const char *outer = diags->context;

	if (!scenario->tree)
		return;
	diags->context = scenario->value_count && strchr(scenario->id, '[') ? scenario->id : NULL;
	visit(&visitor, &scenario->tree->node);
	check_bypass(&check, scenario->tree);
	diags->context = outer;
}
