/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine allows, all of it: features tried, programs looked for, limits read. */
#include "lab/run/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lab/run/cores.h"
#include "lab/run/feature.h"
#include "lab/run/feature_probe.h"

const char *const doctor_group_titles[DOCTOR_GROUP_COUNT] = {
	[DOCTOR_SANDBOX] = "A lab's own world",
	[DOCTOR_LINK] = "Interfaces and wires",
	[DOCTOR_NETFILTER] = "Rulesets",
	[DOCTOR_SOCKET] = "Techniques",
	[DOCTOR_PROGRAM] = "Programs that scenarios use",
	[DOCTOR_LIMIT] = "Limits",
};

const char *const doctor_group_names[DOCTOR_GROUP_COUNT] = {
	[DOCTOR_SANDBOX] = "sandbox", [DOCTOR_LINK] = "link", [DOCTOR_NETFILTER] = "netfilter", [DOCTOR_SOCKET] = "socket",
	[DOCTOR_PROGRAM] = "program", [DOCTOR_LIMIT] = "limit",
};

const char *const doctor_state_names[] = {
	[DOCTOR_OK] = "ok", [DOCTOR_MISSING] = "missing", [DOCTOR_FATAL] = "fatal", [DOCTOR_UNTRIED] = "untried",
};

_Static_assert((int)DOCTOR_SOCKET == (int)FEATURE_SOCKET, "feature groups come first, in their order");

static bool contains(const char *path, const char *name)
{
	_cleanup_text_ struct text file = {0};

	text_addf(&file, "%s/%s", *path ? path : ".", name);
	return access(text_str(&file), X_OK) == 0;
}

/* --- features --- */

static void try_feature(const struct feature *feature, struct doctor_report *report)
{
	struct doctor_line line = {.group = (enum doctor_group)feature->group, .name = feature->name, .doc = feature->doc};
	struct err err = {0};

	if (!report->lab_possible && !feature->outside) {
		line.state = DOCTOR_UNTRIED;
		array_push(&report->lines, line);
		return;
	}
	int r = feature_probe(feature, &err);
	if (err.text[0])
		line.note = mem_strdup(err.text);
	if (r < 0) {
		line.state = feature->needed ? DOCTOR_FATAL : DOCTOR_MISSING;
		/* Once the way into namespaces is barred, what bars it is to be changed first. */
		line.remedy = feature->group == FEATURE_SANDBOX && (!feature->remedy || !report->lab_possible) ? feature_userns_remedy() :
													       feature->remedy;
		report->lab_possible &= !feature->needed;
	}
	array_push(&report->lines, line);
}

static bool is_privileged(void)
{
	char line[128];
	uint64_t effective = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %" SCNx64, &effective) == 1)
			break;
	if (file)
		fclose(file);
	return effective >> 21 & 1; /* CAP_SYS_ADMIN, capabilities(7) */
}

/* --- programs --- */

static const struct {
	const char *name, *doc, *remedy;
} programs[] = {
	{"ip", "iproute2: comparing a lab with `nslab plan --shell`", "Debian: apt install iproute2"},
	{"nft", "rulesets by hand, in nslab shell", "Debian: apt install nftables"},
	{"ethtool", "offloads by hand, in nslab shell", "Debian: apt install ethtool"},
	{"ping", "the first thing anybody tries", "Debian: apt install iputils-ping"},
	{"nc", "netcat: talking over TCP and UDP by hand", "Debian: apt install netcat-openbsd"},
	{"tcpdump", "watching an interface, in nslab shell", "Debian: apt install tcpdump"},
	{"tshark", "reading what a run recorded", "Debian: apt install tshark"},
	{"dnsmasq", "a DHCP and DNS server", "Debian: apt install dnsmasq-base"},
};

static void look_for_programs(struct doctor_report *report)
{
	const char *path = getenv("PATH");

	for (size_t i = 0; i < COUNT_OF(programs); i++) {
		struct doctor_line line = {.group = DOCTOR_PROGRAM, .state = DOCTOR_MISSING, .name = programs[i].name, .doc = programs[i].doc,
					   .remedy = programs[i].remedy};
		_cleanup_free_ char *copy = mem_strdup(path ? path : "/usr/bin:/bin");
		char *rest = copy;

		for (char *folder; line.state != DOCTOR_OK && (folder = strsep(&rest, ":"));) {
			if (!contains(folder, programs[i].name))
				continue;
			_cleanup_text_ struct text note = {0};
			text_addf(&note, "%s/%s", folder, programs[i].name);
			line.state = DOCTOR_OK;
			line.note = text_steal(&note);
			line.remedy = NULL;
		}
		if (line.state != DOCTOR_OK)
			line.note = mem_strdup("not in PATH");
		array_push(&report->lines, line);
	}
}

/* --- limits --- */

static bool read_number(const char *path, uint64_t *ret)
{
	FILE *file = fopen(path, "re");
	bool found = file && fscanf(file, "%" SCNu64, ret) == 1;

	if (file)
		fclose(file);
	return found;
}

static void add_limit(struct doctor_report *report, const char *name, const char *doc, uint64_t value, uint64_t wanted, const char *remedy)
{
	_cleanup_text_ struct text note = {0};
	bool enough = value >= wanted;

	text_addf(&note, "%" PRIu64 " %s", value, doc);
	if (!enough)
		text_addf(&note, "; %" PRIu64 " or more lets labs of hundreds of nodes run side by side", wanted);
	array_push(&report->lines, (struct doctor_line){.group = DOCTOR_LIMIT, .state = enough ? DOCTOR_OK : DOCTOR_MISSING, .name = name,
							.doc = doc, .note = text_steal(&note), .remedy = enough ? NULL : remedy});
}

/* What is free: the host's, or what the cgroup leaves, whichever is less. */
static uint64_t free_memory(void)
{
	uint64_t available = 0, maximum = 0, used = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64, &available) == 1)
			break;
	if (file)
		fclose(file);
	available *= 1024;
	if (read_number("/sys/fs/cgroup/memory.max", &maximum) && read_number("/sys/fs/cgroup/memory.current", &used)) {
		uint64_t left = maximum > used ? maximum - used : 0;

		available = left < available ? left : available;
	}
	return available;
}

static void read_limits(struct doctor_report *report)
{
	struct rlimit limit;
	struct utsname name;
	uint64_t value;

	if (uname(&name) == 0)
		array_push(&report->lines, (struct doctor_line){.group = DOCTOR_LIMIT, .name = "kernel", .doc = "the kernel's version",
								.note = mem_strdup(name.release)});
	add_limit(report, "cores", "that this process may use", cores_granted(), 1, NULL);
	add_limit(report, "memory", "MiB free; a node takes about one", free_memory() >> 20, 256, "give it more memory, or run fewer labs at once: -j 1");
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		add_limit(report, "descriptors", "open files of one process; a node takes about four", limit.rlim_max, 4096,
			  "ulimit -Hn 65536, or LimitNOFILE= of the service");
	if (getrlimit(RLIMIT_NPROC, &limit) == 0)
		add_limit(report, "processes", "of this user", limit.rlim_cur, 1024, "ulimit -u 4096, or TasksMax= of the service");
	if (read_number("/proc/sys/user/max_net_namespaces", &value))
		add_limit(report, "net_namespaces", "network namespaces of this user", value, 1024, "as root: sysctl -w user.max_net_namespaces=10000");
	if (read_number("/proc/sys/net/ipv4/neigh/default/gc_thresh3", &value))
		add_limit(report, "neighbours", "neighbour entries, shared with all other namespaces", value, 1024,
			  "as root: sysctl -w net.ipv4.neigh.default.gc_thresh3=8192");
	if (read_number("/proc/sys/net/netfilter/nf_conntrack_max", &value))
		add_limit(report, "conntrack", "connections that conntrack can know, in each namespace", value, 4096,
			  "as root: sysctl -w net.netfilter.nf_conntrack_max=65536");
}

void doctor_examine(struct doctor_report *ret)
{
	*ret = (struct doctor_report){.lab_possible = true, .privileged = is_privileged()};
	for (const struct feature *feature = features; feature->name; feature++)
		try_feature(feature, ret);
	look_for_programs(ret);
	read_limits(ret);
}

void doctor_report_free(struct doctor_report *report)
{
	for (size_t i = 0; i < report->lines.count; i++)
		free(report->lines.items[i].note);
	array_free(&report->lines);
}
