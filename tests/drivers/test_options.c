/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field tables: complete, without contradictions, and the same in both lists. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/if_ether.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/options.h"
#include "lab/scenario/tree.h"

static const struct node_kind *const kinds[] = {
	&kind_udp, &kind_udp_open, &kind_tcp, &kind_tcp_open, &kind_raw_send, &kind_raw_receive, &kind_raw_open,
	&kind_packet_send, &kind_packet_receive, &kind_packet_open, &kind_rx_ring, &kind_tx_ring,
};

Test(options, every_field_says_what_it_means_and_gives_an_example_that_names_it)
{
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		cr_assert(kinds[k]->name && kinds[k]->doc && kinds[k]->size >= sizeof(struct node));
		for (size_t i = 0; i < kinds[k]->field_count; i++) {
			const struct field *field = &kinds[k]->fields[i];

			cr_assert(field->doc && field->doc[0], "%s.%s", kinds[k]->name, field->name);
			cr_assert(str_ends(field->doc, "."), "%s.%s: no sentence", kinds[k]->name, field->name);
			cr_assert(field->example && str_starts(field->example, field->name), "%s.%s", kinds[k]->name, field->name);
			cr_assert(field->offset < kinds[k]->size);
		}
	}
}

Test(options, every_default_parses_and_reads_back_as_itself)
{
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		struct arena *arena = arena_new();
		struct node *node = arena_alloc(arena, kinds[k]->size);
		struct err err = {0};

		node->kind = kinds[k];
		cr_assert_eq(node_set_standards(node, arena, &err), 0, "%s", err.text);
		for (size_t i = 0; i < kinds[k]->field_count; i++) {
			const struct field *field = &kinds[k]->fields[i];
			struct text printed = {0};
			uint64_t again[4] = {0};

			if (field->shape != FIELD_SCALAR || !field->standard)
				continue;
			field->type->print(field, field_at(node, field), &printed);
			cr_assert_eq(field->type->parse(field, text_str(&printed), arena, again, &err), 0);
			cr_assert_eq(memcmp(again, field_at(node, field), field->type->size), 0, "%s.%s", kinds[k]->name, field->name);
			text_free(&printed);
		}
		arena_free(arena);
	}
}

/* Options stand beside the step's own keys: one word must not mean two things. */
Test(options, no_option_has_the_name_of_a_key_of_its_step)
{
	for (size_t d = 0; drivers[d]; d++) {
		const struct {
			const struct node_kind *step, *options;
		} pairs[] = {
			{&kind_send, drivers[d]->send_options},
			{&kind_receive, drivers[d]->receive_options},
			{&kind_open, drivers[d]->open_options},
		};

		for (size_t p = 0; p < COUNT_OF(pairs); p++)
			for (size_t i = 0; pairs[p].options && i < pairs[p].options->field_count; i++)
				cr_assert_null(node_kind_field(pairs[p].step, pairs[p].options->fields[i].name), "%s: %s",
					       pairs[p].options->name, pairs[p].options->fields[i].name);
	}
}

Test(options, the_registry_and_the_drivers_tell_the_same)
{
	const struct registry *registry = driver_registry();

	for (size_t i = 0; i < registry->driver_count; i++) {
		const struct registry_driver *face = &registry->drivers[i];

		cr_assert_not_null(drivers[i]);
		cr_assert_str_eq(face->name, drivers[i]->name);
		cr_assert_str_eq(face->summary, drivers[i]->summary);
		cr_assert(face->send == drivers[i]->send_options && face->receive == drivers[i]->receive_options &&
			  face->open == drivers[i]->open_options);
		cr_assert(driver_find(face->name) == drivers[i] && registry_driver(registry, face->name) == face);
		/* What it has options for, it can do. */
		cr_assert_eq(!face->send, !drivers[i]->send);
		cr_assert_eq(!face->receive, !drivers[i]->receive);
		cr_assert_eq(!drivers[i]->accept, !drivers[i]->stream);
		cr_assert(drivers[i]->probe && drivers[i]->check && drivers[i]->poll && drivers[i]->stats && drivers[i]->close);
		cr_assert_not_null(drivers[i]->source);
		drivers[i]->close(NULL, false);
	}
	cr_assert_null(drivers[registry->driver_count]);
	cr_assert_null(driver_find("nothing"));
}

static int parse(const struct value_type *type, const struct field *field, const char *text, int *ret)
{
	struct err err = {0};
	int r = type->parse(field, text, NULL, ret, &err);

	cr_assert_eq(r, err.code);
	return r;
}

Test(options, ip_protocols_are_words_or_numbers)
{
	const struct field free_field = {.name = "protocol"};
	const struct field *receive = node_kind_field(&kind_raw_receive, "protocol");
	struct text text = {0};
	int value = -1;

	cr_assert_eq(parse(&type_ip_protocol, &free_field, "icmp", &value), 0);
	cr_assert_eq(value, IPPROTO_ICMP);
	cr_assert_eq(parse(&type_ip_protocol, &free_field, "253", &value), 0);
	cr_assert_eq(value, 253);
	cr_assert_eq(parse(&type_ip_protocol, &free_field, "256", &value), -ERANGE);
	cr_assert_eq(parse(&type_ip_protocol, &free_field, "icpm", &value), -EINVAL);
	cr_assert_eq(value, 253);
	/* IPPROTO_RAW receives nothing. */
	cr_assert_eq(parse(&type_ip_protocol, receive, "255", &value), -ERANGE);
	type_ip_protocol.print(&free_field, &(int){IPPROTO_ICMPV6}, &text);
	cr_assert_str_eq(text_str(&text), "icmpv6");
	text_free(&text);
}

Test(options, ethertypes_are_words_or_numbers)
{
	const struct field field = {.name = "protocol"};
	struct text text = {0};
	int value = -1;

	cr_assert_eq(parse(&type_ethertype, &field, "arp", &value), 0);
	cr_assert_eq(value, ETH_P_ARP);
	cr_assert_eq(parse(&type_ethertype, &field, "0x88b5", &value), 0);
	cr_assert_eq(value, 0x88b5);
	cr_assert_eq(parse(&type_ethertype, &field, "0x10000", &value), -ERANGE);
	type_ethertype.print(&field, &value, &text);
	cr_assert_str_eq(text_str(&text), "0x88b5");
	text_free(&text);
}

static int check(const struct driver *driver, const struct node_kind *kind, const char *name, const char *value, const char **ret_field,
		 struct err *err)
{
	struct arena *arena = arena_new();
	struct node *node = arena_alloc(arena, kind->size);
	const struct field *field = node_kind_field(kind, name);

	node->kind = kind;
	cr_assert_eq(node_set_standards(node, arena, err), 0);
	cr_assert_eq(field->type->parse(field, value, arena, field_at(node, field), err), 0, "%s", err->text);
	int r = driver->check(node, ret_field, err);
	arena_free(arena);
	return r;
}

Test(options, a_check_names_the_option_at_fault_and_what_would_be_right)
{
	static const struct {
		const char *driver, *option, *value, *fault, *says;
	} cases[] = {
		{"rx_ring", "block_size", "5000", "block_size", "8192"},
		{"rx_ring", "frame_size", "2040", "frame_size", "2048"},
		{"rx_ring", "frame_size", "32", "frame_size", "at least"},
		{"rx_ring", "frame_size", "128KiB", "frame_size", "does not fit"},
		{"rx_ring", "frames", "7", "frames", "2048"},
		{"tx_ring", "frames", "7", "frames", "512"},
		{"tx_ring", "batch", "513", "batch", "512"},
		{"rx_ring", "block_size", "64KiB", NULL, NULL},
		{"tx_ring", "frames", "512", NULL, NULL},
		{"tx_ring", "batch", "512", NULL, NULL},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct driver *driver = driver_find(cases[i].driver);
		const char *field = NULL;
		struct err err = {0};
		int r = check(driver, driver->send_options ? driver->send_options : driver->receive_options, cases[i].option, cases[i].value,
			      &field, &err);

		cr_assert_eq(r, cases[i].fault ? -EINVAL : 0, "%s: %s: %s", cases[i].option, cases[i].value, err.text);
		if (!cases[i].fault)
			continue;
		cr_assert_str_eq(field, cases[i].fault);
		cr_assert(strstr(err.text, cases[i].says), "%s", err.text);
	}
}

Test(options, a_filter_that_pcap_refuses_is_found_before_anything_runs)
{
	const char *field = NULL;
	struct err err = {0};

	cr_assert_lt(check(driver_find("packet"), &kind_packet_receive, "filter", "udp dst prot 9", &field, &err), 0);
	cr_assert_str_eq(field, "filter");
	cr_assert_eq(check(driver_find("packet"), &kind_packet_receive, "filter", "udp dst port 9", &field, &err), 0, "%s", err.text);
}
