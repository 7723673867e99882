/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One case judged: what is right is left alone, what is wrong is told once. Findings themselves: tests/golden/diag. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/check/check_inside.h"
#include "lab/scenario/tree.h"
#include "tests/check/judge.h"

static void expect_clean(const char *text)
{
	struct judged judged;

	judge(&judged, text);
	cr_expect_str_eq(text_str(&judged.findings), "");
	judge_free(&judged);
}

static size_t count_findings(const struct judged *judged, enum diag_id id)
{
	size_t count = 0;

	for (size_t i = 0; i < judged->diags.items.count; i++)
		count += judged->diags.items.items[i].id == id;
	return count;
}

static void expect_findings(const char *text, enum diag_id id, size_t count)
{
	struct judged judged;

	judge(&judged, text);
	cr_expect_eq(count_findings(&judged, id), count, "%s", text_str(&judged.findings));
	judge_free(&judged);
}

Test(check, every_technique_in_common_use_is_left_alone)
{
	expect_clean(TWO_HOSTS(
		"  - receive: {in: right, with: udp, to: \":9\", from: 192.0.2.1, background: true}\n"
		"  - receive: {in: right, with: rx_ring, filter: udp, background: true}\n"
		"  - open: {in: left, with: udp, socket: caller, from: \":7\", options: {IP_TTL: 3}}\n"
		"  - send: {socket: caller, to: \"right:9\", payload: x}\n"
		"  - send: {in: left, with: packet, packet: {eth: {}, ip: {}, udp: {srcport: 7, dstport: 9}, payload: {counter: 100}}}\n"
		"  - send: {in: left, with: raw, packet: {ip: {dst: 192.0.2.2}, icmp: {type: 8}}}\n"
		"  - send: {in: left, with: udp, to: \"right:67\", packet: {dhcp: {option.dhcp: discover}}}\n"
		"  - send: {in: left, with: tx_ring, payload: {hex: \"ff ff ff ff ff ff 02 00 00 00 00 01 88 b6\"}}\n"
		"  - open: {in: left, with: tcp, socket: stream, to: \"right:80\", background: true}\n"
		"  - send: {socket: stream, payload: x}\n"
		"  - receive: {socket: stream, payload: y, background: true}\n" SEE));
}

Test(check, a_step_with_an_error_may_want_the_kernels_refusal)
{
	expect_clean(TWO_HOSTS(
		"  - {send: {in: left, with: udp, to: \"right:0\", payload: x}, error: EINVAL}\n"
		"  - {send: {in: left, with: udp, payload: x}, error: EDESTADDRREQ}\n"
		"  - {receive: {in: left, with: rx_ring, block_size: 5000}, error: EINVAL}\n"
		"  - {open: {in: left, with: udp, socket: s, options: {IP_TTL: 1000}}, error: EINVAL}\n"
		"  - {send: {in: left, with: packet, interface: eth9, payload: x}, error: ENODEV}\n" SEE));
	expect_findings(TWO_HOSTS("  - {send: {in: left, with: udp, to: \"right:0\", payload: x}}\n" SEE), DIAG_BAD_VALUE, 1);
}

Test(check, a_step_that_is_left_out_is_not_judged)
{
	expect_clean(TWO_HOSTS("  - {send: {in: left, with: udp, to: \"right:9\", payload: {file: no-such}}, when: false}\n" SEND SEE));
	expect_findings(TWO_HOSTS("  - {send: {in: left, with: udp, to: \"right:9\", payload: {file: no-such}}, when: true}\n" SEND SEE),
			DIAG_FILE_MISSING, 1);
}

Test(check, what_cases_share_is_told_once)
{
	struct judged judged;

	judge(&judged, "matrix: {version: [v1, v2, v3]}\n" TWO_HOSTS(SEND "  - expect: {at: right:eth0, packets: udp dts port 9}\n"));
	cr_assert_eq(judged.count, 3);
	cr_assert_eq(judged.diags.errors, 1, "%s", text_str(&judged.findings));
	cr_assert_not_null(strstr(text_str(&judged.findings), "in case test.nslab.yaml[version=v1] and 2 others\n"), "%s", text_str(&judged.findings));
	judge_free(&judged);
}

Test(check, what_one_case_alone_has_names_it)
{
	struct judged judged;

	judge(&judged, "matrix: {word: [dst, dts]}\n" TWO_HOSTS(SEND "  - expect: {at: right:eth0, packets: udp $(word) port 9}\n"));
	cr_assert_eq(judged.diags.errors, 1);
	cr_assert_not_null(strstr(text_str(&judged.findings), "in case test.nslab.yaml[word=dts]\n"));
	judge_free(&judged);
}

Test(check, errors_of_the_reader_do_not_hide_ours)
{
	struct judged judged;

	judge(&judged, TWO_HOSTS("  - send: {in: lfet, with: udp, to: \"192.0.2.2:9\", payload: x}\n"
				 "  - send: {in: left, with: rx_rnig}\n"
				 "  - expect: {at: right:eth0, packets: udp dts port 9, fields: {ip.tll: 1}}\n"));
	cr_expect_eq(count_findings(&judged, DIAG_UNKNOWN_NODE), 1, "%s", text_str(&judged.findings));
	cr_expect_eq(count_findings(&judged, DIAG_UNKNOWN_DRIVER), 1);
	cr_expect_eq(count_findings(&judged, DIAG_BAD_FILTER), 1);
	cr_expect_eq(count_findings(&judged, DIAG_UNKNOWN_FIELD), 1);
	for (size_t i = 1; i < judged.diags.items.count; i++)
		cr_expect_geq(judged.diags.items.items[i].span.line, judged.diags.items.items[i - 1].span.line);
	judge_free(&judged);
}

/* Scenarios with every part missing or broken, one after another: nothing that is not there is looked at. */
Test(check, half_a_scenario_is_judged_without_falling_over)
{
	static const char whole[] = TWO_HOSTS_WITH(
		"    interfaces: {lo: 203.0.113.1/32}\n    sysctl: {net.ipv4.ip_forward: 1}\n",
		"  - send: {in: left, with: packet, interface: eth0, packet: {eth: {}, ip: {dst: 192.0.2.2}, udp: {dstport: 9}}}\n"
		"  - receive: {in: right, with: rx_ring, filter: udp, background: true}\n"
		"  - open: {in: left, with: udp, socket: s, options: {IP_TTL: 3}}\n"
		"  - together: [{send: {socket: s, to: \"right:9\", payload: {counter: 9}}}, {wait: 1ms}]\n"
		"  - run: {in: left, command: [nc], ready: {listen: packet eth0}, stdout: {matches: x}, background: true}\n"
		"  - expect: {order: [{at: left:eth0, packets: udp}, {at: right:eth0, where: {udp.dstport: 9}}]}\n"
		"  - expect: {in: left, route: {dst: default}}\n");
	size_t findings = 0;

	expect_clean("scenario: nothing is broken\nnodes: {a: {}}\nsteps:\n  - run: {in: a, command: [\"true\"]}\n");
	for (size_t at = 0; at < sizeof(whole) - 1; at++) {
		static const char replacements[] = "?\n:";
		_cleanup_text_ struct text text = {0};
		struct judged judged;

		text_add_bytes(&text, whole, sizeof(whole) - 1);
		text.data[at] = replacements[at % 3];
		judge(&judged, text_str(&text));
		findings += judged.diags.items.count;
		judge_free(&judged);
	}
	cr_assert_gt(findings, 100);
}

Test(check, interfaces_that_are_not_wires_are_found)
{
	expect_clean("scenario: interfaces\nnodes:\n  left:\n    interfaces: {lo: 203.0.113.1/32, eth0.5: {kind: vlan, link: eth0, id: 5}}\n  sw: {kind: bridge}\n"
		     "  right: {}\nlinks:\n  - {left:eth0: 192.0.2.1/24, sw:p1: }\n  - {sw:p2: , right:eth0: 192.0.2.2/24}\nsteps:\n"
		     "  - receive: {in: left, with: rx_ring, interface: eth0.5, background: true}\n"
		     "  - receive: {in: left, with: packet, interface: lo, background: true}\n"
		     "  - receive: {in: sw, with: packet, interface: br0, background: true}\n"
		     "  - send: {in: left, with: udp, to: \"192.0.2.2:9\"}\n"
		     "  - expect: {at: right:eth0, packets: udp}\n");
}

Test(check, the_receivers_mac_is_known_on_a_wire_of_two_ends_alone)
{
	const char *steps = "  - send: {in: left, with: packet, packet: {eth: {}, ip: {dst: 192.0.2.2}, udp: {srcport: 7, dstport: 9}}}\n" SEE;
	_cleanup_text_ struct text text = {0};

	text_addf(&text, "scenario: mac\nnodes: {left: {}, right: {}, third: {}}\nlinks:\n  - left:eth0: 192.0.2.1/24\n    right:eth0: 192.0.2.2/24\n"
		  "  - third:eth0: 198.51.100.1/24\n    right:eth1: 198.51.100.2/24\nsteps:\n%s", steps);
	expect_clean(text_str(&text));
	text_clear(&text);
	text_addf(&text, "scenario: mac\nnodes: {left: {}, right: {}, third: {}}\nlinks:\n  - left:eth0: 192.0.2.1/24\n    right:eth0: 192.0.2.2/24\n"
		  "    third:eth0: 192.0.2.3/24\nsteps:\n%s", steps);
	expect_findings(text_str(&text), DIAG_BAD_PACKET, 1);
}

Test(check, values_that_only_the_run_knows_are_left_to_it)
{
	expect_clean(TWO_HOSTS(
		"  - send: {in: left, with: packet, times: 3, packet: {eth: {}, ip: {id: $(i)}, udp: {srcport: 7, dstport: 9}}}\n"
		"  - expect: {at: right:eth0, packets: udp, as: first}\n"
		"  - send: {in: left, with: udp, to: \"right:$(first.udp.dstport)\", payload: x, options: {IP_TTL: $(first.ip.ttl)}}\n"
		"  - expect: {at: right:eth0, packets: udp dst port $(first.udp.dstport), fields: {ip.ttl: $(first.ip.ttl)}}\n"));
}

Test(check, payloads_and_captures_are_looked_for_from_the_scenarios_folder)
{
	char directory[] = "/tmp/nslab-check-XXXXXX";
	_cleanup_text_ struct text path = {0}, scenario = {0};
	struct diag_list diags = {0};
	struct scenario_file *file;
	const struct scenario_case *cases;
	size_t count;

	cr_assert_not_null(mkdtemp(directory));
	text_addf(&path, "%s/bytes.bin", directory);
	close(open(text_str(&path), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	text_addf(&scenario, "%s/test.nslab.yaml", directory);
	static const char steps[] = TWO_HOSTS("  - send: {in: left, with: udp, to: \"right:9\", payload: {file: bytes.bin}}\n"
					      "  - send: {in: left, with: packet, file: bytes.bin}\n" SEE);
	file = scenario_load_text(text_str(&scenario), steps, sizeof(steps) - 1, driver_registry(), NULL, 0, &diags);
	cr_assert_not_null(file);
	cr_assert_eq(scenario_cases(file, &diags, &cases, &count), 0);
	check_case(&cases[0], &diags);
	/* The payload is there; as a capture the same file is not good. */
	cr_expect_eq(diags.errors, 1);
	cr_expect_eq(diags.items.items[0].id, DIAG_FILE_MISSING);
	cr_expect_eq(diags.items.items[0].span.line, 10);
	scenario_file_free(file);
	diag_list_free(&diags);
	unlink(text_str(&path));
	rmdir(directory);
}
