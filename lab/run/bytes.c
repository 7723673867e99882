/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that a scenario speaks of: payloads, made and compared; frames built from layers. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/base/sha256.h"
#include "lab/packet/payload.h"
#include "lab/run/execution.h"

#define FILE_MAX (64u << 20)

char *bytes_path(const struct execution *x, const char *path)
{
	struct text joined = {0};

	if (path[0] != '/')
		text_addf(&joined, "%s/", x->scenario->directory);
	text_add(&joined, path);
	return text_steal(&joined);
}

static int read_file(struct execution *x, const char *path, struct text *ret, struct err *err)
{
	_cleanup_free_ char *where = bytes_path(x, path);
	struct stat about;
	_cleanup_close_ int fd = open(where, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &about) < 0)
		return err_errno(err, -errno, "cannot read payload file '%s'", path);
	if (!S_ISREG(about.st_mode) || about.st_size > (off_t)FILE_MAX)
		return err_set(err, -EFBIG, "payload file '%s' is no regular file, or larger than 64 MiB", path);
	for (;;) {
		char chunk[16384];
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, -errno, "cannot read payload file '%s'", path);
		if (n == 0)
			return 0;
		if (ret->length + (size_t)n > FILE_MAX)
			return err_set(err, -EFBIG, "payload file '%s' grew beyond 64 MiB", path);
		text_add_bytes(ret, chunk, (size_t)n);
	}
}

/* What a step of this name carried: `same_as` compares with it. */
static const struct payload_node *payload_of_step(const struct execution *x, const char *name)
{
	const struct step_run *run = step_named(x, name);

	if (!run)
		return NULL;
	return run->step->send ? run->step->send->payload : run->step->receive ? run->step->receive->payload : NULL;
}

static int bytes_same_as(struct execution *x, const char *name, struct text *ret, struct err *err)
{
	struct tape_packet *packet = named_packet(x->names, name);
	const struct payload_node *payload;

	if (packet) {
		const struct dissection *dissection = tape_dissect(x->tape, packet);

		text_add_bytes(ret, packet->data + dissection->payload_offset, dissection->payload_length);
		return 0;
	}
	payload = payload_of_step(x, name);
	if (!payload || payload->same_as)
		return err_set(err, -ENOENT, "same_as: nothing that came before is called '%s'", name);
	return bytes_of(x, payload, ret, err);
}

int bytes_of(struct execution *x, const struct payload_node *payload, struct text *ret, struct err *err)
{
	if (!payload)
		return 0;
	if (payload->literal)
		text_add_bytes(ret, payload->literal, payload->literal_length);
	else if (payload->hex)
		return payload_add_hex(payload->hex, ret, err);
	else if (payload->file)
		return read_file(x, payload->file, ret, err);
	else if (payload->counter >= 0)
		payload_add_counter((size_t)payload->counter, ret);
	else if (payload->random >= 0)
		payload_add_random(x->seed, "payload", (size_t)payload->random, ret);
	else if (payload->same_as)
		return bytes_same_as(x, payload->same_as, ret, err);
	else
		return err_set(err, -EINVAL, "sha256 and contains can be matched, not made");
	return 0;
}

static void add_excerpt(struct text *out, const void *data, size_t length)
{
	text_add_char(out, '\'');
	text_add_visible(out, data, length > 60 ? 60 : length);
	text_addf(out, "'%s (%zu byte%s)", length > 60 ? "…" : "", length, length == 1 ? "" : "s");
}

static void add_difference(struct text *out, const struct text *wanted, const void *data, size_t length)
{
	const char *seen = data;
	size_t at = 0;

	while (at < wanted->length && at < length && wanted->data[at] == seen[at])
		at++;
	text_add(out, "expected ");
	add_excerpt(out, text_str(wanted), wanted->length);
	text_add(out, ", got ");
	add_excerpt(out, data, length);
	if (at && at < wanted->length && at < length)
		text_addf(out, "; they differ from byte %zu on", at);
}

int bytes_match(struct execution *x, const struct payload_node *payload, const void *data, size_t length, struct text *ret_difference,
		struct err *err)
{
	_cleanup_text_ struct text wanted = {0};

	if (!payload)
		return 1;
	if (payload->sha256) {
		char digest[SHA256_HEX];

		sha256_hex(data, length, digest);
		if (strcasecmp(digest, payload->sha256) == 0)
			return 1;
		text_addf(ret_difference, "expected SHA-256 %s, got %s (%zu bytes)", payload->sha256, digest, length);
		return 0;
	}
	if (payload->contains) {
		if (memmem(data, length, payload->contains, strlen(payload->contains)))
			return 1;
		text_add(ret_difference, "expected to contain ");
		add_excerpt(ret_difference, payload->contains, strlen(payload->contains));
		text_add(ret_difference, ", got ");
		add_excerpt(ret_difference, data, length);
		return 0;
	}
	int r = bytes_of(x, payload, &wanted, err);
	if (r < 0)
		return r;
	if (wanted.length == length && memcmp(text_str(&wanted), data, length) == 0)
		return 1;
	add_difference(ret_difference, &wanted, data, length);
	return 0;
}

/* --- frames --- */

static int first_address(const struct plan_interface *interface, int family, struct ip_addr *ret)
{
	for (size_t i = 0; interface && i < interface->address_count; i++)
		if (!family || interface->addresses[i].addr.family == family) {
			*ret = interface->addresses[i].addr;
			return 1;
		}
	return 0;
}

int bytes_family(const struct packet_node *packet)
{
	for (size_t i = 0; packet && i < packet->layers.count; i++) {
		const char *name = packet->layers.items[i]->name;

		if (str_eq(name, "ip") || str_eq(name, "arp"))
			return AF_INET;
		if (str_eq(name, "ipv6"))
			return AF_INET6;
	}
	return 0;
}

/*
 * MACs of the wire: ours, and the other end's where the wire has just two.
 * Across a segment, or to a group, the destination has to be written.
 */
static void fill_defaults(struct execution *x, const struct packet_node *packet, int node, const char *name,
			  const struct frame_ends *ends, struct build_defaults *ret)
{
	const struct plan_node *planned = &x->plan->nodes.items[node];
	const struct plan_interface *interface = name ? plan_find_interface(planned, name) : NULL;
	int family = bytes_family(packet);

	*ret = (struct build_defaults){
		.src = ends->from, .dst = ends->to, .src_port = ends->from_port > 0 ? (uint16_t)ends->from_port : 0,
		.dst_port = ends->to_port > 0 ? (uint16_t)ends->to_port : 0,
	};
	if (interface) {
		ret->eth_src = interface->mac;
		if (interface->peer_node >= 0) {
			const struct plan_node *peer = &x->plan->nodes.items[interface->peer_node];
			const struct plan_interface *other = &peer->interfaces.items[interface->peer_interface];

			if (!peer->hidden && peer->role != ROLE_BRIDGE)
				ret->eth_dst = other->mac;
			if (!ret->dst.family)
				first_address(other, family, &ret->dst);
		}
		if (!ret->src.family)
			first_address(interface, family, &ret->src);
	}
}

/* A field written with several values (DHCP's routers, say) is built once for each, in order. */
static size_t layer_values(const struct layer_node *layer, struct build_value **ret)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < layer->values.count; i++)
		count += ((const struct match_node *)layer->values.items[i])->values.count;
	*ret = mem_alloc((count + 1) * sizeof(struct build_value));
	for (size_t i = 0; i < layer->values.count; i++) {
		const struct match_node *value = (const struct match_node *)layer->values.items[i];

		for (size_t k = 0; k < value->values.count; k++)
			(*ret)[at++] = (struct build_value){value->node.name, ((const char *const *)value->values.values)[k]};
	}
	return count;
}

int bytes_build(struct execution *x, const struct packet_node *packet, int node, const char *interface, const struct frame_ends *ends,
		struct text *ret, struct err *err)
{
	size_t count = packet->layers.count;
	struct build_layer *parts = mem_alloc((count + 1) * sizeof(*parts));
	struct build_defaults defaults;
	struct text *payloads = mem_alloc((count + 1) * sizeof(*payloads));
	struct build_value **values = mem_alloc((count + 1) * sizeof(struct build_value *));
	int r = 0;

	fill_defaults(x, packet, node, interface, ends, &defaults);
	for (size_t i = 0; i < count && r >= 0; i++) {
		const struct layer_node *layer = (const struct layer_node *)packet->layers.items[i];

		parts[i] = (struct build_layer){.layer = layer->layer, .value_count = layer_values(layer, &values[i])};
		parts[i].values = values[i];
		if (layer->payload) {
			r = bytes_of(x, layer->payload, &payloads[i], err);
			parts[i].data = (const uint8_t *)text_str(&payloads[i]);
			parts[i].data_length = payloads[i].length;
		}
	}
	if (r >= 0)
		r = packet_build(parts, count, &defaults, ret, err);
	for (size_t i = 0; i < count; i++) {
		text_free(&payloads[i]);
		free(values[i]);
	}
	free(values);
	free(payloads);
	free(parts);
	return r;
}
