/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run that never was: one stream of events with every verdict and every oddity in it. */
#include "tests/report/stream.h"

#include "lab/base/clock.h"

#define START INT64_C(1767268800000000000) /* 2026-01-01T12:00:00Z */
#define MS(n) ((n) * NS_PER_MS)
#define PIERCE "pierce.nslab.yaml"
#define BYTES(literal) .data = (const uint8_t *)(literal), .data_length = sizeof(literal) - 1

static struct event run_begin(int64_t cases, int64_t jobs)
{
	return (struct event){EVENT_RUN_BEGIN, -1, START, .run_begin = {EVENT_VERSION, "nslab 0.1.0", cases, jobs, 42}};
}

static struct event case_begin(int64_t index, int64_t at, const char *id, const char *file, const char *title)
{
	static const char *const again[] = {
		[0] = "nslab run scenarios/ping.nslab.yaml",
		[1] = "nslab run --seed 42 pierce.nslab.yaml",
		[10] = "nslab run 'scenarios/http.nslab.yaml[size=large,family=ipv6]'",
	};

	return (struct event){EVENT_CASE_BEGIN, index, START + at,
			      .case_begin = {id, file, 1, title, "", "udp lesson",
					     (size_t)index < COUNT_OF(again) && again[index] ? again[index] : "nslab run again", 42,
					     "sockets"}};
}

static struct event step_begin(int64_t index, int64_t at, int64_t step, const char *verb, const char *title, int64_t line, const char *node)
{
	return (struct event){EVENT_STEP_BEGIN, index, START + at, .step_begin = {step, verb, title, line, node}};
}

static struct event step_end(int64_t index, int64_t at, int64_t step, enum verdict verdict, const char *message)
{
	return (struct event){EVENT_STEP_END, index, START + at, .step_end = {step, verdict, message, "", 0, MS(1)}};
}

static struct event case_end(int64_t index, int64_t at, enum verdict verdict, const char *reason, int64_t took, int64_t packets)
{
	return (struct event){EVENT_CASE_END, index, START + at, .case_end = {verdict, reason, took, packets, 0, ""}};
}

static struct event note(int64_t index, int64_t severity, const char *text)
{
	return (struct event){EVENT_NOTE, index, START, .note = {severity, text}};
}

struct teller {
	struct event_sink *sink;
	struct err *err;
	int result;
};

static void tell(struct teller *teller, struct event event)
{
	int r = event_emit(teller->sink, &event, teller->err);

	if (r < 0 && teller->result >= 0)
		teller->result = r;
}

static void ping_begins(struct teller *t)
{
	static const uint8_t frame[] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 8, 0, 0x45};

	tell(t, case_begin(0, 0, "scenarios/ping.nslab.yaml", "scenarios/ping.nslab.yaml", "Ping across a router"));
	tell(t, (struct event){EVENT_INTERFACE, 0, START, .interface = {0, "client", "eth0", "02:00:00:00:00:01", "192.0.2.2/24", 0}});
	tell(t, (struct event){EVENT_INTERFACE, 0, START, .interface = {1, "router", "lan", "02:00:00:00:00:02", "192.0.2.1/24", 0}});
	tell(t, (struct event){EVENT_LAB_READY, 0, START + MS(1), .lab_ready = {1750000}});
	tell(t, step_begin(0, MS(2), 0, "send", "the client asks", 20, "client"));
	tell(t, step_end(0, MS(3), 0, VERDICT_PASS, ""));
	tell(t, step_begin(0, MS(3), 1, "expect", "1 packet 'icmp' at router:lan", 25, ""));
	tell(t, (struct event){EVENT_PACKET, 0, START + MS(3),
			       .packet = {1, 0, 1, START + MS(2) + 31000, sizeof(frame), frame, sizeof(frame), "",
					  "192.0.2.2 > 198.51.100.2 ICMP echo request id 7 seq 1"}});
	tell(t, (struct event){EVENT_PACKET, 0, START + MS(3),
			       .packet = {2, 1, 0, START + MS(2) + 45000, sizeof(frame), frame, sizeof(frame), "step 2",
					  "192.0.2.2 > 198.51.100.2 ICMP echo request id 7 seq 1"}});
}

static void ping_ends(struct teller *t)
{
	tell(t, (struct event){EVENT_EXPECT, 0, START + MS(3),
			       .expect = {1, VERDICT_PASS, "scenarios/ping.nslab.yaml", 25, "1 packet 'icmp' at router:lan", "saw 1", "",
					  START + MS(2), START + MS(3), 1}});
	tell(t, step_end(0, MS(3), 1, VERDICT_PASS, ""));
	tell(t, note(0, 1, "the wire 'lan' has ends of different MTUs: 1500 at client:eth0 and 1400 at router:lan; "
			   "what is larger than the smaller one will be dropped there"));
	tell(t, case_end(0, MS(4), VERDICT_PASS, "", 3210000, 2));
}

/* A field that differs, a packet that was nearly right, and a program that said something. */
static void pierce_begins(struct teller *t)
{
	tell(t, case_begin(1, MS(1), PIERCE, PIERCE, "Pierce a firewall from within"));
	tell(t, step_begin(1, MS(2), 0, "pierce", "the inside speaks first", 18, "inside"));
	tell(t, (struct event){EVENT_OUTPUT, 1, START + MS(2), .output = {0, 1, BYTES("one packet se")}});
	tell(t, (struct event){EVENT_OUTPUT, 1, START + MS(2), .output = {0, 1, BYTES("nt from :6881\nwaiting\n")}});
	tell(t, step_end(1, MS(3), 0, VERDICT_PASS, ""));
	tell(t, step_begin(1, MS(3), 1, "expect", "1 packet 'udp src port 6881' at outside:eth0", 20, ""));
}

static void pierce_ends(struct teller *t)
{
	static const struct expect_field fields[] = {
		{0, "count", "1", "1", true},
		{4, "ip.ttl", "63", "64", false},
		{4, "ip.dst", "198.51.100.2", "198.51.100.2", true},
	};
	static const struct expect_packet packets[] = {
		{3, 31000, "firewall:lan in", "192.0.2.2:6881 > 198.51.100.2:80 UDP 2 bytes", false, false},
		{4, 52000, "outside:eth0 in", "192.0.2.2:6881 > 198.51.100.2:80 UDP 2 bytes", true, false},
		{5, 1071000, "outside:eth0 out", "198.51.100.2 > 192.0.2.2 ICMP destination unreachable, port unreachable", false, false},
	};
	struct event end = case_end(1, MS(55), VERDICT_FAIL, "1 of 2 expectations did not hold", 54100000, 6);

	tell(t, (struct event){EVENT_EXPECT, 1, START + MS(53),
			       .expect = {1, VERDICT_FAIL, PIERCE, 20, "1 packet 'udp src port 6881' at outside:eth0",
					  "saw 1, and its ip.ttl is 64", "", START + MS(2), START + MS(52), 1, fields, COUNT_OF(fields),
					  packets, COUNT_OF(packets)}});
	tell(t, step_end(1, MS(53), 1, VERDICT_FAIL, "saw 1, and its ip.ttl is 64"));
	end.case_end.artifacts = "out/pierce.pcapng";
	tell(t, end);
}

/* Nothing came at all; and the expectation's step was not announced. */
static void silence(struct teller *t)
{
	static const struct expect_field fields[] = {{0, "count", "1..", "0", false}};

	tell(t, case_begin(2, MS(4), "pierce.nslab.yaml[family=ipv6]", PIERCE, "Pierce a firewall from within"));
	tell(t, (struct event){EVENT_EXPECT, 2, START + MS(1005),
			       .expect = {3, VERDICT_FAIL, PIERCE, 29, "1 or more packets 'udp dst port 6881' at inside:eth0", "saw none", "",
					  START + MS(5), START + MS(1005), 0, fields, 1, NULL, 0}});
	tell(t, case_end(2, MS(1006), VERDICT_FAIL, "", MS(1001), 12));
}

static void broken_lab(struct teller *t)
{
	struct event end = step_end(3, MS(7), 0, VERDICT_ERROR, "cannot send 70000 bytes to 192.0.2.9:80: Message too long");

	end.step_end.call = "sendto";
	end.step_end.errno_value = 90;
	tell(t, case_begin(3, MS(5), "scenarios/too-long.nslab.yaml", "scenarios/too-long.nslab.yaml", "A datagram too long"));
	tell(t, step_begin(3, MS(6), 0, "send", "send", 14, "client"));
	tell(t, end);
	tell(t, note(3, 2, "the runner was killed by signal 9"));
	tell(t, case_end(3, MS(8), VERDICT_ERROR, "step 1 (send): cannot send 70000 bytes to 192.0.2.9:80: Message too long", MS(2), 0));
}

static void skips(struct teller *t)
{
	static const char *const titles[] = {"DHCP by dnsmasq", "DNS by dnsmasq", "Zero copy by splice"};

	for (int64_t i = 0; i < 3; i++) {
		tell(t, case_begin(4 + i, MS(8), i < 2 ? "scenarios/dnsmasq.nslab.yaml" : "scenarios/splice.nslab.yaml",
				   i < 2 ? "scenarios/dnsmasq.nslab.yaml" : "scenarios/splice.nslab.yaml", titles[i]));
		tell(t, case_end(4 + i, MS(8), VERDICT_SKIP,
				 i < 2 ? "needs the program 'dnsmasq', which is not in PATH" : "needs kernel >= 6.5, and this is 6.1", 0, 0));
	}
}

static void known_bug(struct teller *t)
{
	tell(t, case_begin(7, MS(9), "scenarios/fragments.nslab.yaml", "scenarios/fragments.nslab.yaml",
			   "Fragments that overlap are put together by every stack in a way of its own, and ours is no exception"));
	tell(t, case_end(7, MS(12), VERDICT_XFAIL, "the kernel keeps the first # of two overlapping fragments", 3120000, 9));
}

/* Failed, then passed. */
static void two_minds(struct teller *t)
{
	for (int64_t go = 0; go < 2; go++) {
		int64_t at = MS(10) + go * MS(40);

		tell(t, case_begin(8, at, "scenarios/handshake.nslab.yaml", "scenarios/handshake.nslab.yaml", "TCP handshake"));
		tell(t, step_begin(8, at, 0, "receive", "the server answers", 30, "server"));
		tell(t, step_end(8, at + MS(20), 0, go ? VERDICT_PASS : VERDICT_FAIL, go ? "" : "nothing came within 20 ms"));
	}
	tell(t, case_end(8, MS(90), VERDICT_FLAKY, "failed, then passed when run again with rings", MS(80), 31));
}

/* A payload with all that must not reach a terminal, XML or a workflow command as it is. */
static void odd_bytes(struct teller *t)
{
	static const struct expect_field fields[] = {
		{2, "payload", "GET /docs/very/long/that/goes/on/and/on/until/the/line/is/full HTTP/1.1\r\nHost: example",
		 "GET /docs/very/long/that/goes/on/and/on/until/the/line/is/full HTTP/1.0\r\nHost: \x1b[31mred\x01", false},
		{2, "tcp.flags", "PA", "A", false},
	};
	static const struct expect_packet packets[] = {
		{2, 998000, "server:eth0 in", "192.0.2.2:40000 > 192.0.2.9:80 TCP [A] 91 bytes \x1b]0;title\x07", true, false},
	};
	struct event failed = step_end(10, MS(20), 1, VERDICT_FAIL, "it ended with status 1, where 0 was expected");

	tell(t, case_begin(10, MS(13), "scenarios/http.nslab.yaml[size=large,family=ipv6]", "scenarios/http.nslab.yaml",
			   "HTTP <GET> & \"friends\", 100%: it's a | table"));
	tell(t, step_begin(10, MS(14), 1, "run", "curl http://192.0.2.9/", 33, "client"));
	tell(t, (struct event){EVENT_OUTPUT, 10, START + MS(14),
			       .output = {1, 2, BYTES("\x1b[1;31mcurl:\x1b[0m (7) failed\r\n\ttab\there\n```\n]]>\n\x00\x07 bell \xff\xfe\n")}});
	for (int i = 0; i < 20; i++)
		tell(t, (struct event){EVENT_OUTPUT, 10, START + MS(15), .output = {1, 1, BYTES("retrying\n")}});
	tell(t, (struct event){EVENT_OUTPUT, 10, START + MS(15), .output = {1, 1, BYTES("no line end")}});
	tell(t, failed);
	tell(t, step_begin(10, MS(20), 2, "expect", "the request arrives, and is what it should be", 40, ""));
	tell(t, (struct event){EVENT_EXPECT, 10, START + MS(21),
			       .expect = {2, VERDICT_FAIL, "", 40, "1 packet at server:eth0 with payload 'GET …'",
					  "saw 1:\nits payload differs from byte 73 on", "request", START + MS(20), START + MS(21), 1, fields,
					  COUNT_OF(fields), packets, COUNT_OF(packets)}});
	tell(t, step_end(10, MS(21), 2, VERDICT_FAIL, ""));
	tell(t, case_end(10, MS(22), VERDICT_FAIL, "", MS(9), 4));
}

int stream_emit(struct event_sink *sink, struct err *err)
{
	struct teller t = {.sink = sink, .err = err};

	tell(&t, run_begin(11, 2));
	tell(&t, note(-1, 1, "this machine has no ethtool: offloads are left as they are"));
	pierce_begins(&t);
	ping_begins(&t);
	ping_ends(&t);
	pierce_ends(&t);
	silence(&t);
	broken_lab(&t);
	skips(&t);
	known_bug(&t);
	two_minds(&t);
	odd_bytes(&t);
	tell(&t, case_begin(9, MS(30), "scenarios/ping.nslab.yaml[family=ipv6]", "scenarios/ping.nslab.yaml", "Ping across a router"));
	tell(&t, case_end(9, MS(31), VERDICT_PASS, "", 850000, 8));
	tell(&t, (struct event){EVENT_RUN_END, -1, START + MS(1100), .run_end = {2, 3, 3, 1, 1, 1, 0, false, MS(1100)}});
	return t.result;
}

int stream_emit_half(struct event_sink *sink, struct err *err)
{
	struct teller t = {.sink = sink, .err = err};

	tell(&t, run_begin(11, 4));
	ping_begins(&t);
	pierce_begins(&t);
	tell(&t, case_begin(7, MS(9), "scenarios/fragments.nslab.yaml", "scenarios/fragments.nslab.yaml", "Fragments that overlap"));
	silence(&t);
	ping_ends(&t);
	tell(&t, case_begin(9, MS(30), "scenarios/ping.nslab.yaml[family=ipv6]", "scenarios/ping.nslab.yaml", "Ping across a router"));
	return t.result;
}

int stream_emit_one(struct event_sink *sink, struct err *err)
{
	struct teller t = {.sink = sink, .err = err};

	tell(&t, run_begin(1, 1));
	ping_begins(&t);
	ping_ends(&t);
	tell(&t, (struct event){EVENT_RUN_END, -1, START + MS(5), .run_end = {.passed = 1, .took = MS(5)}});
	return t.result;
}

int stream_emit_cut(struct event_sink *sink, bool interrupted, struct err *err)
{
	struct teller t = {.sink = sink, .err = err};

	tell(&t, run_begin(3, 2));
	ping_begins(&t);
	pierce_begins(&t);
	pierce_ends(&t);
	if (!interrupted)
		ping_ends(&t);
	tell(&t, (struct event){EVENT_RUN_END, -1, START + MS(60),
				.run_end = {.passed = !interrupted, .failed = 1, .not_run = interrupted ? 2 : 1, .interrupted = interrupted,
					    .took = MS(60)}});
	return t.result;
}
