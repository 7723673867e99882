/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab new: a first scenario, with comments. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lab/cli/commands.h"

#define SUFFIX ".nslab.yaml"

/* Laid out as `nslab fmt` would; a test checks, formats and runs it. */
static const char lesson[] =
	"# A lab: two hosts, a router between them, one UDP packet.\n"
	"#   nslab run FILE      builds it, runs it, tears it down; no root needed\n"
	"#   nslab check FILE    says what is wrong before anything runs\n"
	"#   nslab graph FILE    draws it\n"
	"#   nslab explain KEY   tells what a key means, as in: nslab explain steps.send\n"
	"scenario: TITLE\n"
	"about: |\n"
	"  Alice greets bob through a router. The packet is seen on both wires, and\n"
	"  the router has taken one from its TTL.\n"
	"\n"
	"# Each node is a machine: a network namespace with its own stack.\n"
	"nodes:\n"
	"  alice:\n"
	"    routes: [default via 192.0.2.1] # as ip-route(8) writes them\n"
	"  router:\n"
	"    kind: router # it forwards; a host, the default, does not\n"
	"  bob:\n"
	"    routes: [default via 198.51.100.1]\n"
	"\n"
	"# Each link is a wire: two ends, node:interface, with their addresses.\n"
	"links:\n"
	"  - alice:eth0: 192.0.2.2/24\n"
	"    router:left: 192.0.2.1/24\n"
	"  - router:right: 198.51.100.1/24\n"
	"    bob:eth0: 198.51.100.2/24\n"
	"\n"
	"# Steps act one after another; what follows each must be seen because of it.\n"
	"steps:\n"
	"  # Somebody has to listen, or bob's kernel answers that nobody does.\n"
	"  - step: bob listens\n"
	"    receive: {in: bob, with: udp, to: \":7777\", payload: hello bob, background: true}\n"
	"\n"
	"  - step: alice greets bob\n"
	"    send:\n"
	"      in: alice\n"
	"      with: udp # a technique; nslab drivers lists them\n"
	"      to: bob:7777 # a node's name stands for its address\n"
	"      payload: hello bob\n"
	"\n"
	"  # The tape of every interface is recorded. On alice's wire the packet leaves ...\n"
	"  - expect:\n"
	"      at: alice:eth0\n"
	"      dir: out\n"
	"      packets: udp dst port 7777 # a filter as tcpdump knows it, pcap-filter(7)\n"
	"      count: 1\n"
	"      fields: {ip.ttl: 64} # named as Wireshark names them\n"
	"\n"
	"  # ... and on bob's it arrives.\n"
	"  - expect:\n"
	"      at: bob:eth0\n"
	"      dir: in\n"
	"      packets: udp dst port 7777\n"
	"      count: 1\n"
	"      payload: hello bob\n"
	"      fields: {ip.ttl: 63}\n"
	"\n"
	"  # Nobody asked bob for an answer.\n"
	"  - expect:\n"
	"      at: bob:eth0\n"
	"      dir: out\n"
	"      packets: udp or icmp\n"
	"      count: 0\n"
	"\n"
	"  - step: bob has heard it\n"
	"    wait: bob listens\n";

static void add_path(const char *name, struct text *path)
{
	text_add(path, name);
	if (!str_ends(name, SUFFIX))
		text_add(path, SUFFIX);
}

/* The file's name as a title: "my-first_lab" is "My first lab". */
static void add_title(const char *name, struct text *title)
{
	const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	size_t length = str_ends(base, SUFFIX) ? strlen(base) - strlen(SUFFIX) : strlen(base);

	for (size_t i = 0; i < length; i++) {
		char c = base[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z'))
			c = ' ';
		if (!title->length && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c != ' ' || (title->length && title->data[title->length - 1] != ' '))
			text_add_char(title, c);
	}
	while (title->length && title->data[title->length - 1] == ' ')
		title->data[--title->length] = '\0';
	if (!title->length || (title->data[0] >= '0' && title->data[0] <= '9')) {
		text_clear(title);
		text_add(title, "A first scenario");
	}
}

static void add_lesson(const char *name, const char *path, struct text *out)
{
	_cleanup_text_ struct text title = {0};

	add_title(name, &title);
	for (const char *c = lesson; *c;) {
		if (strncmp(c, "TITLE", 5) == 0) {
			text_add(out, text_str(&title));
			c += 5;
		} else if (strncmp(c, "FILE", 4) == 0) {
			text_add(out, path);
			c += 4;
		} else {
			text_add_char(out, *c++);
		}
	}
}

static int run(struct cli *cli, const void *options, const char *const *arguments, size_t count)
{
	const char *name = count ? arguments[0] : "hello";
	_cleanup_text_ struct text path = {0};
	_cleanup_text_ struct text content = {0};

	(void)options;
	add_path(name, &path);
	add_lesson(name, text_str(&path), &content);
	_cleanup_close_ int fd = open(text_str(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST) {
		cli_error(cli, "'%s' is there already and stays as it is; choose another name", text_str(&path));
		return CLI_USAGE;
	}
	if (fd < 0 || write(fd, text_str(&content), content.length) != (ssize_t)content.length) {
		cli_error(cli, "cannot write '%s': %s", text_str(&path), strerror(errno));
		return CLI_ERROR;
	}
	fprintf(cli->out, "%s is written. Now:\n\n  nslab run %s\n", text_str(&path), text_str(&path));
	return CLI_OK;
}

const struct command command_new = {
	.name = "new",
	.group = GROUP_WRITE,
	.summary = "write a first scenario, with comments, ready to run",
	.arguments = "[NAME]",
	.about = "Writes NAME.nslab.yaml, hello.nslab.yaml without a name. A file that is there\n"
		 "already stays as it is.",
	.examples = "  nslab new hello && nslab run hello.nslab.yaml",
	.arguments_max = 1,
	.run = run,
};
