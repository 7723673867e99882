/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans made from the text of a scenario. */
#include "tests/run/plan_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"

const struct plan *plan_of(const char *text)
{
	struct diag_list diags = {0};
	const struct scenario_case *cases;
	size_t count;
	struct scenario_file *file = scenario_load_text("plan.nslab.yaml", text, strlen(text), driver_registry(), NULL, 0, &diags);

	if (file && scenario_cases(file, &diags, &cases, &count) == 0 && count)
		return plan_make(cases[0].tree, arena_new());
	for (size_t i = 0; i < diags.items.count; i++) {
		struct text out = {0};

		diag_print(&diags.items.items[i], false, false, &out);
		fputs(text_str(&out), stderr);
	}
	abort();
}

const char plan_everything[] =
	"scenario: everything at once\n"
	"nodes:\n"
	"  client:\n"
	"    routes: [default via 192.0.2.1, \"default via 2001:db8:1::1\"]\n"
	"    sysctl: {net.ipv4.ip_default_ttl: 33, net.ipv4.conf.eth0.arp_announce: 2}\n"
	"  gate:\n"
	"    kind: router\n"
	"    interfaces:\n"
	"      lo: {address: 203.0.113.1/32}\n"
	"    rules: [\"fwmark 0x1 lookup 100 priority 500\", \"from 192.0.2.0/24 lookup 101 priority 501\"]\n"
	"    routes: [\"local default dev lo table 100\", \"blackhole 203.0.113.128/25\", \"203.0.113.64/26 via 198.51.100.9 metric 20 mtu 1400\"]\n"
	"    neighbours: [\"198.51.100.9 lladdr 02:00:00:00:00:99 dev wan\"]\n"
	"    nftables: |\n"
	"      table inet fw {\n"
	"        chain forward {\n"
	"          type filter hook forward priority filter; policy drop;\n"
	"          ct state established,related accept\n"
	"          iifname \"lan\" counter accept\n"
	"        }\n"
	"        chain post {\n"
	"          type nat hook postrouting priority srcnat;\n"
	"          oifname \"wan\" masquerade\n"
	"        }\n"
	"      }\n"
	"  switch: {kind: bridge}\n"
	"  one: {routes: [default via 198.51.100.1]}\n"
	"  two: {}\n"
	"  mute: {kind: silent}\n"
	"links:\n"
	"  - client:eth0: [192.0.2.2/24, \"2001:db8:1::2/64\"]\n"
	"    gate:lan: [192.0.2.1/24, \"2001:db8:1::1/64\"]\n"
	"    mtu: 1400\n"
	"    qdisc: tbf rate 10mbit burst 10kb latency 50ms\n"
	"  - gate:wan: 198.51.100.1/24\n"
	"    one:eth0: {address: 198.51.100.2/24, mac: \"02:00:00:00:00:22\"}\n"
	"    two:eth0: 198.51.100.3/24\n"
	"  - one:eth1: 192.0.2.61/30\n"
	"    switch:p1:\n"
	"  - two:eth1: {address: 192.0.2.62/30, state: down}\n"
	"    switch:p2:\n"
	"    offloads: on\n"
	"  - mute:eth0: 192.0.2.131/28\n"
	"    two:eth2: 192.0.2.132/28\n";
