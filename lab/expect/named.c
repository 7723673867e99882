/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that expectations gave to packets. */
#include "lab/expect/judge.h"

struct named_packets {
	ARRAY(struct named {
		char *name;
		struct tape_packet *packet;
	}) items;
};

struct named_packets *named_packets_new(void)
{
	return mem_new(struct named_packets);
}

void named_packets_free(struct named_packets *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->items.count; i++)
		free(names->items.items[i].name);
	array_free(&names->items);
	free(names);
}

static struct named *find(const struct named_packets *names, const char *name)
{
	for (size_t i = 0; i < names->items.count; i++)
		if (str_eq(names->items.items[i].name, name))
			return &names->items.items[i];
	return NULL;
}

struct tape_packet *named_packet(const struct named_packets *names, const char *name)
{
	const struct named *named = find(names, name);

	return named ? named->packet : NULL;
}

void named_packet_set(struct named_packets *names, const char *name, struct tape_packet *packet)
{
	struct named *named = find(names, name);

	if (named)
		named->packet = packet;
	else
		array_push(&names->items, (struct named){.name = mem_strdup(name), .packet = packet});
}
