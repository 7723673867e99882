/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark as an independent witness: names, values and checksums of frames that we built or that others recorded. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/base/mem.h"
#include "tests/packet/packet_help.h"

extern char **environ;

typedef ARRAY(const char *) words_array;

/* Runs tshark and collects its output. 0, or -ENOENT where it is not installed. */
static int run_tshark(const words_array *arguments, struct text *out)
{
	posix_spawn_file_actions_t actions;
	int pipes[2], status;
	pid_t pid;

	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int r = posix_spawnp(&pid, "tshark", &actions, NULL, (char *const *)(uintptr_t)arguments->items, environ);

	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (r == 0) {
		char buffer[4096];
		ssize_t n;

		while ((n = read(pipes[0], buffer, sizeof(buffer))) > 0)
			text_add_bytes(out, buffer, (size_t)n);
		waitpid(pid, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			r = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ENOENT : EIO;
	}
	close(pipes[0]);
	return -r;
}

static const char *const lines[] = {
	"eth / ip ttl=63 id=0x1234 flags.df=1 / udp / payload knock",
	"eth / vlan id=5 priority=3 dei=1 / ip dsfield.dscp=46 dsfield.ecn=1 / udp srcport=1 dstport=2",
	"eth / ieee8021ad id=100 priority=2 / vlan id=7 / ip / udp / payload x",
	"eth / vlan id=1 / vlan id=2 / ip / tcp flags=SA ack=7",
	"eth / arp",
	"eth / arp opcode=reply",
	"eth / arp dst.proto_ipv4=192.0.2.1",
	"eth / ip / tcp seq=1000 flags=S options='mss 1460, sackOK, timestamp 1 0, nop, wscale 7'",
	"eth / ip / tcp seq=4294967295 ack=2 flags=PA window_size_value=7 urgent_pointer=3 / payload hello world",
	"eth / ip / tcp flags=FRUECN options.mss_val=536 options.sack_le=10 options.sack_re=20 options.sack_le=30 options.sack_re=40",
	"eth / ip options='ra 0, nop' / udp / payload odd",
	"eth / ip / icmp ident=7 seq=2 / payload abcdefgh",
	"eth / ip / icmp type=0 ident=7 seq=2 / payload abcdefgh",
	"eth / ip src=192.0.2.254 / icmp type=3 code=4 mtu=1400 / ip src=192.0.2.1 dst=198.51.100.7 ttl=3 / udp / payload inner",
	"eth / ip / icmp type=3 code=3 / ip dst=198.51.100.7 / udp srcport=1 dstport=2 / payload inner",
	"eth / ip / icmp type=5 code=1 redir_gw=192.0.2.9 / ip dst=198.51.100.7 / udp srcport=5 dstport=6",
	"eth / ip / icmp type=11 / ip dst=198.51.100.7 ttl=1 / tcp srcport=5 dstport=6",
	"eth / ip / icmp type=13 ident=1 seq=2 originate_timestamp=3 receive_timestamp=4 transmit_timestamp=5",
	"eth / ip / icmp type=12 pointer=8 / ip dst=198.51.100.7 / udp srcport=5 dstport=6",
	"eth / ip frag_offset=185 proto=17 / payload the rest of a datagram",
	"eth / ip ttl=1 dst=233.252.0.1 / igmp type=report2 maddr=233.252.0.1",
	"eth / ip ttl=1 dst=224.0.0.1 / igmp type=query max_resp=100",
	"eth / ipv6 tclass.dscp=46 flow=0x12345 hlim=3 / udp / payload knock",
	"eth / ipv6 / tcp flags=A ack=1 / payload odd",
	"eth / ipv6 / icmpv6 echo.identifier=9 echo.sequence_number=3 / payload abc",
	"eth / ipv6 dst=ff02::1:ff00:2 / icmpv6 type=135 nd.ns.target_address=2001:db8::2 opt.src_linkaddr=02:00:00:00:00:01",
	"eth / ipv6 / icmpv6 type=136 nd.na.flag.r=1 nd.na.flag.s=1 nd.na.flag.o=1 nd.na.target_address=2001:db8::2 "
	"opt.target_linkaddr=02:00:00:00:00:02",
	"eth / ipv6 src=fe80::1 dst=ff02::1 / icmpv6 type=134 nd.ra.cur_hop_limit=64 nd.ra.flag.m=1 nd.ra.flag.prf=1 "
	"nd.ra.router_lifetime=1800 nd.ra.reachable_time=5 nd.ra.retrans_timer=6 opt.src_linkaddr=02:00:00:00:00:01 opt.mtu=1400 "
	"opt.prefix.length=64 opt.prefix.flag.l=1 opt.prefix.flag.a=1 opt.prefix.valid_lifetime=100 opt.prefix.preferred_lifetime=50 "
	"opt.prefix=2001:db8:: opt.rdnss.lifetime=9 opt.rdnss=2001:db8::53 opt.rdnss=2001:db8::54",
	"eth / ipv6 src=fe80::1 dst=ff02::2 / icmpv6 type=router-solicitation",
	"eth / ipv6 src=fe80::1 / icmpv6 type=137 nd.rd.target_address=fe80::2 rd.na.destination_address=2001:db8::9",
	"eth / ipv6 / icmpv6 type=2 mtu=1400 / ipv6 dst=2001:db8::7 hlim=5 / udp / payload inner",
	"eth / ipv6 / icmpv6 type=1 code=4 / ipv6 dst=2001:db8::7 / udp srcport=7 dstport=8",
	"eth / ipv6 / icmpv6 type=4 pointer=40 / ipv6 dst=2001:db8::7 / udp srcport=7 dstport=8",
	"eth / ipv6 src=fe80::1 dst=ff02::16 / ipv6.hopopts options='ra 0, option 1' / icmpv6 type=131 mld.multicast_address=ff02::db8",
	"eth / ipv6 / ipv6.fraghdr offset=1 more=1 ident=0xabcd nxt=17 / payload the rest of a datagram",
	"eth / ipv6 / ipv6.dstopts options='option 1 0000' / ipv6.routing srh.tag=0 srh.addr=2001:db8::2 / udp / payload x",
	"eth / ip / ip src=198.51.100.1 dst=198.51.100.2 ttl=9 / udp srcport=5 dstport=6 / payload tunnel",
	"eth / ip / gre / ip src=198.51.100.1 dst=198.51.100.2 / udp srcport=5 dstport=6",
	"eth / ip / udp dstport=4789 srcport=50000 / vxlan vni=42 / eth src=02:00:00:00:00:0a dst=02:00:00:00:00:0b / ip src=198.51.100.1 "
	"dst=198.51.100.2 / udp srcport=5 dstport=6 / payload in",
	"eth / ip src=0.0.0.0 dst=255.255.255.255 / udp srcport=68 dstport=67 / dhcp id=0x1234abcd flags.bc=1 secs=3 option.dhcp=discover "
	"option.requested_ip_address=192.0.2.50 option.hostname=client option.request_list_item=1 option.request_list_item=3",
	"eth / ip / udp srcport=67 dstport=68 / dhcp type=2 ip.your=192.0.2.50 hw.mac_addr=02:00:00:00:00:09 option.dhcp=offer "
	"option.dhcp_server_id=192.0.2.1 option.ip_address_lease_time=3600 option.subnet_mask=255.255.255.0 option.router=192.0.2.1 "
	"option.domain_name_server=192.0.2.53 option.domain_name_server=192.0.2.54 option.domain_name=example.org "
	"option.renewal_time_value=5 option.rebinding_time_value=6 option.broadcast_address=192.0.2.255 option.interface_mtu=1400",
	"eth / ip / udp srcport=5353 dstport=53 / payload 0x"
	"1234 0100 0001 0000 0000 0000 03777777 07657861 6d706c65 036f7267 00 0001 0001",
	"eth / ip / udp srcport=53 dstport=5354 / payload 0x"
	"1234 8580 0001 0003 0001 0001 03777777 07657861 6d706c65 036f7267 00 001c 0001"
	"c00c 0005 0001 00000e10 0005 02686f c010"
	"c02d 001c 0001 00000e10 0010 20010db8000000000000000000000050"
	"c02d 0001 0001 00000e10 0004 c0000250"
	"c010 0002 0001 00000e10 0005 026e73 c010"
	"00 0029 04d0 00000000 0000",
	"eth type=46 dst=01:80:c2:00:00:00 / payload 0x42420300000000 000000000000000000000000000000000000000000000000000000000000000000000000000000",
	"eth / arp / payload 0x000000000000000000000000000000000000",
	"eth / ipv6 / ipv6.routing type=0 src.addr=2001:db8::8 src.addr=2001:db8::9 / udp / payload x",
	"eth / ipv6 / ipv6.routing type=2 mipv6.home_address=2001:db8::8 / udp / payload x",
	"eth / ip ttl=1 dst=224.0.0.22 / igmp type=report3 num_grp_recs=2 / payload 0x 04000001 e9fc0001 c0000207 02000000 e9fc0002",
	"eth / ipv6 src=fe80::1 dst=ff02::16 / ipv6.hopopts options='ra 0, option 1' / icmpv6 type=143 mldr.nb_mcast_records=2 / payload 0x"
	"04000001 ff020000000000000000000000000db8 20010db8000000000000000000000007 02000000 ff020000000000000000000000000db9",
	"eth / ip / gre flags.key=1 flags.sequence_number=1 proto=0x88b6 / payload 0x0000002a 00000007 aabb",
	"eth / ip / udp srcport=67 dstport=68 / dhcp type=2 server=boot.example.org file=image option.dhcp=nak option.message=no "
	"option.ntp_server=192.0.2.123 option.dhcp_max_message_size=1400 option.vendor_class_id=lab",
	"eth / ip / udp srcport=53 dstport=5355 / payload 0x"
	"1234 8580 0001 0003 0000 0000 0131 0132 01 30 03313932 07696e2d61646472 0461727061 00 000c 0001"
	"c00c 000c 0001 00000e10 0005 02686f c016"
	"c00c 000f 0001 00000e10 0007 000a 026d78 c016"
	"c00c 0010 0001 00000e10 0006 05 68656c6c6f",
	"eth / ip / udp srcport=53 dstport=5354 / payload 0x"
	"0007 8183 0001 0000 0000 0000 026e6f 07657861 6d706c65 036f7267 00 0010 0001",
};

/* Fields that Wireshark does not have, or shows in a form of its own (words for options, for instance). */
static bool left_out(const struct layer *layer, const struct layer_field *field)
{
	return field->type == LAYER_OPTIONS || layer->field_count == 0;
}

/* Where the two differ for a reason. */
static bool differs_on_purpose(const struct layer *layer, const struct layer_field *field, const struct dissection *packet)
{
	const char *name = field->name;

	/* Wireshark shows an IPv6 header's version as ip.version as well. */
	if (str_eq(layer->name, "ip") && str_eq(name, "version"))
		return packet_field_matches(packet, "ipv6", "present", NULL, NULL) == 1;
	/* It reads on behind the end of the options. */
	if (str_eq(layer->name, "tcp") && str_eq(name, "option_kind"))
		return packet_field_matches(packet, "tcp.option_kind", "0", NULL, NULL) == 1;
	/* It shows the end of DHCP's options as 0, where 255 stands. */
	if (str_eq(layer->name, "dhcp") && str_eq(name, "option.type"))
		return packet_field_matches(packet, "dhcp.option.type", "255", NULL, NULL) == 1;
	/* It leaves out what an ICMP error quotes of TCP, from the sequence number on. */
	if (str_eq(layer->name, "tcp") && (str_eq(name, "seq_raw") || str_eq(name, "len")))
		return packet_field_matches(packet, "icmp", "present", NULL, NULL) == 1;
	/* It leaves out the flags of an answer in a question; the bits are there. */
	if (str_eq(layer->name, "dns") && str_starts(name, "flags."))
		return packet_field_matches(packet, "dns.flags.response", "0", NULL, NULL) == 1;
	return false;
}

/* One value of a list "a,b,c", made comparable: numbers as numbers, bytes without ':'. */
static void add_plain(struct text *out, const struct layer_field *field, const char *value, size_t length)
{
	_cleanup_text_ struct text word = {0};
	uint64_t number;

	text_add_bytes(&word, value, length);
	if (out->length)
		text_add_char(out, ',');
	if (field->type == LAYER_FLAGS && str_to_u64(text_str(&word), &number) < 0) {
		static const char letters[] = "FSRPAUECN";

		number = 0;
		for (size_t i = 0; i < word.length; i++)
			number |= UINT64_C(1) << (strchr(letters, word.data[i]) - letters);
		text_addf(out, "%" PRIu64, number);
	} else if (str_eq(text_str(&word), "True") || str_eq(text_str(&word), "False")) {
		text_add_char(out, word.data[0] == 'T' ? '1' : '0'); /* as later versions write a flag */
	} else if (field->type <= LAYER_FLAGS && str_to_u64(text_str(&word), &number) == 0) {
		text_addf(out, "%" PRIu64, number);
	} else {
		for (size_t i = 0; i < word.length; i++)
			if (word.data[i] != ':' || field->type == LAYER_IPV6)
				text_add_char(out, word.data[i]);
	}
}

static void make_plain(struct text *out, const struct layer_field *field, const char *list, size_t length)
{
	for (size_t at = 0; at < length;) {
		const char *comma = memchr(list + at, ',', length - at);
		size_t end = comma ? (size_t)(comma - list) : length;

		add_plain(out, field, list + at, end - at);
		at = end + 1;
	}
}

/* All values of a field in all layers of its kind, as tshark lists them. */
static void our_values(const struct dissection *packet, const struct layer *layer, const struct layer_field *field, struct text *out)
{
	for (unsigned i = 1; i <= DISSECT_LAYERS_MAX; i++) {
		_cleanup_text_ struct text name = {0}, value = {0};

		text_addf(&name, "%s.%s#%u", layer->name, field->name, i);
		if (packet_field_text(packet, text_str(&name), &value))
			make_plain(out, field, text_str(&value), value.length);
	}
}

struct asked {
	const struct layer *layer;
	const struct layer_field *field;
	bool seen; /* in at least one frame */
};
typedef ARRAY(struct asked) asked_array;

/* Adds a line to `differences` for each field that tshark sees otherwise. */
static void compare_frame(const char *line, const char *output, size_t length, asked_array *asked, const struct text *frame,
			  struct text *differences)
{
	struct dissection packet;
	size_t at = 0;

	packet_dissect((const uint8_t *)frame->data, frame->length, &packet);
	if (packet.malformed)
		text_addf(differences, "%s: %s\n", line, packet.malformed);
	for (size_t i = 0; i < asked->count; i++) {
		const char *bar = memchr(output + at, '|', length - at);
		size_t end = bar ? (size_t)(bar - output) : length;
		_cleanup_text_ struct text ours = {0}, theirs = {0}, name = {0};

		text_addf(&name, "%s.%s", asked->items[i].layer->name, asked->items[i].field->name);
		make_plain(&theirs, asked->items[i].field, output + at, end - at);
		our_values(&packet, asked->items[i].layer, asked->items[i].field, &ours);
		bool agreed = str_eq(text_str(&ours), text_str(&theirs)) ||
			      differs_on_purpose(asked->items[i].layer, asked->items[i].field, &packet);

		asked->items[i].seen |= ours.length && agreed;
		if (!agreed)
			text_addf(differences, "%s: ours '%s', tshark's '%s' in: %s\n", text_str(&name), text_str(&ours), text_str(&theirs), line);
		at = end + 1;
	}
}

static void add_common(words_array *arguments, const char *path)
{
	static const char *const common[] = {
		"-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
		"-o", "udp.check_checksum:TRUE", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o",
		"tcp.relative_sequence_numbers:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE", "-n",
	};

	array_push(arguments, "tshark");
	array_push(arguments, "-r");
	array_push(arguments, path);
	for (size_t i = 0; i < COUNT_OF(common); i++)
		array_push(arguments, common[i]);
}

/* Skips the test where tshark is missing. */
static void ask_tshark(words_array *arguments, struct text *out)
{
	array_push(arguments, NULL);
	int r = run_tshark(arguments, out);

	if (r == -ENOENT)
		cr_skip_test("tshark is not installed: nothing independent to compare with");
	cr_assert_eq(r, 0, "tshark refused its arguments: a field name that Wireshark does not have?");
}

Test(tshark, reads_every_field_of_every_layer_as_we_do, .timeout = 120)
{
	struct text frames[COUNT_OF(lines)] = {0}, output = {0}, differences = {0};
	words_array arguments = {0};
	asked_array asked = {0};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		build_frame(lines[i], &frames[i]);
	char *path = write_pcap(frames, COUNT_OF(lines));

	add_common(&arguments, path);
	for (size_t i = 0; layers[i]; i++)
		for (size_t k = 0; k < layers[i]->field_count; k++)
			if (!left_out(layers[i], &layers[i]->fields[k])) {
				array_push(&asked, ((struct asked){layers[i], &layers[i]->fields[k], false}));
				array_push(&arguments, "-e");
				array_push(&arguments, arena_printf(arena, "%s.%s", layers[i]->name, layers[i]->fields[k].name));
			}
	ask_tshark(&arguments, &output);
	const char *at = text_str(&output);

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		const char *end = strchrnul(at, '\n');

		compare_frame(lines[i], at, (size_t)(end - at), &asked, &frames[i], &differences);
		at = *end ? end + 1 : end;
	}
	cr_assert_eq(*at, '\0', "one line of output per frame");
	/* A field that no frame has was compared with nothing. */
	for (size_t i = 0; i < asked.count; i++)
		if (!asked.items[i].seen)
			text_addf(&differences, "%s.%s is in no frame here\n", asked.items[i].layer->name, asked.items[i].field->name);
	remove_pcap(path);
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		text_free(&frames[i]);
	text_free(&output);
	array_free(&arguments);
	array_free(&asked);
	arena_free(arena);
	cr_assert_str_eq(text_str(&differences), "");
}

/* Frame by frame: the status of IP, UDP, TCP, ICMP, ICMPv6, IGMP checksums; 1 good, 0 bad, 3 none. */
static void checksum_status(const char *const *built, size_t count, struct text *output)
{
	static const char *const fields[] = {"ip", "udp", "tcp", "icmp", "icmpv6", "igmp"};
	struct text *frames = mem_alloc(count * sizeof(*frames));
	struct arena *arena = arena_new();
	words_array arguments = {0};

	for (size_t i = 0; i < count; i++)
		build_frame(built[i], &frames[i]);
	char *path = write_pcap(frames, count);

	add_common(&arguments, path);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		array_push(&arguments, "-e");
		array_push(&arguments, arena_printf(arena, "%s.checksum.status", fields[i]));
	}
	ask_tshark(&arguments, output);
	remove_pcap(path);
	for (size_t i = 0; i < count; i++)
		text_free(&frames[i]);
	free(frames);
	arena_free(arena);
	array_free(&arguments);
}

Test(tshark, finds_every_computed_checksum_good, .timeout = 120)
{
	struct text output = {0};
	size_t good = 0;

	checksum_status(lines, COUNT_OF(lines), &output);
	for (const char *p = text_str(&output); *p; p++) {
		cr_assert_neq(*p, '0', "a bad checksum in: %s", text_str(&output));
		good += *p == '1';
	}
	cr_assert_geq(good, 60, "%zu of the checksums were verified", good);
	text_free(&output);
}

Test(tshark, finds_checksums_bad_where_they_were_asked_to_be, .timeout = 120)
{
	static const char *const bad[] = {
		"eth / ip checksum=bad / udp / payload x",
		"eth / ip / udp checksum=bad / payload x",
		"eth / ip / udp checksum=0 / payload x",
		"eth / ip / tcp checksum=bad",
		"eth / ipv6 / tcp checksum=0x1234",
		"eth / ip / icmp checksum=bad",
		"eth / ipv6 / icmpv6 checksum=bad",
		"eth / ip dst=233.252.0.1 / igmp checksum=bad",
	};
	struct text output = {0};

	checksum_status(bad, COUNT_OF(bad), &output);
	cr_assert_str_eq(text_str(&output), "0|1||||\n1|0||||\n1|3||||\n1||0|||\n||0|||\n1|||0||\n||||0|\n1|||||0\n");
	text_free(&output);
}
