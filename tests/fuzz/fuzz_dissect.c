/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a frame: dissected, printed, every field looked up; then its promises are checked. */
#include <stdlib.h>

#include "lab/packet/layer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/packet/packet_help.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dissection packet;
	struct text out = {0};

	packet_dissect(data, size, &packet);
	check(packet.count <= DISSECT_LAYERS_MAX);
	uint32_t before = 0, end = (uint32_t)size;

	for (size_t i = 0; i < packet.count; i++) {
		const struct dissected_layer *at = &packet.layers[i];

		/* Each layer begins where the one before it ended, and lies within it. */
		check(at->offset == before && at->length >= at->layer->minimum);
		check(at->offset + at->length <= at->end && at->end <= end);
		before = at->offset + at->length;
		end = at->end;
	}
	check((size_t)packet.payload_offset + packet.payload_length <= size);
	packet_summary(&packet, &out);
	packet_details(&packet, &out);
	check(out.length > 0);
	for (size_t i = 0; layers[i]; i++)
		for (size_t k = 0; k < layers[i]->field_count; k++) {
			struct text name = {0}, value = {0}, seen = {0};

			text_addf(&name, "%s.%s", layers[i]->name, layers[i]->fields[k].name);
			int found = packet_field_text(&packet, text_str(&name), &value);

			/* Asking for a field's presence and reading it agree. */
			if (layers[i]->fields[k].type != LAYER_TEXT)
				check(packet_field_matches(&packet, text_str(&name), "present", &seen, NULL) == found);
			text_free(&name);
			text_free(&value);
			text_free(&seen);
		}
	text_free(&out);
	return 0;
}

size_t fuzz_seeds(struct fuzz_seed ret[FUZZ_SEEDS_MAX])
{
	static const char *const lines[] = {
		"eth / vlan id=5 / ieee8021ad id=6 / ip options='ra 0, nop' / tcp options='mss 1460, sackOK, sack 1 2, timestamp 1 0, wscale 7' / payload x",
		"eth / arp",
		"eth / ip flags.mf=1 / udp / payload knock",
		"eth / ip / icmp type=3 code=4 mtu=1400 / ip dst=198.51.100.7 / tcp srcport=1 dstport=2",
		"eth / ip / icmp type=13",
		"eth / ip dst=233.252.0.1 / igmp maddr=233.252.0.1",
		"eth / ip dst=224.0.0.22 / igmp type=0x22 / payload 0x04000000e9fc0001",
		"eth / ipv6 / ipv6.hopopts options='ra 0, jumbo 70000' / ipv6.dstopts / ipv6.routing srh.addr=2001:db8::9 / ipv6.fraghdr more=1 / udp",
		"eth / ipv6 / icmpv6 type=134 opt.src_linkaddr=02:00:00:00:00:01 opt.mtu=1400 opt.prefix=2001:db8:: opt.rdnss=2001:db8::53",
		"eth / ipv6 / icmpv6 type=143 mldr.nb_mcast_records=1 / payload 0x04000001ff020000000000000000000000000db820010db8000000000000000000000001",
		"eth / ipv6 / icmpv6 type=2 mtu=1280 / ipv6 dst=2001:db8::7 / udp",
		"eth / ip src=192.0.2.1 dst=192.0.2.2 / gre / ipv6 src=2001:db8::1 dst=2001:db8::2 / udp srcport=1 dstport=2",
		"eth / ip / udp dstport=4789 / vxlan vni=42 / eth src=02:00:00:00:00:0a dst=02:00:00:00:00:0b / arp",
		"eth / ip / udp srcport=67 dstport=68 / dhcp type=2 option.dhcp=offer option.hostname=client option.router=192.0.2.1 "
		"option.domain_name_server=192.0.2.53 option.request_list_item=1",
		"eth / ip / udp srcport=53 dstport=5354 / payload 0x1234 8580 0001 0003 0001 0001 03777777 07657861 6d706c65 036f7267 00 001c 0001 "
		"c00c 0005 0001 00000e10 0005 02686f c010 c02d 001c 0001 00000e10 0010 20010db8000000000000000000000050 "
		"c00c 0010 0001 00000e10 0004 03616263 c010 000f 0001 00000e10 0007 000a 026d78 c010 00 0029 04d0 00000000 0000",
	};

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct text frame = {0};

		build_frame(lines[i], &frame);
		ret[i].length = frame.length;
		ret[i].bytes = (uint8_t *)text_steal(&frame);
	}
	return COUNT_OF(lines);
}
