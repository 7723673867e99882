/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The typed tree of a scenario: one struct per kind of node. */
#pragma once

#include "lab/base/field.h"
#include "lab/packet/addr.h"

/*
 * Every struct begins with a `struct node` and is described by a table
 * (`kind_…`) in tree_lab.c, tree_step.c or tree_expect.c. Children are reached
 * through FIELD_CHILD, FIELD_CHILDREN, FIELD_NAMED and FIELD_BESIDE fields, so
 * that a visitor needs no knowledge of a kind to walk it. Strings and arrays
 * live in the tree's arena. A pointer that may be NULL says so.
 */

/* --- the lab --- */

/* Where something happens: `node:interface`, or a whole node. */
struct place {
	const char *node;
	const char *interface; /* NULL: the node's wire ends together */
};

/* One end of a conversation: "192.0.2.1:80", "[2001:db8::1]:80", ":80", "server:80", "server", "server:eth0". */
struct endpoint {
	struct ip_addr addr; /* family 0: none written */
	const char *node;    /* a node's name instead of an address, or NULL */
	const char *interface; /* of that node, or NULL */
	int32_t port;        /* -1: none written */
};

enum lab_role { ROLE_HOST, ROLE_ROUTER, ROLE_BRIDGE, ROLE_SILENT };

struct scenario_tree {
	struct node node;
	const char *title;         /* `scenario` */
	const char *about;         /* or NULL */
	int64_t version;           /* `nslab`, 1 */
	struct value_list tags;    /* const char * */
	struct requires_node *requires; /* or NULL */
	const char *xfail;         /* reason, or NULL */
	int64_t timeout;           /* ns, for the whole scenario */
	struct value_list use;     /* const char *: paths, as written */
	struct node_list params;   /* struct param_node */
	struct matrix_node *matrix; /* as written; expanded before the tree is decoded; or NULL */
	struct node_list nodes;    /* struct lab_node, in file order */
	struct node_list links;    /* struct link_node */
	struct node_list steps;    /* struct step_node */
	int family;                /* of the case: AF_INET or AF_INET6 where a param or axis `family` says so, else 0; no key */
};

/* The axes or rows are raw: matrix.c reads them from node.yaml before there is a tree. */
struct matrix_node {
	struct node node;
	struct node_list include, exclude; /* struct row_node */
};

struct row_node {
	struct node node;
};

struct requires_node {
	struct node node;
	struct value_list programs; /* const char * */
	struct value_list features; /* const char * */
	const char *kernel;         /* ">= 6.5", or NULL */
};

struct param_node { /* node.name: the param */
	struct node node;
	const char *value;
};

struct lab_node { /* node.name: the node's name */
	struct node node;
	int role;                    /* enum lab_role, key `kind` */
	struct value_list routes;    /* struct route_spec, lab/scenario/iproute.h */
	struct value_list rules;     /* struct rule_spec */
	struct value_list neighbours; /* struct neighbour_spec */
	struct node_list sysctl;     /* struct setting_node: "net.ipv4.ip_forward" → "1" */
	const char *nftables;        /* or NULL */
	struct node_list files;      /* struct file_node: absolute path → content */
	struct node_list interfaces; /* struct interface_node */
};

struct setting_node { /* node.name: the key */
	struct node node;
	const char *value;
};

struct file_node { /* node.name: absolute path */
	struct node node;
	const char *content;
	int64_t mode; /* permission bits, 0644 */
};

enum interface_type { INTERFACE_LOOPBACK, INTERFACE_VLAN, INTERFACE_BRIDGE, INTERFACE_VXLAN, INTERFACE_MACVLAN, INTERFACE_TUN };
enum link_state { STATE_UP, STATE_DOWN };

struct interface_node { /* node.name: the interface */
	struct node node;
	int type;                  /* enum interface_type, key `kind`; `lo` needs none */
	struct value_list addresses; /* struct ip_prefix, key `address` */
	struct mac_addr mac;       /* where given */
	int64_t mtu;               /* 0: the kernel's */
	int state;                 /* enum link_state */
	const char *link;          /* vlan: the interface below */
	int64_t id;                /* vlan */
	int protocol;              /* vlan: 0 802.1Q, 1 802.1ad */
	struct value_list ports;   /* bridge: const char * */
	bool vlan_filtering;       /* bridge */
};

struct link_node {
	struct node node;
	const char *title;         /* key `name`, or NULL */
	int64_t mtu;               /* 0: the kernel's 1500 */
	bool offloads;             /* false: segmentation and checksum offloads off */
	const char *qdisc;         /* tc's words, or NULL */
	struct node_list ends;     /* struct end_node: two for a wire, more for a segment */
};

struct end_node { /* node.name: "inside:eth0" */
	struct node node;
	const char *lab_node;
	const char *interface;
	struct value_list addresses; /* struct ip_prefix, key `address` */
	struct mac_addr mac;       /* where given, else derived */
	int64_t mtu;               /* 0: the link's */
	int state;                 /* enum link_state */
};

/* --- steps --- */

struct step_node {
	struct node node;
	const char *title;          /* `step`, or NULL; unique within the scenario */
	int64_t timeout;            /* ns; 0: as long as the scenario's */
	const char *when;           /* "", "true", "a == b"…, or NULL: always */
	struct error_node *error;   /* or NULL: the calls must succeed */
	struct node *verb;          /* set by the decoder: the one verb below that was given */
	struct send_node *send;     /* each or NULL */
	struct receive_node *receive;
	struct open_node *open;
	struct close_node *close;
	struct run_node *run;
	struct stop_node *stop;
	struct set_node *set;
	struct wait_node *wait;
	struct together_node *together;
	struct pierce_node *pierce;
	struct expect_node *expect;
};

struct error_node {
	struct node node;
	const char *call;          /* "sendto", or NULL: any of the step's calls */
	int64_t errno_value;       /* positive */
};

/* Bytes. Exactly one of the fields is given. */
struct payload_node {
	struct node node;
	const char *literal;       /* or NULL; YAML scalar or `text` */
	size_t literal_length;
	const char *hex;           /* as written, or NULL */
	const char *file;          /* path, relative to the scenario's file; or NULL */
	int64_t counter;           /* bytes counting up from 0, modulo 256; -1: not given */
	int64_t random;            /* this many bytes from the seed; -1 */
	const char *sha256;        /* matching only */
	const char *contains;      /* matching only */
	const char *same_as;       /* name of a packet (`as:`) or of a payload-bearing step; matching only */
};

/* A packet by layers, outermost first. */
struct packet_node {
	struct node node;
	struct node_list layers;   /* struct layer_node */
};

struct layer;
struct layer_node { /* node.name: "ip" */
	struct node node;
	const struct layer *layer; /* lab/packet/layer.h */
	struct node_list values;   /* struct match_node with one value each: field (without layer prefix) → text */
	struct payload_node *payload; /* for the layer `payload`, else NULL */
};

struct send_node {
	struct node node;
	const char *in;            /* node */
	const char *with;          /* driver */
	struct endpoint from, to;
	struct payload_node *payload; /* or NULL: empty */
	struct packet_node *packet;   /* or NULL */
	const char *file;          /* pcap or pcapng whose frames are sent, or NULL */
	int64_t times;             /* 1 */
	int64_t every;             /* ns between sends; 0: at once */
	double rate;               /* per second; 0: none */
	bool background;
	const char *socket;        /* a name from `open`, or NULL */
	struct node *options;      /* the driver's, kind = registry_driver.send; never NULL after decoding */
};

struct receive_node {
	struct node node;
	const char *in;
	const char *with;
	struct endpoint to;        /* bound here: what packets are addressed to */
	struct endpoint from;      /* only from this peer; all unset: any */
	struct range count;        /* messages; streams: connections */
	struct payload_node *payload; /* asserted of each message, or of the stream; or NULL */
	struct payload_node *reply;   /* sent back to where a message came from; or NULL */
	int64_t within;            /* ns */
	bool background;
	const char *socket;
	struct node *options;
};

struct open_node {
	struct node node;
	const char *in;
	const char *with;
	const char *socket;        /* the name it gets */
	struct endpoint from, to;  /* bind, connect */
	struct node_list setsockopt; /* struct setting_node: "IP_TTL" → "3", key `options` */
	bool background;
	struct node *options;      /* the driver's own */
};

struct close_node {
	struct node node;
	const char *socket;
	int how;                   /* 0 normal, 1 reset */
};

/* What a program printed. All that are given must hold. */
struct output_node {
	struct node node;
	const char *equals, *contains, *matches; /* each or NULL; matches: POSIX ERE, regex(7) */
};

struct ready_node {
	struct node node;
	const char *listen;        /* "udp 53", "tcp 80", "packet eth0"; or NULL */
	const char *output;        /* POSIX ERE on stdout or stderr; or NULL */
	struct value_list succeeds; /* a command that exits 0; tried until then */
};

struct run_node {
	struct node node;
	const char *in;
	struct value_list command; /* const char *; empty where shell is given */
	const char *shell;         /* or NULL */
	const char *cwd;           /* or NULL */
	struct node_list env;      /* struct setting_node */
	struct payload_node *stdin_data; /* key `stdin`; or NULL: /dev/null */
	int64_t exit;              /* expected exit status, 0 */
	struct output_node *stdout_check, *stderr_check; /* keys `stdout`, `stderr`; or NULL */
	struct ready_node *ready;  /* or NULL */
	bool background;
};

struct stop_node {
	struct node node;
	const char *run;           /* the step's name */
	int64_t signal;            /* number; written TERM, INT, HUP… */
	int64_t exit;              /* expected exit status; -1: any, or by that signal */
};

struct set_node {
	struct node node;
	const char *in;
	const char *link;          /* interface, or NULL */
	int state;                 /* enum link_state, where given */
	int64_t mtu;               /* where given */
	struct value_list addresses, no_addresses;   /* struct ip_prefix; keys `address`, `no_address`; on `link` */
	struct value_list routes, no_routes;         /* struct route_spec; routes replace */
	struct value_list rules, no_rules;           /* struct rule_spec */
	struct value_list neighbours, no_neighbours; /* struct neighbour_spec */
	struct node_list sysctl;   /* struct setting_node */
	const char *nftables;      /* loaded as nft -f does; or NULL */
	int conntrack;             /* 0 nothing, 1 flush */
};

struct wait_node {
	struct node node;
	int64_t span;              /* ns; -1: waits for a step */
	const char *step;          /* a background step's name, or NULL */
};

struct together_node {
	struct node node;
	struct node_list steps;    /* struct step_node, no expect among them */
};

enum pierce_protocol { PIERCE_UDP, PIERCE_TCP };
struct pierce_node {
	struct node node;
	const char *in;
	int protocol;              /* enum pierce_protocol */
	struct endpoint from, to;
};

/* --- expectations --- */

enum direction { DIR_BOTH, DIR_IN, DIR_OUT };

/* A field and what it must be: "ip.ttl#2" → 63, 10..20, [1, 2], {not: 3}. */
struct match_node { /* node.name: Wireshark's field name */
	struct node node;
	struct value_list values;  /* const char *, as written: any of them; a..b is a range */
	bool negate;               /* {not: …} */
};

/* Which packets: the part that selects. */
struct selection_node {
	struct node node;
	struct value_list at;      /* struct place */
	int dir;                   /* enum direction */
	const char *packets;       /* pcap-filter(7), or NULL: all */
	struct node_list where;    /* struct match_node */
	const char *named;         /* an entry written as a scalar: the packet that `as` named; or NULL */
};

struct expect_node {
	struct node node;
	struct value_list at;      /* as in selection_node */
	int dir;
	const char *packets;
	struct node_list where;
	struct range count;
	struct node_list fields;   /* struct match_node: must hold for each selected packet */
	struct payload_node *payload;
	int64_t within;            /* ns */
	int64_t hold;              /* ns, key `for` */
	const char *since;         /* step name or "start", or NULL: the latest acting step */
	const char *as;            /* name for the first match, or NULL */
	const char *after;         /* name of a packet, or NULL */
	struct range gap;          /* ns between `after` and the first match */
	struct node_list order;    /* struct selection_node */
	bool strict;
	const char *in;            /* state expectations: the node */
	struct node_list conntrack, route, neighbour, address, socket; /* struct match_node: words that an entry must have */
};

extern const struct node_kind kind_scenario, kind_requires, kind_param, kind_matrix, kind_row, kind_lab_node, kind_setting, kind_file,
	kind_interface, kind_link, kind_end, kind_step, kind_error, kind_payload, kind_packet, kind_layer, kind_send,
	kind_receive, kind_open, kind_close, kind_output, kind_ready, kind_run, kind_stop, kind_set, kind_wait,
	kind_together, kind_pierce, kind_match, kind_selection, kind_expect;

/* Options of a step whose driver has none, or is not known. */
extern const struct node_kind kind_no_options;

/* Every kind, in the order of this header; ends with NULL. */
extern const struct node_kind *const tree_kinds[];

extern const struct value_type type_place;    /* struct place */
extern const struct value_type type_endpoint; /* struct endpoint */
extern const struct value_type type_errno;    /* int64_t: EMSGSIZE, or a number */
extern const struct value_type type_signal;   /* int64_t: TERM, SIGTERM, or a number */
extern const struct value_type type_mode;     /* int64_t: permission bits in octal */
