/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The member tables: every event and each of its members, described once. */
#include "lab/event/event.h"

#include <assert.h>

static const char *const verdict_names[] = {
	[VERDICT_PASS] = "pass",   [VERDICT_FAIL] = "fail",   [VERDICT_SKIP] = "skip",
	[VERDICT_XFAIL] = "xfail", [VERDICT_ERROR] = "error", [VERDICT_FLAKY] = "flaky",
};
static_assert(COUNT_OF(verdict_names) == VERDICT_COUNT, "every verdict has a name");

const char *verdict_name(enum verdict verdict)
{
	return (unsigned)verdict < COUNT_OF(verdict_names) ? verdict_names[verdict] : "unknown";
}

#define MEMBER(struct_type, member, key, member_type, text) \
	{.name = (key), .type = (member_type), .offset = offsetof(struct struct_type, member), .doc = (text)}
#define INT(struct_type, member, text) MEMBER(struct_type, member, #member, MEMBER_INT, text)
#define UINT(struct_type, member, text) MEMBER(struct_type, member, #member, MEMBER_UINT, text)
#define BOOL(struct_type, member, text) MEMBER(struct_type, member, #member, MEMBER_BOOL, text)
#define STRING(struct_type, member, text) MEMBER(struct_type, member, #member, MEMBER_STRING, text)
#define VERDICT(struct_type, member, text) MEMBER(struct_type, member, #member, MEMBER_VERDICT, text)
#define BYTES(struct_type, member, count, text)                                                             \
	{.name = #member, .type = MEMBER_BYTES, .offset = offsetof(struct struct_type, member),             \
	 .count_offset = offsetof(struct struct_type, count), .doc = (text)}
#define LIST(struct_type, member, count, element, text)                                                     \
	{.name = #member, .type = MEMBER_LIST, .offset = offsetof(struct struct_type, member),              \
	 .count_offset = offsetof(struct struct_type, count), .list = (element), .doc = (text)}

static const struct event_member run_begin_members[] = {
	INT(event_run_begin, version, "of this format; it changes when a member changes its meaning or goes away"),
	STRING(event_run_begin, program, "the program and its version, `nslab 0.1.0`"),
	INT(event_run_begin, cases, "how many cases will run"),
	INT(event_run_begin, jobs, "at most so many at once"),
	UINT(event_run_begin, seed, "of all randomness in the run"),
};

static const struct event_member case_begin_members[] = {
	STRING(event_case_begin, id, "stable name, `scenarios/ping.nslab.yaml[family=ipv6]`"),
	STRING(event_case_begin, file, "the scenario's file, as it was named"),
	INT(event_case_begin, line, "of the scenario's title, from 1"),
	STRING(event_case_begin, title, "the scenario's title"),
	STRING(event_case_begin, about, "what the scenario says about itself"),
	STRING(event_case_begin, tags, "separated by a space"),
	STRING(event_case_begin, rerun, "the command line that runs this case again"),
	UINT(event_case_begin, seed, "of this case's randomness"),
	STRING(event_case_begin, observer, "`sockets` or `rings`: how packets are captured"),
};

static const struct event_member interface_members[] = {
	INT(event_interface, index, "from 0, in file order; packets name their interface by it"),
	STRING(event_interface, node, "whose it is"),
	STRING(event_interface, interface, "its name in that node"),
	STRING(event_interface, mac, "its hardware address"),
	STRING(event_interface, addresses, "with prefix lengths, separated by a space"),
	INT(event_interface, link, "index of the link it is an end of; -1 for `lo` and the like"),
};

static const struct event_member lab_ready_members[] = {
	INT(event_lab_ready, took, "ns from the runner's start until the first step could begin"),
};

static const struct event_member step_begin_members[] = {
	INT(event_step_begin, step, "index from 0; the steps of a `together` count on their own, after it"),
	STRING(event_step_begin, verb, "`send`, `run`, `expect`…"),
	STRING(event_step_begin, title, "its name, or a short description made from its keys"),
	INT(event_step_begin, line, "where it stands in the case's file, from 1"),
	STRING(event_step_begin, node, "where it acts"),
};

static const struct event_member step_end_members[] = {
	INT(event_step_end, step, "index, as in step-begin"),
	VERDICT(event_step_end, verdict, "`skip` where its `when` was false"),
	STRING(event_step_end, message, "why it failed"),
	STRING(event_step_end, call, "the system call that failed"),
	MEMBER(event_step_end, errno_value, "errno", MEMBER_INT, "what it failed with (errno(3)), or 0"),
	INT(event_step_end, took, "ns"),
};

static const struct event_member expect_field_members[] = {
	INT(expect_field, packet, "number on the tape; 0: of the expectation as a whole"),
	STRING(expect_field, name, "`count`, `ip.ttl`, `payload`, `gap`, `order`…"),
	STRING(expect_field, expected, "the value that was asked for"),
	STRING(expect_field, seen, "the value that was there"),
	BOOL(expect_field, held, "whether what was seen is what was expected"),
};

static const struct event_struct expect_field_struct = {
	.name = "field",
	.doc = "One thing that an expectation asked of a packet.",
	.size = sizeof(struct expect_field),
	.members = expect_field_members,
	.member_count = COUNT_OF(expect_field_members),
};

static const struct event_member expect_packet_members[] = {
	INT(expect_packet, packet, "its number on the tape, from 1"),
	INT(expect_packet, after, "ns since the window opened"),
	STRING(expect_packet, place, "`outside:eth0 in`"),
	STRING(expect_packet, summary, "one line, as a person reads it"),
	BOOL(expect_packet, selected, "matched the filter and `where`"),
	BOOL(expect_packet, matched, "and held all fields and the payload"),
};

static const struct event_struct expect_packet_struct = {
	.name = "near packet",
	.doc = "A packet that an expectation speaks of.",
	.size = sizeof(struct expect_packet),
	.members = expect_packet_members,
	.member_count = COUNT_OF(expect_packet_members),
};

static const struct event_member expect_members[] = {
	INT(event_expect, step, "index of the expectation, as in step-begin"),
	VERDICT(event_expect, verdict, "`pass`, `fail` or `error`"),
	STRING(event_expect, file, "where the expectation stands"),
	INT(event_expect, line, "and its line there, from 1"),
	STRING(event_expect, expected, "`1 packet 'udp dst port 6881' at firewall:wan in`"),
	STRING(event_expect, seen, "`saw none`"),
	STRING(event_expect, as, "the name it gave to the first match"),
	INT(event_expect, opened, "start of its window, ns since the epoch"),
	INT(event_expect, closed, "end of its window, ns since the epoch"),
	INT(event_expect, count, "how many packets counted"),
	LIST(event_expect, fields, field_count, &expect_field_struct, "what was asked, and what was there"),
	LIST(event_expect, packets, packet_count, &expect_packet_struct, "those matched; on failure the nearest others too, at most 32"),
};

static const struct event_member packet_members[] = {
	INT(event_packet, packet, "its number on the tape, from 1, in order of stamps"),
	INT(event_packet, interface, "index, as in interface"),
	INT(event_packet, out, "0: came in, 1: went out"),
	INT(event_packet, stamp, "when it was seen, ns since the epoch (packet(7) time stamp)"),
	INT(event_packet, length, "of the frame on the wire in bytes, VLAN tags included"),
	BYTES(event_packet, data, data_length, "what was captured of it, VLAN tags put back"),
	STRING(event_packet, comment, "the expectations it matched"),
	STRING(event_packet, summary, "one line, as a person reads it"),
};

static const struct event_member output_members[] = {
	INT(event_output, step, "whose program"),
	INT(event_output, stream, "1 standard output, 2 standard error"),
	BYTES(event_output, data, data_length, "what it wrote; pieces come in order"),
};

static const struct event_member note_members[] = {
	INT(event_note, severity, "0 information, 1 warning, 2 error"),
	STRING(event_note, text, "the remark"),
};

static const struct event_member case_end_members[] = {
	VERDICT(event_case_end, verdict, "of the case"),
	STRING(event_case_end, reason, "why it was skipped, failed or could not run; empty for a pass"),
	INT(event_case_end, took, "ns, from start to verdict"),
	INT(event_case_end, packets, "on the tape"),
	INT(event_case_end, lost, "by the observer: above 0, no verdict rests on this tape"),
	STRING(event_case_end, artifacts, "where its capture file and logs are"),
};

static const struct event_member run_end_members[] = {
	INT(event_run_end, passed, "cases"),
	INT(event_run_end, failed, "cases"),
	INT(event_run_end, skipped, "cases"),
	INT(event_run_end, xfailed, "cases that failed as their scenario says they do"),
	INT(event_run_end, errors, "cases whose lab could not do its work"),
	INT(event_run_end, flaky, "cases that failed, then passed when run once more"),
	INT(event_run_end, not_run, "selected, but `-x` or an interrupt came first"),
	BOOL(event_run_end, interrupted, "whether the run was cut short"),
	INT(event_run_end, took, "ns"),
};

#define EVENT(struct_type, key, text)                                                            \
	{.name = (key), .doc = (text), .size = sizeof(struct event_##struct_type),               \
	 .members = struct_type##_members, .member_count = COUNT_OF(struct_type##_members)}

const struct event_struct event_structs[EVENT_TYPE_COUNT] = {
	[EVENT_RUN_BEGIN] = EVENT(run_begin, "run-begin", "A run starts. The first event of a stream."),
	[EVENT_CASE_BEGIN] = EVENT(case_begin, "case-begin", "A case starts: one scenario, or one row of its matrix."),
	[EVENT_INTERFACE] = EVENT(interface, "interface", "An interface whose packets are on the tape."),
	[EVENT_LAB_READY] = EVENT(lab_ready, "lab-ready", "The lab is built and the observer armed."),
	[EVENT_STEP_BEGIN] = EVENT(step_begin, "step-begin", "A step starts."),
	[EVENT_STEP_END] = EVENT(step_end, "step-end", "A step is over."),
	[EVENT_EXPECT] = EVENT(expect, "expect", "An expectation was judged."),
	[EVENT_PACKET] = EVENT(packet, "packet", "One observation: a frame at an interface in a direction."),
	[EVENT_OUTPUT] = EVENT(output, "output", "A program of a `run` step wrote something."),
	[EVENT_NOTE] = EVENT(note, "note", "A remark on the case, or on the run where `case` is -1."),
	[EVENT_CASE_END] = EVENT(case_end, "case-end", "A case is over: its verdict."),
	[EVENT_RUN_END] = EVENT(run_end, "run-end", "The run is over. The last event of a stream."),
};
