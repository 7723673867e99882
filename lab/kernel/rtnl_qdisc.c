/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queueing disciplines in tc's words (tc(8), tc-tbf(8), tc-pfifo(8), tc-fq_codel(8)). */
#include <errno.h>
#include <limits.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lab/kernel/rtnl.h"
#include "lab/kernel/rtnl_request.h"

/*
 * A discipline is a table of its words: what kind of value each takes and where
 * the value goes. Units are tc's own: sizes count in 1024, rates in 1000 bits,
 * "kbps" and the like are bytes a second, a bare time is in microseconds.
 */
enum word_type { WORD_FLAG, WORD_COUNT, WORD_SIZE, WORD_TIME, WORD_RATE };

struct word {
	const char *name;
	enum word_type type;
	int attribute;  /* of TCA_OPTIONS, a u32; -1: for the discipline's own function */
	uint64_t value; /* WORD_FLAG: what the flag sets */
};

#define WORDS_MAX 12
struct qdisc {
	const char *name;
	struct word words[WORDS_MAX];
	/* Puts what is no u32 attribute; `values` and `given` are parallel to `words`. NULL: nothing to put. */
	int (*put)(struct nl_msg *msg, const uint64_t *values, const bool *given, struct err *err);
};

struct unit {
	const char *name;
	double factor;
};

static const struct unit size_units[] = {
	{"", 1},	    {"b", 1},		{"k", 1024},	     {"kb", 1024},	    {"m", 1048576},
	{"mb", 1048576},    {"g", 1073741824},	{"gb", 1073741824},  {"kbit", 1024 / 8},    {"mbit", 1048576 / 8},
	{"gbit", 1073741824 / 8},
};
static const struct unit time_units[] = {
	{"", 1}, {"us", 1}, {"usec", 1}, {"usecs", 1}, {"ms", 1e3}, {"msec", 1e3}, {"msecs", 1e3}, {"s", 1e6}, {"sec", 1e6}, {"secs", 1e6},
};
/* In bytes a second, as the kernel counts. */
static const struct unit rate_units[] = {
	{"", 1. / 8},	      {"bit", 1. / 8},	     {"kbit", 1e3 / 8},	      {"mbit", 1e6 / 8},	{"gbit", 1e9 / 8},
	{"kibit", 1024. / 8}, {"mibit", 1048576. / 8}, {"gibit", 1073741824. / 8}, {"bps", 1},		{"kbps", 1e3},
	{"mbps", 1e6},	      {"gbps", 1e9},
};
static const struct unit count_units[] = {{"", 1}, {"p", 1}};

static const struct {
	const struct unit *units;
	size_t count;
	const char *example;
} unit_tables[] = {
	[WORD_COUNT] = {count_units, COUNT_OF(count_units), "1000"},
	[WORD_SIZE] = {size_units, COUNT_OF(size_units), "10kb"},
	[WORD_TIME] = {time_units, COUNT_OF(time_units), "50ms"},
	[WORD_RATE] = {rate_units, COUNT_OF(rate_units), "1mbit"},
};

static int parse_value(const struct word *word, const char *text, uint64_t *ret, struct err *err)
{
	char *end;
	double number = strtod(text, &end);

	for (size_t i = 0; end != text && number >= 0 && i < unit_tables[word->type].count; i++) {
		const struct unit *unit = &unit_tables[word->type].units[i];

		if (strcasecmp(end, unit->name) != 0)
			continue;
		if (!(number * unit->factor < 1e15))
			break;
		*ret = (uint64_t)(number * unit->factor + 0.5);
		return 0;
	}
	return err_set(err, -EINVAL, "'%s' is no value for %s: write for example '%s'", text, word->name, unit_tables[word->type].example);
}

/* --- disciplines --- */

enum { FIFO_LIMIT };

static int put_fifo(struct nl_msg *msg, const uint64_t *values, const bool *given, struct err *err)
{
	struct tc_fifo_qopt options = {.limit = (uint32_t)values[FIFO_LIMIT]};

	(void)err;
	if (given[FIFO_LIMIT])
		rtnl_put(msg, TCA_OPTIONS, &options, sizeof(options));
	return 0;
}

enum { TBF_RATE, TBF_BURST, TBF_BUFFER, TBF_MAXBURST, TBF_LATENCY, TBF_LIMIT };

static int put_tbf(struct nl_msg *msg, const uint64_t *values, const bool *given, struct err *err)
{
	uint64_t rate = values[TBF_RATE], limit = values[TBF_LIMIT];
	uint64_t burst = given[TBF_BURST] ? values[TBF_BURST] : given[TBF_BUFFER] ? values[TBF_BUFFER] : values[TBF_MAXBURST];

	if (!rate || !burst || given[TBF_LATENCY] == given[TBF_LIMIT])
		return err_set(err, -EINVAL, "tbf wants a rate, a burst, and either latency or limit: 'tbf rate 1mbit burst 10kb latency 50ms'");
	if (given[TBF_LATENCY]) /* what may wait: so much that the last byte waits that long */
		limit = (uint64_t)((double)rate * (double)values[TBF_LATENCY] / 1e6) + burst;
	if (limit > UINT32_MAX || burst > UINT32_MAX)
		return err_set(err, -ERANGE, "tbf: the queue would be longer than 4 GiB");

	struct tc_tbf_qopt options = {
		.rate = {.linklayer = TC_LINKLAYER_ETHERNET, .rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate},
		.limit = (uint32_t)limit,
	};
	struct nlattr *nest = rtnl_nest(msg, TCA_OPTIONS);
	rtnl_put(msg, TCA_TBF_PARMS, &options, sizeof(options));
	rtnl_put_u32(msg, TCA_TBF_BURST, (uint32_t)burst);
	if (rate > UINT32_MAX)
		rtnl_put(msg, TCA_TBF_RATE64, &rate, sizeof(rate));
	rtnl_nest_end(msg, nest);
	return 0;
}

static const struct qdisc qdiscs[] = {
	{"pfifo", {[FIFO_LIMIT] = {"limit", WORD_COUNT, -1}}, put_fifo},
	{"bfifo", {[FIFO_LIMIT] = {"limit", WORD_SIZE, -1}}, put_fifo},
	{"pfifo_fast", {{NULL}}, NULL},
	{"noqueue", {{NULL}}, NULL},
	{"tbf",
	 {[TBF_RATE] = {"rate", WORD_RATE, -1},
	  [TBF_BURST] = {"burst", WORD_SIZE, -1},
	  [TBF_BUFFER] = {"buffer", WORD_SIZE, -1},
	  [TBF_MAXBURST] = {"maxburst", WORD_SIZE, -1},
	  [TBF_LATENCY] = {"latency", WORD_TIME, -1},
	  [TBF_LIMIT] = {"limit", WORD_SIZE, -1}},
	 put_tbf},
	{"fq_codel",
	 {{"limit", WORD_COUNT, TCA_FQ_CODEL_LIMIT},
	  {"flows", WORD_COUNT, TCA_FQ_CODEL_FLOWS},
	  {"quantum", WORD_SIZE, TCA_FQ_CODEL_QUANTUM},
	  {"target", WORD_TIME, TCA_FQ_CODEL_TARGET},
	  {"interval", WORD_TIME, TCA_FQ_CODEL_INTERVAL},
	  {"memory_limit", WORD_SIZE, TCA_FQ_CODEL_MEMORY_LIMIT},
	  {"ce_threshold", WORD_TIME, TCA_FQ_CODEL_CE_THRESHOLD},
	  {"ecn", WORD_FLAG, TCA_FQ_CODEL_ECN, 1},
	  {"noecn", WORD_FLAG, TCA_FQ_CODEL_ECN, 0}},
	 NULL},
	{"fq",
	 {{"limit", WORD_COUNT, TCA_FQ_PLIMIT},
	  {"flow_limit", WORD_COUNT, TCA_FQ_FLOW_PLIMIT},
	  {"quantum", WORD_SIZE, TCA_FQ_QUANTUM},
	  {"initial_quantum", WORD_SIZE, TCA_FQ_INITIAL_QUANTUM},
	  {"maxrate", WORD_RATE, TCA_FQ_FLOW_MAX_RATE},
	  {"pacing", WORD_FLAG, TCA_FQ_RATE_ENABLE, 1},
	  {"nopacing", WORD_FLAG, TCA_FQ_RATE_ENABLE, 0}},
	 NULL},
};

static const struct qdisc *find_qdisc(const char *name, struct err *err)
{
	_cleanup_text_ struct text known = {0};

	for (size_t i = 0; i < COUNT_OF(qdiscs); i++) {
		if (str_eq(qdiscs[i].name, name))
			return &qdiscs[i];
		text_addf(&known, "%s%s", i ? ", " : "", qdiscs[i].name);
	}
	err_set(err, -EINVAL, "qdisc '%s' is not one of %s", name ? name : "", text_str(&known));
	return NULL;
}

static int find_word(const struct qdisc *qdisc, const char *name)
{
	for (int i = 0; i < WORDS_MAX && qdisc->words[i].name; i++)
		if (str_eq(qdisc->words[i].name, name))
			return i;
	return -1;
}

/* Reads "word value word value…" from strtok_r()'s `rest`. */
static int read_words(const struct qdisc *qdisc, char **rest, uint64_t *values, bool *given, struct err *err)
{
	for (char *name; (name = strtok_r(NULL, " \t\n", rest));) {
		int at = find_word(qdisc, name);
		const char *text;
		int r = 0;

		if (at < 0)
			return err_set(err, -EINVAL, "qdisc %s has no word '%s'", qdisc->name, name);
		if (qdisc->words[at].type == WORD_FLAG)
			values[at] = qdisc->words[at].value;
		else if (!(text = strtok_r(NULL, " \t\n", rest)))
			return err_set(err, -EINVAL, "qdisc %s: a value is missing after '%s'", qdisc->name, name);
		else
			r = parse_value(&qdisc->words[at], text, &values[at], err);
		if (r < 0)
			return r;
		given[at] = true;
	}
	return 0;
}

static int put_words(struct nl_msg *msg, const struct qdisc *qdisc, const uint64_t *values, const bool *given, struct err *err)
{
	struct nlattr *nest = NULL;

	if (qdisc->put)
		return qdisc->put(msg, values, given, err);
	for (int i = 0; i < WORDS_MAX && qdisc->words[i].name; i++) {
		if (!given[i])
			continue;
		if (values[i] > UINT32_MAX)
			return err_set(err, -ERANGE, "qdisc %s: %s is too large", qdisc->name, qdisc->words[i].name);
		if (!nest)
			nest = rtnl_nest(msg, TCA_OPTIONS);
		rtnl_put_u32(msg, qdisc->words[i].attribute, (uint32_t)values[i]);
	}
	rtnl_nest_end(msg, nest);
	return 0;
}

/* Parses the words; where `msg` is given, puts them. */
static int build_qdisc(struct nl_msg *msg, const char *words, struct err *err)
{
	_cleanup_free_ char *copy = mem_strdup(words);
	uint64_t values[WORDS_MAX] = {0};
	bool given[WORDS_MAX] = {false};
	char *rest = NULL;
	const struct qdisc *qdisc = find_qdisc(strtok_r(copy, " \t\n", &rest), err);
	int r;

	if (!qdisc)
		return -EINVAL;
	r = read_words(qdisc, &rest, values, given, err);
	if (r < 0)
		return r;
	rtnl_put_string(msg, TCA_KIND, qdisc->name);
	return put_words(msg, qdisc, values, given, err);
}

static struct nl_msg *new_qdisc(int index)
{
	struct tcmsg tcm = {.tcm_family = AF_UNSPEC, .tcm_ifindex = index, .tcm_parent = TC_H_ROOT};

	return rtnl_request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &tcm, sizeof(tcm));
}

int rtnl_check_qdisc(const char *words, struct err *err)
{
	struct nl_msg *msg = new_qdisc(1);
	int r = build_qdisc(msg, words, err);

	nlmsg_free(msg);
	return r;
}

int rtnl_add_qdisc(struct rtnl *rtnl, int index, const char *words, struct err *err)
{
	struct nl_msg *msg = new_qdisc(index);
	int r = build_qdisc(msg, words, err);

	if (r < 0) {
		nlmsg_free(msg);
		return r;
	}
	return rtnl_queue(rtnl, msg, err, "cannot set qdisc '%s' on link %d", words, index);
}
