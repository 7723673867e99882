/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field tables of steps: the step itself and every verb but expect. */
#include <string.h>

#include "lab/base/clock.h"
#include "lab/scenario/decode.h"
#include "lab/scenario/iproute.h"
#include "lab/scenario/step.h"
#include "lab/scenario/tree.h"

#define AS_FIELD(function, key)                                                                           \
	static int function(struct decode *decode, const struct yaml *yaml, struct node *node)            \
	{                                                                                                 \
		return decode_field(decode, node, key, yaml);                                             \
	}

AS_FIELD(as_errno, "errno")
AS_FIELD(as_socket, "socket")
AS_FIELD(as_run, "run")
AS_FIELD(as_contains, "contains")
AS_FIELD(as_steps, "steps")

/* What several verbs share. */
#define FIELD_IN(struct_type, wanted)                                                                              \
	{                                                                                                          \
		FIELD_AT(struct_type, in, "in"), .shape = FIELD_SCALAR, .type = &type_string, .flags = (wanted),   \
		.doc = "The node it happens in.", .example = "in: inside",                                         \
	}
#define FIELD_WITH(struct_type)                                                                                    \
	{                                                                                                          \
		FIELD_AT(struct_type, with, "with"), .shape = FIELD_SCALAR, .type = &type_string,                  \
		.doc = "The technique, one of `nslab drivers`. Its own options stand beside this key. A named socket brings its own.", \
		.example = "with: udp",                                                                            \
	}
#define FIELD_BACKGROUND(struct_type, text)                                                                        \
	{                                                                                                          \
		FIELD_AT(struct_type, background, "background"), .shape = FIELD_SCALAR, .type = &type_bool,        \
		.standard = "false", .doc = text, .example = "background: true",                                   \
	}
#define FIELD_OPTIONS(struct_type)                                                                                 \
	{                                                                                                          \
		FIELD_AT(struct_type, options, "options of the technique"), .shape = FIELD_BESIDE, .flags = FIELD_HIDDEN, \
		.doc = "The technique's own options, beside the keys of the step.",                                \
	}

/* --- send, receive, open, close --- */

static const struct field send_fields[] = {
	FIELD_IN(struct send_node, 0),
	FIELD_WITH(struct send_node),
	{
		FIELD_AT(struct send_node, socket, "socket"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "A socket that an earlier `open` named. Without it, the step makes its own and closes it.", .example = "socket: caller",
	},
	{
		FIELD_AT(struct send_node, from, "from"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_RUNTIME,
		.doc = "Where it is sent from: bind(2). Without it the kernel chooses.", .example = "from: :80",
	},
	{
		FIELD_AT(struct send_node, to, "to"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_RUNTIME,
		.doc = "Where it is sent to. A node's name stands for its address, of the case's family.", .example = "to: server:80",
	},
	{
		FIELD_AT(struct send_node, payload, "payload"), .shape = FIELD_CHILD, .kind = &kind_payload,
		.doc = "The bytes that are sent.", .example = "payload: knock",
	},
	{
		FIELD_AT(struct send_node, packet, "packet"), .shape = FIELD_CHILD, .kind = &kind_packet,
		.doc = "A packet by its layers, for techniques that send whole frames or IP packets.",
		.example = "packet:\n  eth: {dst: 02:00:00:00:00:02}\n  ip: {dst: 192.0.2.2, ttl: 1}\n  udp: {dstport: 9}\n  payload: hop",
	},
	{
		FIELD_AT(struct send_node, file, "file"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "A pcap or pcapng file whose frames are sent, one after another.", .example = "file: handshake.pcapng",
	},
	{
		FIELD_AT(struct send_node, times, "times"), .shape = FIELD_SCALAR, .type = &type_int, .standard = "1", .min = 1, .max = 100000000,
		.doc = "How often it is sent.", .example = "times: 1000",
	},
	{
		FIELD_AT(struct send_node, every, "every"), .shape = FIELD_SCALAR, .type = &type_duration, .standard = "0", .min = 0,
		.max = 3600 * NS_PER_S, .doc = "The time between two of them. Without it they go as fast as they can.", .example = "every: 10ms",
	},
	{
		FIELD_AT(struct send_node, rate, "rate"), .shape = FIELD_SCALAR, .type = &type_rate,
		.doc = "How many in a time, as another way to write `every`.", .example = "rate: 1000/s",
	},
	FIELD_BACKGROUND(struct send_node, "Whether the next step starts at once. `wait: STEP` waits for it."),
	FIELD_OPTIONS(struct send_node),
};

const struct node_kind kind_send = {
	.name = "send", .doc = "Sends packets, by one technique.", .size = sizeof(struct send_node), .fields = send_fields,
	.field_count = COUNT_OF(send_fields), .beside = step_beside_send, .finish = step_finish_send,
};

static const struct field receive_fields[] = {
	FIELD_IN(struct receive_node, 0),
	FIELD_WITH(struct receive_node),
	{
		FIELD_AT(struct receive_node, socket, "socket"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "A socket that an earlier `open` named. Without it, the step makes its own and closes it.", .example = "socket: caller",
	},
	{
		FIELD_AT(struct receive_node, to, "to"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_RUNTIME,
		.doc = "What the packets are addressed to: the socket is bound here when the step starts.", .example = "to: :80",
	},
	{
		FIELD_AT(struct receive_node, from, "from"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_RUNTIME,
		.doc = "The only peer it receives from. Without it, any.", .example = "from: 192.0.2.2:6881",
	},
	{
		FIELD_AT(struct receive_node, count, "count"), .shape = FIELD_SCALAR, .type = &type_range, .standard = "1",
		.doc = "How many messages must come; of a stream, how many connections.", .example = "count: 2..",
	},
	{
		FIELD_AT(struct receive_node, payload, "payload"), .shape = FIELD_CHILD, .kind = &kind_payload,
		.doc = "What every message, or the stream as a whole, must hold.", .example = "payload: knock",
	},
	{
		FIELD_AT(struct receive_node, reply, "reply"), .shape = FIELD_CHILD, .kind = &kind_payload,
		.doc = "What is sent back to where a message came from.", .example = "reply: who is there",
	},
	{
		FIELD_AT(struct receive_node, within, "within"), .shape = FIELD_SCALAR, .type = &type_duration, .standard = "1s", .min = 0,
		.max = 24 * 3600 * NS_PER_S, .doc = "How long it waits for them.", .example = "within: 5s",
	},
	FIELD_BACKGROUND(struct receive_node,
			 "Whether the next step starts as soon as the socket is bound. `wait: STEP` collects what it received."),
	FIELD_OPTIONS(struct receive_node),
};

const struct node_kind kind_receive = {
	.name = "receive", .doc = "Receives on a socket of its own, never from the tape, and says what must come.",
	.size = sizeof(struct receive_node), .fields = receive_fields, .field_count = COUNT_OF(receive_fields),
	.beside = step_beside_receive, .finish = step_finish_receive,
};

static const struct field open_fields[] = {
	FIELD_IN(struct open_node, FIELD_REQUIRED),
	{
		FIELD_AT(struct open_node, with, "with"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_REQUIRED,
		.doc = "The technique, one of `nslab drivers`. Its own options stand beside this key.", .example = "with: tcp",
	},
	{
		FIELD_AT(struct open_node, socket, "socket"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_REQUIRED,
		.doc = "The name it gets, for `send`, `receive` and `close`.", .example = "socket: caller",
	},
	{
		FIELD_AT(struct open_node, from, "from"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_RUNTIME,
		.doc = "Where it is bound: bind(2).", .example = "from: :6881",
	},
	{
		FIELD_AT(struct open_node, to, "to"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_RUNTIME,
		.doc = "Where it is connected to: connect(2).", .example = "to: server:80",
	},
	{
		FIELD_AT(struct open_node, setsockopt, "options"), .shape = FIELD_NAMED, .kind = &kind_setting,
		.doc = "Socket options by their names in setsockopt(2), set between socket(2) and bind(2).",
		.example = "options: {IP_TTL: 3, SO_REUSEPORT: 1}",
	},
	FIELD_BACKGROUND(struct open_node, "Whether the next step starts while the connection is still being made."),
	FIELD_OPTIONS(struct open_node),
};

const struct node_kind kind_open = {
	.name = "open", .doc = "Opens a socket that several steps use.", .size = sizeof(struct open_node), .fields = open_fields,
	.field_count = COUNT_OF(open_fields), .beside = step_beside_open, .finish = step_finish_open,
};

static const char *const close_ways[] = {"normal", "reset", NULL};
static const char *const close_way_docs[] = {"close(2): a stream ends with FIN.", "A stream ends with RST (SO_LINGER 0, socket(7)).", NULL};

static const struct field close_fields[] = {
	{
		FIELD_AT(struct close_node, socket, "socket"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_REQUIRED,
		.doc = "The socket's name.", .example = "socket: caller",
	},
	{
		FIELD_AT(struct close_node, how, "how"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = close_ways,
		.choice_docs = close_way_docs, .standard = "normal", .doc = "How it ends.", .example = "how: reset",
	},
};

const struct node_kind kind_close = {
	.name = "close", .doc = "Closes a named socket.", .size = sizeof(struct close_node), .fields = close_fields,
	.field_count = COUNT_OF(close_fields), .decode_scalar = as_socket, .scalar_doc = "The socket's name.",
};

/* --- run, stop --- */

static const struct field output_fields[] = {
	{
		FIELD_AT(struct output_node, equals, "equals"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "All of it, to the last newline.", .example = "equals: \"knock\\n\"",
	},
	{
		FIELD_AT(struct output_node, contains, "contains"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "A text that is in it.", .example = "contains: 0% packet loss",
	},
	{
		FIELD_AT(struct output_node, matches, "matches"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "An extended regular expression that matches somewhere in it, regex(7).", .example = "matches: '^[0-9]+ packets'",
	},
};

const struct node_kind kind_output = {
	.name = "output", .doc = "What a program must have printed; all that is given must hold.", .size = sizeof(struct output_node),
	.fields = output_fields, .field_count = COUNT_OF(output_fields), .decode_scalar = as_contains, .scalar_doc = "A text that is in it.",
};

static const struct field ready_fields[] = {
	{
		FIELD_AT(struct ready_node, listen, "listen"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "A socket that is bound in the node: `udp PORT`, `tcp PORT`, or `packet INTERFACE`.", .example = "listen: udp 53",
	},
	{
		FIELD_AT(struct ready_node, output, "output"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "An extended regular expression that a line of its output matches, regex(7).", .example = "output: ^listening",
	},
	{
		FIELD_AT(struct ready_node, succeeds, "succeeds"), .shape = FIELD_LIST, .type = &type_string,
		.doc = "A command that is tried in the node until it exits with 0.", .example = "succeeds: [nc, -z, 127.0.0.1, \"80\"]",
	},
};

const struct node_kind kind_ready = {
	.name = "ready", .doc = "When a program in the background can be used; the next step starts then.", .size = sizeof(struct ready_node),
	.fields = ready_fields, .field_count = COUNT_OF(ready_fields), .finish = step_finish_ready,
};

static const struct field run_fields[] = {
	FIELD_IN(struct run_node, FIELD_REQUIRED),
	{
		FIELD_AT(struct run_node, command, "command"), .shape = FIELD_LIST, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "The program and its arguments, as they are: no shell reads them.", .example = "command: [ping, -c, \"1\", 192.0.2.1]",
	},
	{
		FIELD_AT(struct run_node, shell, "shell"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_VERBATIM,
		.doc = "Text for /bin/sh. Nothing is substituted in it: params and matrix values are environment variables there.",
		.example = "shell: ping -c 1 \"$target\" | tail -n 2",
	},
	{
		FIELD_AT(struct run_node, cwd, "cwd"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The folder it starts in. Without one, the scenario file's.", .example = "cwd: /tmp",
	},
	{
		FIELD_AT(struct run_node, env, "env"), .shape = FIELD_NAMED, .kind = &kind_setting,
		.doc = "Environment variables, besides the scenario's params and matrix values.", .example = "env: {LC_ALL: C}",
	},
	{
		FIELD_AT(struct run_node, stdin_data, "stdin"), .shape = FIELD_CHILD, .kind = &kind_payload,
		.doc = "What it reads on standard input. Without it, /dev/null.", .example = "stdin: knock",
	},
	{
		FIELD_AT(struct run_node, exit, "exit"), .shape = FIELD_SCALAR, .type = &type_int, .standard = "0", .min = 0, .max = 255,
		.doc = "The exit status that is expected.", .example = "exit: 1",
	},
	{
		FIELD_AT(struct run_node, stdout_check, "stdout"), .shape = FIELD_CHILD, .kind = &kind_output,
		.doc = "What it must have printed on standard output.", .example = "stdout: {contains: 1 received}",
	},
	{
		FIELD_AT(struct run_node, stderr_check, "stderr"), .shape = FIELD_CHILD, .kind = &kind_output,
		.doc = "What it must have printed on standard error.", .example = "stderr: {equals: \"\"}",
	},
	{
		FIELD_AT(struct run_node, ready, "ready"), .shape = FIELD_CHILD, .kind = &kind_ready,
		.doc = "With `background`: when it can be used.", .example = "ready: {listen: udp 53}",
	},
	FIELD_BACKGROUND(struct run_node, "Whether the next step starts while it runs. At the end of the scenario it gets TERM, and KILL after a second."),
};

const struct node_kind kind_run = {
	.name = "run", .doc = "Runs a program in a node.", .size = sizeof(struct run_node), .fields = run_fields,
	.field_count = COUNT_OF(run_fields), .finish = step_finish_run,
};

static const struct field stop_fields[] = {
	{
		FIELD_AT(struct stop_node, run, "run"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_REQUIRED,
		.doc = "The name of the step whose program it is.", .example = "run: the server",
	},
	{
		FIELD_AT(struct stop_node, signal, "signal"), .shape = FIELD_SCALAR, .type = &type_signal, .standard = "TERM", .min = 1, .max = 64,
		.doc = "The signal it gets, signal(7).", .example = "signal: INT",
	},
	{
		FIELD_AT(struct stop_node, exit, "exit"), .shape = FIELD_SCALAR, .type = &type_int, .standard = "-1", .min = -1, .max = 255,
		.doc = "The exit status that is expected. Without it any will do, and so will an end by that signal.", .example = "exit: 0",
	},
};

const struct node_kind kind_stop = {
	.name = "stop", .doc = "Ends a program that runs in the background.", .size = sizeof(struct stop_node), .fields = stop_fields,
	.field_count = COUNT_OF(stop_fields), .decode_scalar = as_run, .scalar_doc = "The name of the step whose program it is.",
};

/* --- set, wait, together, pierce --- */

static const char *const states[] = {"up", "down", NULL};
static const char *const conntrack_words[] = {"keep", "flush", NULL};

#define FIELD_WORDS(member, value_type, key, text, sample)                                                         \
	{                                                                                                          \
		FIELD_AT(struct set_node, member, key), .shape = FIELD_LIST, .type = &(value_type),                \
		.flags = FIELD_RUNTIME, .doc = text, .example = sample,                                            \
	}

static const struct field set_fields[] = {
	FIELD_IN(struct set_node, FIELD_REQUIRED),
	{
		FIELD_AT(struct set_node, link, "link"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The interface that `state`, `mtu`, `address` and `no_address` are about.", .example = "link: eth0",
	},
	{
		FIELD_AT(struct set_node, state, "state"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = states,
		.doc = "Sets the interface up or down.", .example = "state: down",
	},
	{
		FIELD_AT(struct set_node, mtu, "mtu"), .shape = FIELD_SCALAR, .type = &type_int, .min = 68, .max = 65535,
		.doc = "Sets the interface's MTU, in bytes.", .example = "mtu: 1280",
	},
	FIELD_WORDS(addresses, type_ip_prefix, "address", "Addresses to add to the interface.", "address: 192.0.2.9/24"),
	FIELD_WORDS(no_addresses, type_ip_prefix, "no_address", "Addresses to take away from the interface.", "no_address: 192.0.2.9/24"),
	FIELD_WORDS(routes, type_route, "routes", "Routes to add, or to put in the place of what is there, ip-route(8).",
		    "routes: [default via 192.0.2.254]"),
	FIELD_WORDS(no_routes, type_route, "no_routes", "Routes to take away.", "no_routes: [default]"),
	FIELD_WORDS(rules, type_rule, "rules", "Policy routing rules to add, ip-rule(8).", "rules: [from 192.0.2.0/24 lookup 100]"),
	FIELD_WORDS(no_rules, type_rule, "no_rules", "Policy routing rules to take away.", "no_rules: [from 192.0.2.0/24 lookup 100]"),
	FIELD_WORDS(neighbours, type_neighbour, "neighbours", "Neighbour entries to add or replace, ip-neighbour(8).",
		    "neighbours: [192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0]"),
	FIELD_WORDS(no_neighbours, type_neighbour, "no_neighbours", "Neighbour entries to take away.", "no_neighbours: [192.0.2.9 dev eth0]"),
	{
		FIELD_AT(struct set_node, sysctl, "sysctl"), .shape = FIELD_NAMED, .kind = &kind_setting,
		.doc = "Kernel settings to write, named as sysctl(8) does.", .example = "sysctl: {net.ipv4.ip_forward: 0}",
	},
	{
		FIELD_AT(struct set_node, nftables, "nftables"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "A ruleset that is loaded over what is there, as nft -f does.", .example = "nftables: flush ruleset",
	},
	{
		FIELD_AT(struct set_node, conntrack, "conntrack"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = conntrack_words,
		.standard = "keep", .doc = "`flush` forgets every connection that conntrack knows.", .example = "conntrack: flush",
	},
};

const struct node_kind kind_set = {
	.name = "set", .doc = "Changes the lab between two steps.", .size = sizeof(struct set_node), .fields = set_fields,
	.field_count = COUNT_OF(set_fields), .finish = step_finish_set,
};

static const struct field wait_fields[] = {
	{
		FIELD_AT(struct wait_node, span, "span"), .shape = FIELD_SCALAR, .type = &type_duration, .min = 0, .max = 24 * 3600 * NS_PER_S,
		.doc = "Lets this much of the lab's time pass. From 2 s on the scenario gets the tag `long`.", .example = "span: 31s",
	},
	{
		FIELD_AT(struct wait_node, step, "step"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "Waits until this step, which runs in the background, is done.", .example = "step: the server answers",
	},
};

const struct node_kind kind_wait = {
	.name = "wait", .doc = "Lets time pass, or waits for a step in the background.", .size = sizeof(struct wait_node),
	.fields = wait_fields, .field_count = COUNT_OF(wait_fields), .decode_scalar = step_wait_scalar,
	.scalar_doc = "A duration, or the name of a step in the background.", .finish = step_finish_wait,
};

static const struct field together_fields[] = {
	{
		FIELD_AT(struct together_node, steps, "steps"), .shape = FIELD_CHILDREN, .kind = &kind_step, .flags = FIELD_REQUIRED,
		.doc = "The steps; all of them act, none expects.", .example = "steps:\n  - wait: 1ms\n  - close: caller",
	},
};

const struct node_kind kind_together = {
	.name = "together", .doc = "Starts several steps at once, and ends when all have.", .size = sizeof(struct together_node),
	.fields = together_fields, .field_count = COUNT_OF(together_fields), .decode_list = as_steps,
};

static const char *const pierce_protocols[] = {"udp", "tcp", NULL};

static const struct field pierce_fields[] = {
	FIELD_IN(struct pierce_node, FIELD_REQUIRED),
	{
		FIELD_AT(struct pierce_node, protocol, "protocol"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = pierce_protocols,
		.standard = "udp", .doc = "What the way is opened for: one datagram, or one SYN.", .example = "protocol: tcp",
	},
	{
		FIELD_AT(struct pierce_node, from, "from"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_REQUIRED | FIELD_RUNTIME,
		.doc = "The port that others shall reach.", .example = "from: :6881",
	},
	{
		FIELD_AT(struct pierce_node, to, "to"), .shape = FIELD_SCALAR, .type = &type_endpoint, .flags = FIELD_REQUIRED | FIELD_RUNTIME,
		.doc = "Whom the way is opened for.", .example = "to: 198.51.100.2:80",
	},
};

const struct node_kind kind_pierce = {
	.name = "pierce", .doc = "Opens a way in through a firewall or NAT by speaking first (RFC 4787, RFC 5382).",
	.size = sizeof(struct pierce_node), .fields = pierce_fields, .field_count = COUNT_OF(pierce_fields),
};

/* --- the step --- */

static const struct field error_fields[] = {
	{
		FIELD_AT(struct error_node, call, "call"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The system call that fails. Without it, any of the step's own.", .example = "call: sendto",
	},
	{
		FIELD_AT(struct error_node, errno_value, "errno"), .shape = FIELD_SCALAR, .type = &type_errno, .flags = FIELD_REQUIRED,
		.min = 1, .max = 4095, .doc = "How it fails, errno(3).", .example = "errno: EMSGSIZE",
	},
};

const struct node_kind kind_error = {
	.name = "error", .doc = "The error that the step must end with; success is then a failure.", .size = sizeof(struct error_node),
	.fields = error_fields, .field_count = COUNT_OF(error_fields), .decode_scalar = as_errno, .scalar_doc = "How it fails, errno(3).",
};

#define VERB(member, node_kind_name, text, sample)                                                                 \
	{                                                                                                          \
		FIELD_AT(struct step_node, member, #member), .shape = FIELD_CHILD, .kind = &(node_kind_name),      \
		.flags = FIELD_VERB, .doc = text, .example = sample,                                               \
	}

static const struct field step_fields[] = {
	{
		FIELD_AT(struct step_node, title, "step"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "What happens, in a few words. A name that no other step has.", .example = "step: the inside speaks first",
	},
	{
		FIELD_AT(struct step_node, timeout, "timeout"), .shape = FIELD_SCALAR, .type = &type_duration, .min = NS_PER_MS,
		.max = 24 * 3600 * NS_PER_S,
		.doc = "How long the step may take, in the background too. Without it, as long as the whole scenario may.", .example = "timeout: 30s",
	},
	{
		FIELD_AT(struct step_node, when, "when"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "Leaves the step out unless it holds: a comparison by == or !=, or one of true, false, yes, no, on, off, 1, 0.",
		.example = "when: $(family) == ipv6",
	},
	VERB(send, kind_send, "Sends packets, by one technique.", "send: {in: inside, with: udp, to: \"192.0.2.1:9\", payload: hello}"),
	VERB(receive, kind_receive, "Receives on a socket of its own, and says what must come.",
	     "receive: {in: inside, with: udp, to: \":9\", payload: hello, background: true}"),
	VERB(open, kind_open, "Opens a socket that several steps use.", "open: {in: inside, with: tcp, socket: caller, to: \"192.0.2.1:80\"}"),
	VERB(close, kind_close, "Closes a named socket.", "close: {socket: caller, how: reset}"),
	VERB(run, kind_run, "Runs a program in a node.", "run: {in: inside, command: [ping, -c, \"1\", 192.0.2.1]}"),
	VERB(stop, kind_stop, "Ends a program that runs in the background.", "stop: {run: the server, signal: INT, exit: 0}"),
	VERB(set, kind_set, "Changes the lab between two steps.", "set: {in: firewall, link: wan, state: down}"),
	VERB(wait, kind_wait, "Lets time pass, or waits for a step in the background.", "wait: 31s"),
	VERB(together, kind_together, "Starts several steps at once.", "together:\n  - wait: 1ms\n  - close: caller"),
	VERB(pierce, kind_pierce, "Opens a way in through a firewall or NAT by speaking first.",
	     "pierce: {in: inside, protocol: udp, from: \":6881\", to: \"198.51.100.2:80\"}"),
	VERB(expect, kind_expect, "Says which packets, or which state, must be seen.", "expect: {at: outside:eth0, packets: udp, count: 1}"),
	{
		FIELD_AT(struct step_node, error, "error"), .shape = FIELD_CHILD, .kind = &kind_error,
		.doc = "The error that the step must end with. Only its own calls count, and success is then a failure.", .example = "error: EMSGSIZE",
	},
};

const struct node_kind kind_step = {
	.name = "step", .doc = "One thing that happens, or one that must be seen.", .size = sizeof(struct step_node), .fields = step_fields,
	.field_count = COUNT_OF(step_fields), .finish = step_finish_step,
};
