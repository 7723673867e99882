/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab graph`: the lab as a drawing. */
#include "lab/scenario/graph.h"

#include <inttypes.h>
#include <string.h>

/*
 * Theory of operation
 *
 * Every end of a wire has a row of its own. A wire is an interval of rows: from
 * its first end to its last. Short wires take the column next to the text, longer
 * ones the first column further right where they meet no other; so neighbours are
 * joined close by, and long wires run around the outside.
 */
enum stroke { DOWN, ACROSS, FIRST, MIDDLE, LAST, BOX_TL, BOX_TR, BOX_BL, BOX_BR, BOX_OUT, STROKE_COUNT };

static const char *const strokes_utf8[STROKE_COUNT] = {
	[DOWN] = "│", [ACROSS] = "─", [FIRST] = "╮", [MIDDLE] = "┤", [LAST] = "╯",
	[BOX_TL] = "╭", [BOX_TR] = "╮", [BOX_BL] = "╰", [BOX_BR] = "╯", [BOX_OUT] = "├",
};
static const char *const strokes_ascii[STROKE_COUNT] = {
	[DOWN] = "|", [ACROSS] = "-", [FIRST] = "+", [MIDDLE] = "+", [LAST] = "+",
	[BOX_TL] = "+", [BOX_TR] = "+", [BOX_BL] = "+", [BOX_BR] = "+", [BOX_OUT] = "+",
};

struct row {
	const struct lab_node *node;
	const char *label;  /* within the box, or NULL */
	bool is_name;
	bool top, bottom;   /* an edge of the box */
	struct text words;  /* interface and addresses */
	size_t link;        /* whose end this row is; SIZE_MAX: none */
};

struct rail {
	size_t first, last; /* rows */
	size_t column;
};

struct drawing {
	const struct scenario_tree *tree;
	const struct graph_look *look;
	const char *const *strokes;
	struct text *out;
	ARRAY(struct row) rows;
	struct rail *rails; /* one a link */
	size_t box, words, columns; /* widths: within a box, of the words, number of rail columns */
};

static const char *colour_of(const struct drawing *drawing, size_t link)
{
	static const char *const colours[] = {"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[31m"};

	return drawing->look->colour && link != SIZE_MAX ? colours[link % COUNT_OF(colours)] : "";
}

static const char *reset_of(const struct drawing *drawing)
{
	return drawing->look->colour ? "\x1b[0m" : "";
}

static void add_addresses(const struct value_list *addresses, struct text *out)
{
	const struct ip_prefix *prefixes = addresses->values;

	for (size_t i = 0; i < addresses->count; i++) {
		text_add(out, i ? ", " : " ");
		ip_prefix_print(&prefixes[i], out);
	}
}

/* Names are padded so that addresses stand below each other; without one the padding goes. */
static void cut_blanks(struct text *words)
{
	while (words->length && words->data[words->length - 1] == ' ')
		words->data[--words->length] = '\0';
}

static size_t name_width(const struct drawing *drawing, const struct lab_node *node)
{
	size_t width = 0;

	for (size_t i = 0; i < node->interfaces.count; i++)
		if (strlen(node->interfaces.items[i]->name) > width)
			width = strlen(node->interfaces.items[i]->name);
	for (size_t i = 0; i < drawing->tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)drawing->tree->links.items[i];

		for (size_t j = 0; j < link->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[j];

			if (str_eq(end->lab_node, node->node.name) && strlen(end->interface) > width)
				width = strlen(end->interface);
		}
	}
	return width;
}

static void add_end_rows(struct drawing *drawing, const struct lab_node *node)
{
	int width = (int)name_width(drawing, node);

	for (size_t i = 0; i < node->interfaces.count; i++) {
		const struct interface_node *interface = (const struct interface_node *)node->interfaces.items[i];
		struct row *row = array_push(&drawing->rows, (struct row){.node = node, .link = SIZE_MAX});

		text_addf(&row->words, "%-*s", width, interface->node.name);
		add_addresses(&interface->addresses, &row->words);
		if (interface->type == INTERFACE_VLAN)
			text_addf(&row->words, " (VLAN %" PRId64 " on %s)", interface->id, interface->link ? interface->link : "?");
		else if (interface->type == INTERFACE_BRIDGE)
			text_add(&row->words, " (bridge)");
		if (interface->state == STATE_DOWN)
			text_add(&row->words, " (down)");
		cut_blanks(&row->words);
	}
	for (size_t i = 0; i < drawing->tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)drawing->tree->links.items[i];

		for (size_t j = 0; j < link->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[j];

			if (!str_eq(end->lab_node, node->node.name))
				continue;
			struct row *row = array_push(&drawing->rows, (struct row){.node = node, .link = i});
			text_addf(&row->words, "%-*s", width, end->interface);
			add_addresses(&end->addresses, &row->words);
			if (end->state == STATE_DOWN)
				text_add(&row->words, " (down)");
			cut_blanks(&row->words);
		}
	}
}

static void add_node_rows(struct drawing *drawing, const struct lab_node *node)
{
	static const char *const roles[] = {[ROLE_ROUTER] = "router", [ROLE_BRIDGE] = "bridge", [ROLE_SILENT] = "silent"};
	const char *labels[] = {node->node.name, node->role == ROLE_HOST ? NULL : roles[node->role]};
	/* A router that is called router says so once. */
	size_t wanted = node->role == ROLE_HOST || str_eq(labels[0], labels[1]) ? 1 : 2;

	array_push(&drawing->rows, (struct row){.node = node, .top = true, .link = SIZE_MAX});
	size_t first = drawing->rows.count;
	add_end_rows(drawing, node);
	while (drawing->rows.count < first + wanted)
		array_push(&drawing->rows, (struct row){.node = node, .link = SIZE_MAX});
	for (size_t i = 0; i < wanted; i++) {
		size_t width = text_width(labels[i], strlen(labels[i]));

		drawing->rows.items[first + i].label = labels[i];
		drawing->rows.items[first + i].is_name = i == 0;
		if (width > drawing->box)
			drawing->box = width;
	}
	array_push(&drawing->rows, (struct row){.node = node, .bottom = true, .link = SIZE_MAX});
}

static bool meets(const struct rail *a, const struct rail *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* Short rails first, each into the first column where it meets none. */
static void place_rails(struct drawing *drawing)
{
	size_t count = drawing->tree->links.count;
	bool *placed = mem_alloc(count + 1);

	for (size_t i = 0; i < count; i++)
		drawing->rails[i].first = SIZE_MAX;
	for (size_t i = 0; i < drawing->rows.count; i++) {
		size_t link = drawing->rows.items[i].link;

		if (link == SIZE_MAX)
			continue;
		if (drawing->rails[link].first == SIZE_MAX)
			drawing->rails[link].first = i;
		drawing->rails[link].last = i;
	}
	for (size_t n = 0; n < count; n++) {
		size_t best = SIZE_MAX;

		for (size_t i = 0; i < count; i++)
			if (!placed[i] && drawing->rails[i].first != SIZE_MAX &&
			    (best == SIZE_MAX || drawing->rails[i].last - drawing->rails[i].first <
							 drawing->rails[best].last - drawing->rails[best].first))
				best = i;
		if (best == SIZE_MAX)
			break;
		struct rail *rail = &drawing->rails[best];
		placed[best] = true;
		for (size_t i = 0; i < count;) {
			bool clash = placed[i] && i != best && drawing->rails[i].column == rail->column && meets(&drawing->rails[i], rail);

			rail->column += clash;
			i = clash ? 0 : i + 1;
		}
		if (rail->column + 1 > drawing->columns)
			drawing->columns = rail->column + 1;
	}
	free(placed);
}

static void repeat(struct text *out, const char *stroke, size_t count)
{
	while (count--)
		text_add(out, stroke);
}

static void draw_box(const struct drawing *drawing, const struct row *row)
{
	const char *const *s = drawing->strokes;
	struct text *out = drawing->out;

	if (row->top || row->bottom) {
		text_add(out, s[row->top ? BOX_TL : BOX_BL]);
		repeat(out, s[ACROSS], drawing->box + 2);
		text_add(out, s[row->top ? BOX_TR : BOX_BR]);
		return;
	}
	const char *label = row->label ? row->label : "";
	text_addf(out, "%s ", s[DOWN]);
	if (row->is_name && drawing->look->colour)
		text_add(out, "\x1b[1m");
	text_add(out, label);
	if (row->is_name)
		text_add(out, reset_of(drawing));
	repeat(out, " ", drawing->box - text_width(label, strlen(label)));
	text_addf(out, " %s", s[row->words.length ? BOX_OUT : DOWN]);
}

/* What stands in a rail's column in this row; SIZE_MAX: nothing. */
static size_t rail_at(const struct drawing *drawing, size_t column, size_t row)
{
	for (size_t i = 0; i < drawing->tree->links.count; i++) {
		const struct rail *rail = &drawing->rails[i];

		if (rail->first != SIZE_MAX && rail->column == column && rail->first <= row && row <= rail->last)
			return i;
	}
	return SIZE_MAX;
}

static void draw_rails(const struct drawing *drawing, size_t row, struct text *out)
{
	size_t mine = drawing->rows.items[row].link;
	size_t reach = mine == SIZE_MAX ? 0 : drawing->rails[mine].column + 1;
	const char *const *s = drawing->strokes;

	for (size_t column = 0; column < drawing->columns; column++) {
		size_t rail = rail_at(drawing, column, row);
		bool across = column < reach;

		text_addf(out, "%s%s%s", across ? colour_of(drawing, mine) : "", across ? s[ACROSS] : " ", across ? reset_of(drawing) : "");
		if (rail == SIZE_MAX) {
			text_addf(out, "%s%s%s", across ? colour_of(drawing, mine) : "", across ? s[ACROSS] : " ",
				  across ? reset_of(drawing) : "");
			continue;
		}
		enum stroke stroke = rail != mine ? DOWN : drawing->rails[rail].first == row ? FIRST :
			    drawing->rails[rail].last == row ? LAST : MIDDLE;
		text_addf(out, "%s%s%s", colour_of(drawing, rail), s[stroke], reset_of(drawing));
	}
}

static void draw_row(const struct drawing *drawing, size_t index)
{
	const struct row *row = &drawing->rows.items[index];
	_cleanup_text_ struct text line = {0};

	draw_box(drawing, row);
	bool has_end = row->link != SIZE_MAX;
	if (row->words.length) {
		text_addf(&line, "%s%s %s%s", colour_of(drawing, row->link), drawing->strokes[ACROSS], text_str(&row->words),
			  has_end ? " " : "");
	}
	size_t taken = row->words.length ? 2 + text_width(text_str(&row->words), row->words.length) + has_end : 0;
	repeat(&line, has_end ? drawing->strokes[ACROSS] : " ", drawing->words + 4 - taken);
	if (row->words.length)
		text_add(&line, has_end ? reset_of(drawing) : "");
	draw_rails(drawing, index, &line);
	cut_blanks(&line);
	text_addf(drawing->out, "%s\n", text_str(&line));
}

/* What a wire has besides its ends, below the drawing. */
static void add_properties(const struct scenario_tree *tree, struct text *out)
{
	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		if (!link->title && !link->mtu && !link->offloads && !link->qdisc)
			continue;
		for (size_t j = 0; j < link->ends.count; j++)
			text_addf(out, "%s%s", j ? " - " : "", link->ends.items[j]->name);
		text_add_char(out, ':');
		if (link->title)
			text_addf(out, " \"%s\"", link->title);
		if (link->mtu)
			text_addf(out, " mtu %" PRId64, link->mtu);
		if (link->qdisc)
			text_addf(out, " qdisc %s", link->qdisc);
		if (link->offloads)
			text_add(out, " offloads on");
		text_add_char(out, '\n');
	}
}

void graph_draw(const struct scenario_tree *tree, const struct graph_look *look, struct text *out)
{
	struct drawing drawing = {
		.tree = tree,
		.look = look,
		.strokes = look->utf8 ? strokes_utf8 : strokes_ascii,
		.out = out,
		.rails = mem_alloc((tree->links.count + 1) * sizeof(struct rail)),
	};

	for (size_t i = 0; i < tree->nodes.count; i++)
		add_node_rows(&drawing, (const struct lab_node *)tree->nodes.items[i]);
	for (size_t i = 0; i < drawing.rows.count; i++) {
		size_t width = text_width(text_str(&drawing.rows.items[i].words), drawing.rows.items[i].words.length);

		if (width > drawing.words)
			drawing.words = width;
	}
	place_rails(&drawing);
	for (size_t i = 0; i < drawing.rows.count; i++)
		draw_row(&drawing, i);
	add_properties(tree, out);
	for (size_t i = 0; i < drawing.rows.count; i++)
		text_free(&drawing.rows.items[i].words);
	array_free(&drawing.rows);
	free(drawing.rails);
}

/* --- DOT --- */

static void add_dot_string(struct text *out, const char *string)
{
	text_add_char(out, '"');
	for (const char *c = string; *c; c++) {
		if (*c == '"' || *c == '\\')
			text_add_char(out, '\\');
		if (*c == '\n')
			text_add(out, "\\n");
		else
			text_add_char(out, *c);
	}
	text_add_char(out, '"');
}

static void add_dot_end(struct text *out, const struct end_node *end)
{
	_cleanup_text_ struct text label = {0};
	const struct ip_prefix *prefixes = end->addresses.values;

	text_add(&label, end->interface);
	for (size_t i = 0; i < end->addresses.count; i++) {
		text_add_char(&label, '\n');
		ip_prefix_print(&prefixes[i], &label);
	}
	add_dot_string(out, text_str(&label));
}

static void add_dot_wire(struct text *out, const struct link_node *link)
{
	const struct end_node *a = (const struct end_node *)link->ends.items[0], *b = (const struct end_node *)link->ends.items[1];

	text_add(out, "\t");
	add_dot_string(out, a->lab_node);
	text_add(out, " -- ");
	add_dot_string(out, b->lab_node);
	text_add(out, " [taillabel=");
	add_dot_end(out, a);
	text_add(out, ", headlabel=");
	add_dot_end(out, b);
	if (link->title) {
		text_add(out, ", label=");
		add_dot_string(out, link->title);
	}
	text_add(out, "];\n");
}

/* Three ends or more meet in a point. */
static void add_dot_segment(struct text *out, const struct link_node *link, size_t index)
{
	text_addf(out, "\t\"segment %zu\" [shape=point, xlabel=", index + 1);
	add_dot_string(out, link->title ? link->title : "");
	text_add(out, "];\n");
	for (size_t i = 0; i < link->ends.count; i++) {
		const struct end_node *end = (const struct end_node *)link->ends.items[i];

		text_add(out, "\t");
		add_dot_string(out, end->lab_node);
		text_addf(out, " -- \"segment %zu\" [taillabel=", index + 1);
		add_dot_end(out, end);
		text_add(out, "];\n");
	}
}

void graph_dot(const struct scenario_tree *tree, struct text *out)
{
	static const char *const shapes[] = {[ROLE_HOST] = "box", [ROLE_ROUTER] = "ellipse", [ROLE_BRIDGE] = "hexagon", [ROLE_SILENT] = "box"};

	text_add(out, "graph ");
	add_dot_string(out, tree->title ? tree->title : "lab");
	text_add(out, " {\n\tgraph [rankdir=LR, nodesep=0.6, ranksep=2.2];\n\tnode [fontname=\"sans-serif\"];\n"
		      "\tedge [fontname=\"monospace\", fontsize=9];\n");
	for (size_t i = 0; i < tree->nodes.count; i++) {
		const struct lab_node *node = (const struct lab_node *)tree->nodes.items[i];

		text_add(out, "\t");
		add_dot_string(out, node->node.name);
		text_addf(out, " [shape=%s%s];\n", shapes[node->role], node->role == ROLE_SILENT ? ", style=dashed" : "");
	}
	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		if (link->ends.count == 2)
			add_dot_wire(out, link);
		else if (link->ends.count > 2)
			add_dot_segment(out, link, i);
	}
	text_add(out, "}\n");
}
