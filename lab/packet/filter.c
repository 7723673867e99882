/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcap-filter(7) expressions compiled and applied. */
#include "lab/packet/filter.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "lab/base/mem.h"
#include "lab/packet/filter_words.h"
#include "lab/packet/pcap_lib.h"

#define SNAPLEN 262144 /* what the kernel's own tools use; longer than any frame */

struct filter {
	struct pcap_lib lib;
	struct bpf_program program;
};

_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "libpcap and the kernel agree on an instruction");

/* Whether the words up to `end` are an expression of their own. */
static bool compiles(const struct pcap_lib *lib, pcap_t *pcap, const char *expression, size_t end)
{
	_cleanup_text_ struct text head = {0};
	struct bpf_program program;

	text_add_bytes(&head, expression, end);
	if (lib->compile(pcap, &program, text_str(&head), 0, PCAP_NETMASK_UNKNOWN) < 0)
		return false;
	lib->freecode(&program);
	return true;
}

/* libpcap does not say where it stopped: the word behind the longest beginning that is an expression is the best guess. */
static size_t find_fault(const struct pcap_lib *lib, pcap_t *pcap, const char *expression, const char *original)
{
	size_t good = 0, at = 0, original_at = 0, fault, start;

	filter_token(original, 0, &fault);
	for (;;) {
		size_t end = filter_token(expression, at, &start);

		/* Protocol names may have become numbers: the two differ in words, never in how many there are. */
		original_at = filter_token(original, original_at, &start);
		if (end == at)
			return fault;
		if (good == at && at > 0)
			fault = start;
		at = end;
		if (compiles(lib, pcap, expression, end))
			good = end;
	}
}

static int refuse(const struct pcap_lib *lib, pcap_t *pcap, const char *compiled, const char *expression, size_t *ret_at, struct err *err)
{
	const char *why = lib->geterr(pcap);
	static const char *const prefix = "can't parse filter expression: ";
	_cleanup_free_ char *message = mem_strdup(str_starts(why, prefix) ? why + strlen(prefix) : why);
	size_t at = find_fault(lib, pcap, compiled, expression);

	if (ret_at)
		*ret_at = at;
	if (str_starts(message, "syntax error")) {
		size_t start, end = filter_token(expression, at, &start);

		return start == end ? err_set(err, -EINVAL, "syntax error: the filter '%s' is not complete", expression) :
				      err_set(err, -EINVAL, "syntax error in the filter '%s', at or after '%.*s'", expression, (int)(end - start),
					      expression + start);
	}
	return err_set(err, -EINVAL, "the filter '%s' is refused: %s", expression, message);
}

int filter_compile(const char *expression, struct filter **ret, size_t *ret_at, struct err *err)
{
	_cleanup_text_ struct text checked = {0};
	struct pcap_lib lib;
	struct bpf_program program;

	if (!expression)
		expression = "";
	int r = filter_words_check(expression, &checked, ret_at, err);

	if (r == 0)
		r = pcap_lib_load(&lib, err);
	if (r < 0)
		return r;
	pcap_t *pcap = lib.open_dead(DLT_EN10MB, SNAPLEN);

	if (!pcap)
		return err_set(err, -ENOMEM, "libpcap is out of memory");
	if (lib.compile(pcap, &program, text_str(&checked), 1, PCAP_NETMASK_UNKNOWN) < 0) {
		r = refuse(&lib, pcap, text_str(&checked), expression, ret_at, err);
	} else {
		struct filter *filter = mem_new(struct filter);

		filter->lib = lib;
		filter->program = program;
		*ret = filter;
	}
	lib.close(pcap);
	return r;
}

bool filter_matches(const struct filter *filter, const uint8_t *frame, size_t captured, size_t on_wire)
{
	struct pcap_pkthdr header = {.caplen = (bpf_u_int32)captured, .len = (bpf_u_int32)on_wire};

	return filter->lib.offline_filter(&filter->program, &header, frame) != 0;
}

struct sock_fprog filter_program(const struct filter *filter)
{
	return (struct sock_fprog){
		.len = (unsigned short)filter->program.bf_len,
		.filter = (struct sock_filter *)(void *)filter->program.bf_insns,
	};
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	filter->lib.freecode(&filter->program);
	free(filter);
}
