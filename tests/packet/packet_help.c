/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/packet/packet_help.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/base/mem.h"
#include "lab/packet/payload.h"

const struct build_defaults two_hosts = {
	.eth_src = {{0x02, 0, 0, 0, 0, 1}}, .eth_dst = {{0x02, 0, 0, 0, 0, 2}},
	.src = {AF_INET, {192, 0, 2, 1}}, .dst = {AF_INET, {192, 0, 2, 2}}, .src_port = 6881, .dst_port = 80,
};

const struct build_defaults two_hosts6 = {
	.eth_src = {{0x02, 0, 0, 0, 0, 1}}, .eth_dst = {{0x02, 0, 0, 0, 0, 2}},
	.src = {AF_INET6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, .dst = {AF_INET6, {0x20, 0x01, 0x0d, 0xb8, [15] = 2}},
	.src_port = 6881, .dst_port = 80,
};

#define LAYERS 24
#define VALUES 32

struct line {
	struct build_layer layers[LAYERS];
	struct build_value values[LAYERS][VALUES];
	size_t count;
	struct text payload;
};

/* Cuts "name=value" off *at; false at the end. */
static bool next_value(char **at, struct build_value *ret)
{
	char *p = *at + strspn(*at, " ");
	char *equals = strchr(p, '=');

	if (!*p || !equals)
		return false;
	*equals = '\0';
	char *value = equals + 1, *end;

	if (*value == '\'') {
		value++;
		end = strchr(value, '\'');
	} else {
		end = strchrnul(value, ' ');
	}
	*at = *end ? end + 1 : end;
	*end = '\0';
	*ret = (struct build_value){.name = p, .text = value};
	return true;
}

static void add_layer(struct line *line, char *text)
{
	struct build_layer *layer = &line->layers[line->count];
	char *at = text + strspn(text, " ");
	size_t length = strcspn(at, " ");
	char *rest = at[length] ? at + length + 1 : at + length;

	at[length] = '\0';
	layer->layer = layer_find(at);
	if (!layer->layer)
		abort();
	if (str_eq(at, "payload")) {
		if (str_starts(rest, "0x"))
			payload_add_hex(rest + 2, &line->payload, NULL);
		else
			text_add(&line->payload, rest);
		layer->data = (const uint8_t *)line->payload.data;
		layer->data_length = line->payload.length;
	} else {
		layer->values = line->values[line->count];
		while (layer->value_count < VALUES && next_value(&rest, &line->values[line->count][layer->value_count]))
			layer->value_count++;
	}
	line->count++;
}

int build_line(const char *text, const struct build_defaults *defaults, struct text *ret_bytes, struct err *err)
{
	struct line *line = mem_new(struct line);
	char *copy = mem_strdup(text), *at = copy;

	while (at && line->count < LAYERS) {
		char *slash = strstr(at, " / ");

		if (slash)
			*slash = '\0';
		add_layer(line, at);
		at = slash ? slash + 3 : NULL;
	}
	int r = packet_build(line->layers, line->count, defaults, ret_bytes, err);

	text_free(&line->payload);
	free(line);
	free(copy);
	return r;
}

void build_frame(const char *line, struct text *ret_bytes)
{
	struct err err = {0};

	if (build_line(line, strstr(line, "ipv6") ? &two_hosts6 : &two_hosts, ret_bytes, &err) < 0) {
		fprintf(stderr, "# %s: %s\n", line, err.text);
		abort();
	}
}

void dissect_line(const char *line, struct text *frame, struct dissection *ret)
{
	build_frame(line, frame);
	packet_dissect((const uint8_t *)frame->data, frame->length, ret);
}

void from_hex(const char *hex, struct text *out)
{
	if (payload_add_hex(hex, out, NULL) < 0)
		abort();
}

static void add_u32(struct text *out, uint32_t value)
{
	text_add_bytes(out, &value, sizeof(value));
}

char *write_pcap(const struct text *frames, size_t count)
{
	const char *base = getenv("TMPDIR");
	struct text file = {0}, path = {0};

	text_addf(&path, "%s/nslab-packet-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(path.data))
		abort();
	text_add(&path, "/frames.pcap");
	add_u32(&file, 0xa1b23c4d); /* nanoseconds */
	add_u32(&file, 4u << 16 | 2);
	add_u32(&file, 0);
	add_u32(&file, 0);
	add_u32(&file, 262144);
	add_u32(&file, 1);
	for (size_t i = 0; i < count; i++) {
		add_u32(&file, 1);
		add_u32(&file, (uint32_t)i);
		add_u32(&file, (uint32_t)frames[i].length);
		add_u32(&file, (uint32_t)frames[i].length);
		text_add_bytes(&file, frames[i].data, frames[i].length);
	}
	FILE *stream = fopen(text_str(&path), "we");

	if (!stream || fwrite(file.data, 1, file.length, stream) != file.length || fclose(stream) != 0)
		abort();
	text_free(&file);
	return text_steal(&path);
}

void remove_pcap(char *path)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	free(path);
}
