/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field tables: the one description of every key, from which all else is made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/diag.h"
#include "lab/base/err.h"
#include "lab/base/mem.h"
#include "lab/base/text.h"

/*
 * Theory of operation
 *
 * A scenario is a tree of C structs. Each begins with a `struct node`, whose
 * `kind` names the table of its fields: where in the struct a field lies, how
 * its text becomes a value, what it means, its default, an example. One table
 * feeds the YAML decoder, `nslab schema`, `nslab explain`, `nslab tree`, the
 * generic visit, drivers' options and the reference page. Nothing is described
 * twice.
 *
 * A field is a scalar, a list of scalars, or leads to child nodes. Scalars have
 * a `struct value_type`: a parser and a printer. Floors above add value types
 * of their own (addresses in lab/packet, endpoints in lab/scenario).
 */
struct field;
struct node;
struct node_kind;
struct registry;

/* How the text of a scalar becomes a C value, and back. */
struct value_type {
	const char *name;    /* as `nslab explain` shows it: "duration", "IPv4 or IPv6 address" */
	const char *doc;     /* one sentence: what may be written, with an example */
	size_t size;         /* of the C value */
	const char *json;    /* JSON Schema fragment without braces, e.g. "\"type\": \"integer\""; NULL: a string */
	/*
	 * Parses NUL-terminated `text` into `ret_value` (of `size` bytes, unwritten on failure); what it keeps lives in
	 * `arena`. `field` gives min, max, choices. 0, -EINVAL, or -ERANGE; the message says what would be right.
	 */
	int (*parse)(const struct field *field, const char *text, struct arena *arena, void *ret_value, struct err *err);
	/* Prints a value so that parse() reads it back as the same. */
	void (*print)(const struct field *field, const void *value, struct text *out);
};

enum field_shape {
	FIELD_SCALAR, /* a value of `type` at `offset` */
	FIELD_LIST,   /* struct value_list at `offset`; YAML: a list, or one scalar for a list of one */
	FIELD_CHILD,  /* struct node * of `kind` at `offset` */
	FIELD_CHILDREN, /* struct node_list of `kind`; YAML: a list (or one map for a list of one where `lone` is set) */
	FIELD_NAMED,  /* struct node_list of `kind`, each with its key as node.name; YAML: a map */
	FIELD_BESIDE, /* struct node * whose keys stand beside this node's own; its kind is chosen by kind->beside() */
};

#define FIELD_REQUIRED (1u << 0)
#define FIELD_LONE (1u << 1)    /* FIELD_CHILDREN: one map or scalar may stand for a list of one */
#define FIELD_RUNTIME (1u << 2) /* may hold a $(packet.field) that only the run knows */
#define FIELD_VERB (1u << 3)    /* exactly one field with this flag must be given */
#define FIELD_FLAG (1u << 4)    /* offered as --name on a command line */
#define FIELD_VERBATIM (1u << 5) /* $( is left alone: shell text */
#define FIELD_HIDDEN (1u << 6)   /* no key of its own: filled from a scalar, a list or other keys; visited all the same */

struct field {
	const char *name;
	enum field_shape shape;
	const struct value_type *type; /* FIELD_SCALAR, FIELD_LIST */
	const struct node_kind *kind;  /* FIELD_CHILD, FIELD_CHILDREN, FIELD_NAMED */
	size_t offset;
	unsigned flags;
	const char *standard; /* the default, as text that parses; NULL: zero bytes / absent */
	int64_t min, max;     /* numbers, durations, sizes; both 0: the type's own range */
	const char *const *choices; /* type_enum: NULL-terminated; the value is the index */
	const char *const *choice_docs; /* parallel to choices, or NULL */
	const char *doc;      /* what it means; sentences, with a source where there is one */
	const char *example;  /* YAML: "ttl: 63" */
};

struct value_list {
	void *values; /* count × type->size */
	struct span *spans;
	size_t count;
};

struct node_list {
	struct node **items;
	size_t count;
};

/* What every tree node begins with. */
struct node {
	const struct node_kind *kind;
	const char *name;    /* its key in a FIELD_NAMED map, or the verb it was written under; NULL otherwise */
	struct span span;    /* the value */
	struct span name_span; /* the key, where `name` is set */
	uint64_t given;      /* bit i: field i of kind->fields was written */
	const struct node *parent;
	const struct yaml *yaml; /* what it was decoded from: lab/scenario/yaml.h */
	bool runtime;        /* holds a $(…) that only the run knows; decode again with it before use */
	const struct span *field_spans; /* parallel to kind->fields: where each given value stands */
};

struct decode; /* lab/scenario/decode.h: what a decode callback works with */

struct node_kind {
	const char *name;  /* "step", "link", "send": what a visitor's callback is chosen by */
	const char *doc;   /* one sentence */
	size_t size;       /* of the C struct */
	const struct field *fields;
	size_t field_count;
	/* A scalar written where the map is wanted: `wait: 31s`, `address: 192.0.2.1/24`. NULL: refused. */
	int (*decode_scalar)(struct decode *decode, const struct yaml *yaml, struct node *node);
	/* A list written where the map is wanted. NULL: refused. */
	int (*decode_list)(struct decode *decode, const struct yaml *yaml, struct node *node);
	/* A key that no field has. 1 taken, 0 not mine, negative refused (already reported). */
	int (*decode_other)(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node);
	/* Chooses the kind of the FIELD_BESIDE child from what is decoded so far; NULL: none. */
	const struct node_kind *(*beside)(const struct registry *registry, const struct node *node);
	/* After all fields: what spans several of them. */
	int (*finish)(struct decode *decode, struct node *node);
	const char *scalar_doc; /* what decode_scalar reads, for explain and schema; NULL where there is none */
	const char *other_doc;  /* what decode_other takes */
};

/* The field called `name`, or NULL. */
const struct field *node_kind_field(const struct node_kind *kind, const char *name);
/* Whether the field at `index` (or called `name`) was written. */
bool node_given(const struct node *node, const char *name);
/* Where the field's value stands; the node's own span where it was not given. */
struct span node_field_span(const struct node *node, const char *name);
/* Fills a zeroed struct with every field's `standard`. -EINVAL: a standard that does not parse (a bug; a test tries all). */
int node_set_standards(struct node *node, struct arena *arena, struct err *err);
/* Address of a field's value within its node. */
static inline void *field_at(const struct node *node, const struct field *field)
{
	return (char *)(uintptr_t)node + field->offset;
}

/*
 * The registry: field tables and names that come from floors above the reader
 * (drivers), handed down to it. Lists are visible arrays; nothing registers
 * itself.
 */
struct registry_driver {
	const char *name;
	const char *summary;
	const struct node_kind *send;    /* options beside `send:`; NULL: cannot send */
	const struct node_kind *receive; /* options beside `receive:`; NULL: cannot receive */
	const struct node_kind *open;    /* options beside `open:`; NULL: no named sockets */
};

struct registry {
	const struct registry_driver *drivers;
	size_t driver_count;
};
const struct registry_driver *registry_driver(const struct registry *registry, const char *name);

/* Value types of floor 0; the C type is named beside each. */
extern const struct value_type type_bool;     /* bool: true, false, yes, no, on, off */
extern const struct value_type type_int;      /* int64_t: 17, 0x11 */
extern const struct value_type type_string;   /* const char * */
extern const struct value_type type_enum;     /* int: index into field->choices */
extern const struct value_type type_duration; /* int64_t nanoseconds: 50ms, 31s, 1.5s, 10us, 2min */
extern const struct value_type type_size;     /* int64_t bytes: 512, 64KiB, 1MiB, 4kB */
extern const struct value_type type_rate;     /* double per second: 1000/s, 10k/s, 60/min */
extern const struct value_type type_range;    /* struct range: 3, 2..5, 2.., ..5 */
extern const struct value_type type_span_range; /* struct range of nanoseconds: 10ms, 5ms..10ms, ..10ms */

struct range {
	int64_t min, max; /* inclusive; max INT64_MAX: open */
};

/* A field initialiser's common part: FIELD_AT(struct send_node, to, "to"). */
#define FIELD_AT(struct_type, member, key) .name = (key), .offset = offsetof(struct_type, member)
