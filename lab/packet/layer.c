/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of layers, and names looked up in it. */
#include "lab/packet/layer.h"

#include <errno.h>
#include <string.h>

#include "lab/packet/layer_ops.h"

const struct layer layer_payload = {
	.name = "payload", .title = "Payload", .source = "the scenario", .buildable = true,
};

const struct layer *const layers[] = {
	&layer_frame,
	&layer_eth,
	&layer_vlan,
	&layer_ieee8021ad,
	&layer_arp,
	&layer_ip,
	&layer_ipv6,
	&layer_hopopts,
	&layer_routing,
	&layer_fraghdr,
	&layer_dstopts,
	&layer_icmp,
	&layer_igmp,
	&layer_icmpv6,
	&layer_udp,
	&layer_tcp,
	&layer_gre,
	&layer_vxlan,
	&layer_dhcp,
	&layer_dns,
	&layer_payload,
	NULL,
};

const struct layer *layer_find(const char *name)
{
	for (size_t i = 0; layers[i]; i++)
		if (str_eq(layers[i]->name, name))
			return layers[i];
	return NULL;
}

const struct layer_field *layer_field_find(const struct layer *layer, const char *name)
{
	for (size_t i = 0; i < layer->field_count; i++)
		if (str_eq(layer->fields[i].name, name))
			return &layer->fields[i];
	return NULL;
}

/* The layer with the longest name that `name` is, or begins with up to a dot: "ipv6.fraghdr.more" is no field of ipv6. */
static const struct layer *layer_of(const char *name)
{
	const struct layer *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; layers[i]; i++) {
		size_t length = strlen(layers[i]->name);

		if (length >= best_length && strncmp(layers[i]->name, name, length) == 0 && (name[length] == '.' || name[length] == '\0')) {
			best = layers[i];
			best_length = length;
		}
	}
	return best;
}

/* The layer's fields alone where it is known, else every field, else the layers. */
static int refuse_name(const char *name, const struct layer *layer, struct err *err)
{
	ARRAY(const char *) names = {0};
	struct arena *arena = arena_new();

	for (size_t i = 0; layers[i]; i++) {
		if (layer && layer != layers[i])
			continue;
		for (size_t k = 0; k < layers[i]->field_count; k++)
			array_push(&names, arena_printf(arena, "%s.%s", layers[i]->name, layers[i]->fields[k].name));
		if (!layer && !strchr(name, '.'))
			array_push(&names, layers[i]->name);
	}
	const char *near = str_nearest(name, names.items, names.count);
	int r = near ? err_set(err, -ENOENT, "no field is called '%s': did you mean '%s'?", name, near) :
		layer ? err_set(err, -ENOENT, "no field is called '%s': the fields of %s have names such as '%s'", name, layer->name,
				layer->field_count ? names.items[0] : layer->name) :
			err_set(err, -ENOENT, "no field is called '%s': write it as Wireshark does, such as 'ip.ttl'", name);

	array_free(&names);
	arena_free(arena);
	return r;
}

int layer_field_resolve(const char *name, const struct layer **ret_layer, const struct layer_field **ret_field, unsigned *ret_occurrence,
			struct err *err)
{
	const char *hash = strchr(name, '#');
	uint64_t occurrence = 1;
	char plain[128];
	size_t length = hash ? (size_t)(hash - name) : strlen(name);

	if (length >= sizeof(plain))
		return err_set(err, -ENOENT, "no field is called '%.40s…'", name);
	memcpy(plain, name, length);
	plain[length] = '\0';
	if (hash && (str_to_u64(hash + 1, &occurrence) < 0 || occurrence < 1 || occurrence > DISSECT_LAYERS_MAX))
		return err_set(err, -ENOENT, "'%s': after '#' stands which layer of that name is meant, counted from 1", name);
	const struct layer *layer = layer_of(plain);
	const struct layer_field *field = NULL;

	if (layer && plain[strlen(layer->name)] == '.')
		field = layer_field_find(layer, plain + strlen(layer->name) + 1);
	if (!layer || (!field && plain[strlen(layer->name)] == '.'))
		return refuse_name(plain, layer, err);
	*ret_layer = layer;
	*ret_field = field;
	*ret_occurrence = (unsigned)occurrence;
	return 0;
}
