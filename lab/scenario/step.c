/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decoding a step takes beyond its field tables: technique options, named sockets, keys that go together. */
#include "lab/scenario/step.h"

#include <errno.h>
#include <string.h>

#include "lab/scenario/packet.h"
#include "lab/scenario/tree.h"
#include "lab/scenario/condition.h"

/* --- the technique's options --- */

static int take_any(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node)
{
	(void)decode;
	(void)key;
	(void)value;
	(void)node;
	return 1;
}

/* For a technique that is missing or misspelt: its options are not judged, one finding is enough. */
static const struct node_kind kind_any_options = {
	.name = "any_options", .doc = "Options that nobody can judge.", .size = sizeof(struct node), .decode_other = take_any,
};

static const struct scenario_tree *tree_of(const struct node *node)
{
	while (node && node->kind != &kind_scenario)
		node = node->parent;
	return (const struct scenario_tree *)node;
}

static const struct open_node *find_open(const struct node_list *steps, const char *socket)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step_node *step = (const struct step_node *)steps->items[i];
		const struct open_node *found = step->together ? find_open(&step->together->steps, socket) : NULL;

		if (found)
			return found;
		if (step->open && str_eq(step->open->socket, socket))
			return step->open;
	}
	return NULL;
}

/* The `open` that made the socket which a step uses, among the steps decoded so far; or NULL. */
static const struct open_node *open_of(const struct node *node, const char *socket)
{
	const struct scenario_tree *tree = tree_of(node);

	return socket && tree ? find_open(&tree->steps, socket) : NULL;
}

enum ability { CAN_SEND, CAN_RECEIVE, CAN_OPEN };

static const struct node_kind *driver_kind(const struct registry_driver *driver, enum ability ability)
{
	return ability == CAN_SEND ? driver->send : ability == CAN_RECEIVE ? driver->receive : driver->open;
}

static const struct node_kind *options_kind(const struct registry *registry, const char *with, enum ability ability)
{
	const struct registry_driver *driver = with && registry ? registry_driver(registry, with) : NULL;

	if (!driver)
		return &kind_any_options;
	const struct node_kind *kind = driver_kind(driver, ability);
	return kind ? kind : &kind_any_options;
}

const struct node_kind *step_beside_send(const struct registry *registry, const struct node *node)
{
	const struct send_node *send = (const struct send_node *)node;
	const struct open_node *open = open_of(node, send->socket);

	return options_kind(registry, send->with ? send->with : open ? open->with : NULL, CAN_SEND);
}

const struct node_kind *step_beside_receive(const struct registry *registry, const struct node *node)
{
	const struct receive_node *receive = (const struct receive_node *)node;
	const struct open_node *open = open_of(node, receive->socket);

	return options_kind(registry, receive->with ? receive->with : open ? open->with : NULL,
			    CAN_RECEIVE);
}

const struct node_kind *step_beside_open(const struct registry *registry, const struct node *node)
{
	return options_kind(registry, ((const struct open_node *)node)->with, CAN_OPEN);
}

/* Judges the name of a technique, and whether it can do what the verb asks. */
static void check_driver(struct decode *decode, const struct node *node, const char *with, enum ability ability,
			 const char *cannot)
{
	const struct registry *registry = decode->registry;
	const struct registry_driver *driver = registry ? registry_driver(registry, with) : NULL;
	struct span at = node_field_span(node, "with");

	if (!registry)
		return;
	if (driver) {
		if (!driver_kind(driver, ability))
			diag_add(decode->diags, DIAG_UNKNOWN_DRIVER, at, "'%s' cannot %s", with, cannot);
		return;
	}
	diag_add(decode->diags, DIAG_UNKNOWN_DRIVER, at, "there is no technique '%s'", with);
	const char **names = arena_alloc(decode->arena, (registry->driver_count + 1) * sizeof(*names));
	struct text all = {0};
	for (size_t i = 0; i < registry->driver_count; i++) {
		names[i] = registry->drivers[i].name;
		if (driver_kind(&registry->drivers[i], ability))
			text_addf(&all, "%s%s", all.length ? ", " : "", names[i]);
	}
	const char *near = str_nearest(with, names, registry->driver_count);
	if (near)
		diag_help(decode->diags, "did you mean '%s'?", near);
	else
		diag_help(decode->diags, "there are %s", text_str(&all));
	text_free(&all);
}

static struct span key_span(const struct node *node)
{
	return node->name_span.line ? node->name_span : node->span;
}

static void need(struct decode *decode, const struct node *node, const char *key, const char *why, const char *example)
{
	diag_add(decode->diags, DIAG_MISSING_KEY, key_span(node), "'%s' is missing here%s", key, why);
	diag_help(decode->diags, "write %s", example);
}

static void refuse_both(struct decode *decode, const struct node *node, const char *a, const char *b, const char *why)
{
	if (!node_given(node, a) || !node_given(node, b))
		return;
	struct span at = node_field_span(node, a), other = node_field_span(node, b);

	diag_add(decode->diags, DIAG_CONFLICTING_KEYS, other.offset > at.offset ? other : at,
		 "'%s' and '%s' exclude each other: %s", a, b, why);
}

/*
 * `in` and `with` of a step that may use a named socket. With one they are the socket's own; a step that was refused
 * already for an unknown socket gets no further findings here (references.c reports it).
 */
static void complete_socket(struct decode *decode, const struct node *node, const char *socket, const char **in, const char **with)
{
	const struct open_node *open = open_of(node, socket);

	if (!socket && node_given(node, "socket"))
		return;
	if (!socket) {
		if (!*in && !node_given(node, "in"))
			need(decode, node, "in", "", "in: and the node it happens in");
		if (!*with && !node_given(node, "with"))
			need(decode, node, "with", "", "with: and a technique, as in with: udp");
		return;
	}
	if (!open)
		return;
	if (*in && open->in && strcmp(*in, open->in) != 0)
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "in"),
			 "the socket '%s' was opened in '%s', not in '%s'",
			 socket, open->in, *in);
	if (*with && open->with && strcmp(*with, open->with) != 0)
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "with"),
			 "the socket '%s' was opened with '%s', not with '%s'", socket, open->with, *with);
	*in = *in ? *in : open->in;
	*with = *with ? *with : open->with;
}

int step_finish_send(struct decode *decode, struct node *node)
{
	struct send_node *send = (struct send_node *)node;
	static const char *const contents[] = {"payload", "packet", "file"};

	if (send->with)
		check_driver(decode, node, send->with, CAN_SEND, "send");
	complete_socket(decode, node, send->socket, &send->in, &send->with);
	for (size_t i = 0; i < COUNT_OF(contents); i++)
		for (size_t j = i + 1; j < COUNT_OF(contents); j++)
			refuse_both(decode, node, contents[i], contents[j],
				    i == 0 && j == 1 ? "a packet's bytes are its layer 'payload'" : "each says what is sent");
	refuse_both(decode, node, "every", "rate", "each says how fast");
	payload_check_sendable(decode, send->payload);
	return 0;
}

int step_finish_receive(struct decode *decode, struct node *node)
{
	struct receive_node *receive = (struct receive_node *)node;

	if (receive->with)
		check_driver(decode, node, receive->with, CAN_RECEIVE, "receive");
	complete_socket(decode, node, receive->socket, &receive->in, &receive->with);
	payload_check_sendable(decode, receive->reply);
	return 0;
}

int step_finish_open(struct decode *decode, struct node *node)
{
	struct open_node *open = (struct open_node *)node;

	if (open->with)
		check_driver(decode, node, open->with, CAN_OPEN, "keep a socket open for several steps");
	return 0;
}

/* --- run, set, wait --- */

int step_finish_ready(struct decode *decode, struct node *node)
{
	struct ready_node *ready = (struct ready_node *)node;
	static const char *const words[] = {"udp ", "tcp ", "packet "};
	bool fits = !ready->listen;

	if (!node->given)
		need(decode, node, "listen", ", or 'output', or 'succeeds'", "how to tell, as in ready: {listen: udp 53}");
	for (size_t i = 0; !fits && i < COUNT_OF(words); i++) {
		uint64_t port;

		if (str_starts(ready->listen, words[i])) {
			const char *rest = ready->listen + strlen(words[i]);

			fits = i == 2 ? *rest && !strchr(rest, ' ') : str_to_u64(rest, &port) == 0 && port > 0 && port < 65536;
		}
	}
	if (!fits) {
		diag_add(decode->diags, DIAG_BAD_VALUE, node_field_span(node, "listen"), "'%s' names no socket to wait for",
			 ready->listen);
		diag_help(decode->diags, "write udp PORT, tcp PORT or packet INTERFACE, as in udp 53");
	}
	return 0;
}

int step_finish_run(struct decode *decode, struct node *node)
{
	struct run_node *run = (struct run_node *)node;

	if (!node_given(node, "command") && !node_given(node, "shell"))
		need(decode, node, "command", ", or 'shell'",
		     "the program and its arguments, as in command: [ping, -c, \"1\", 192.0.2.1]");
	refuse_both(decode, node, "command", "shell", "each says what is run");
	if (node_given(node, "command") && !run->command.count && !node->runtime && run->command.values)
		diag_add(decode->diags, DIAG_BAD_VALUE, node_field_span(node, "command"), "the command is empty");
	if (run->ready && !run->background) {
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, run->ready->node.span, "'ready' is for a program in the background");
		diag_help(decode->diags, "add background: true, or leave 'ready' out: the next step starts when the program has ended");
	}
	payload_check_sendable(decode, run->stdin_data);
	return 0;
}

int step_finish_set(struct decode *decode, struct node *node)
{
	static const char *const of_link[] = {"state", "mtu", "address", "no_address"};
	uint64_t others = node->given;

	for (size_t i = 0; i < COUNT_OF(of_link); i++)
		if (node_given(node, of_link[i]) && !node_given(node, "link")) {
			diag_add(decode->diags, DIAG_MISSING_KEY, node_field_span(node, of_link[i]),
				 "'%s' needs the 'link' that it is about", of_link[i]);
			diag_help(decode->diags, "write link: and the interface, as in link: eth0");
		}
	for (size_t i = 0; i < node->kind->field_count; i++)
		if (strcmp(node->kind->fields[i].name, "in") == 0 || strcmp(node->kind->fields[i].name, "link") == 0)
			others &= ~(UINT64_C(1) << i);
	if (!others)
		need(decode, node, "state", ", or another thing to set",
		     "what changes, as in set: {in: firewall, link: wan, state: down}");
	return 0;
}

int step_wait_scalar(struct decode *decode, const struct yaml *yaml, struct node *node)
{
	const struct field *span = node_kind_field(node->kind, "span");
	bool runtime;
	const char *text = decode_text(decode, span, yaml, &runtime);
	int64_t value;

	if (!text)
		return -EINVAL;
	/* What starts like a number is a duration, right or wrong; all else is a step's name. */
	bool parses = span->type->parse(span, text, decode->arena, &value, NULL) == 0;
	bool is_span = text[0] >= '0' && text[0] <= '9' && (parses || !strchr(text, ' '));
	return decode_field(decode, node, is_span ? "span" : "step", yaml);
}

int step_finish_wait(struct decode *decode, struct node *node)
{
	struct wait_node *wait = (struct wait_node *)node;

	refuse_both(decode, node, "span", "step", "a wait is for a time or for a step");
	if (!node->given)
		need(decode, node, "span", ", or 'step'", "a duration or a step's name, as in wait: 31s");
	if (!node_given(node, "span"))
		wait->span = -1;
	return 0;
}

/* --- the step --- */

int step_finish_step(struct decode *decode, struct node *node)
{
	struct step_node *step = (struct step_node *)node;
	const struct field *verb = NULL;
	struct span at = node->yaml->kind == YAML_MAP && node->yaml->count ? node->yaml->pairs[0].key->span : node->span;

	for (size_t i = 0; i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];

		if (!(field->flags & FIELD_VERB) || !(node->given >> i & 1))
			continue;
		if (verb) {
			struct node *second = *(struct node **)field_at(node, field);

			diag_add(decode->diags, DIAG_STEP_VERB, second->name_span.line ? second->name_span : at,
				 "a step has one verb, and this one has '%s' and '%s'", verb->name, field->name);
			diag_help(decode->diags, "make two steps of it: start the second with '- '");
			continue;
		}
		verb = field;
		step->verb = *(struct node **)field_at(node, field);
	}
	if (!verb) {
		diag_add(decode->diags, DIAG_STEP_VERB, at, "this step has no verb");
		diag_help(decode->diags, "add one of send, receive, open, close, run, stop, set, wait, together, pierce, expect");
	}
	if (step->when && condition_when(step->when, NULL) < 0) {
		diag_add(decode->diags, DIAG_BAD_VALUE, node_field_span(node, "when"), "'%s' is neither true nor false", step->when);
		diag_help(decode->diags, "write true, false, or a comparison such as $(family) == ipv6");
	}
	if (step->error && step->expect) {
		diag_add(decode->diags, DIAG_CONFLICTING_KEYS, step->error->node.span,
			 "an expectation makes no system calls that could fail");
		diag_help(decode->diags, "put 'error' beside the verb that acts");
	}
	return 0;
}
