/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables rulesets through libnftables (libnftables(3)), loaded when first needed. */
#include "lab/kernel/netfilter.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <nftables/libnftables.h>
#include <nss.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lab/base/text.h"

/*
 * Theory of operation
 *
 * libnftables quotes line numbers right only for a file, so the ruleset goes
 * into a memfd and is run by its name, /proc/self/fd/N. A context belongs to
 * the namespace it was made in, so each call makes its own.
 *
 * nft would look host names up, and open files that a ruleset includes: what a
 * lab is would then depend on its host. `include` is looked for in the tokens
 * beforehand. Host names are refused by libnftables itself where it can
 * (NFT_CTX_INPUT_NO_DNS, since 1.0.8); before that, by taking the C library's
 * `hosts` database away (nsswitch.conf(5)) before the first ruleset is read.
 * Service and protocol names are another database and keep working.
 */
#define INPUT_NO_DNS (1u << 0) /* NFT_CTX_INPUT_NO_DNS: not in every header */

struct nft_calls {
	void *library;
	struct nft_ctx *(*ctx_new)(uint32_t flags);
	void (*ctx_free)(struct nft_ctx *ctx);
	int (*ctx_buffer_error)(struct nft_ctx *ctx);
	int (*ctx_buffer_output)(struct nft_ctx *ctx);
	const char *(*ctx_get_error_buffer)(struct nft_ctx *ctx);
	void (*ctx_set_dry_run)(struct nft_ctx *ctx, bool dry);
	int (*run_cmd_from_filename)(struct nft_ctx *ctx, const char *filename);
	unsigned (*ctx_input_set_flags)(struct nft_ctx *ctx, unsigned flags); /* NULL before 1.0.8 */
};

static int load(struct nft_calls *ret, struct err *err)
{
	static const struct {
		const char *name;
		size_t offset;
		bool optional;
	} symbols[] = {
		{"nft_ctx_new", offsetof(struct nft_calls, ctx_new), false},
		{"nft_ctx_free", offsetof(struct nft_calls, ctx_free), false},
		{"nft_ctx_buffer_error", offsetof(struct nft_calls, ctx_buffer_error), false},
		{"nft_ctx_buffer_output", offsetof(struct nft_calls, ctx_buffer_output), false},
		{"nft_ctx_get_error_buffer", offsetof(struct nft_calls, ctx_get_error_buffer), false},
		{"nft_ctx_set_dry_run", offsetof(struct nft_calls, ctx_set_dry_run), false},
		{"nft_run_cmd_from_filename", offsetof(struct nft_calls, run_cmd_from_filename), false},
		{"nft_ctx_input_set_flags", offsetof(struct nft_calls, ctx_input_set_flags), true},
	};
	/* Never closed: loading it costs a millisecond, and the dynamic linker counts. */
	void *library = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return err_set(err, -ENOPKG, "cannot load libnftables: %s", dlerror());
	for (size_t i = 0; i < COUNT_OF(symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol && !symbols[i].optional)
			return err_set(err, -ENOPKG, "this libnftables has no %s", symbols[i].name);
		memcpy((char *)ret + symbols[i].offset, &symbol, sizeof(symbol));
	}
	ret->library = library;
	return 0;
}

/* --- include --- */

struct scanner {
	const char *at;
	unsigned line, column;
};

static void step(struct scanner *scanner)
{
	scanner->column++;
	if (*scanner->at++ == '\n') {
		scanner->line++;
		scanner->column = 1;
	}
}

/* Skips a comment, a quoted string, or one character. */
static void skip(struct scanner *scanner)
{
	char end = *scanner->at == '#' ? '\n' : *scanner->at == '"' ? '"' : '\0';

	step(scanner);
	while (end && *scanner->at && *scanner->at != end)
		step(scanner);
	if (end && *scanner->at)
		step(scanner);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '/';
}

/* Finds the statement `include "…"`: the word at the start of a statement. */
static bool find_include(const char *ruleset, unsigned *ret_line, unsigned *ret_column)
{
	struct scanner scanner = {.at = ruleset, .line = 1, .column = 1};
	bool fresh = true; /* a statement may begin here */

	while (*scanner.at) {
		if (is_word(*scanner.at)) {
			struct scanner word = scanner;

			while (is_word(*scanner.at))
				step(&scanner);
			if (fresh && scanner.at - word.at == 7 && strncmp(word.at, "include", 7) == 0) {
				*ret_line = word.line;
				*ret_column = word.column;
				return true;
			}
			fresh = false;
		} else {
			if (*scanner.at == '\n' || *scanner.at == ';' || *scanner.at == '{' || *scanner.at == '}')
				fresh = true;
			else if (!isspace((unsigned char)*scanner.at) && *scanner.at != '#')
				fresh = false;
			if (*scanner.at == '#')
				fresh = true;
			skip(&scanner);
		}
	}
	return false;
}

/* --- messages --- */

/* "/proc/self/fd/5:3:9-12: Error: syntax error…" → line 3, column 9, "syntax error…". Returns whether it names a place. */
static bool read_message(const char *message, const char *file, unsigned *ret_line, unsigned *ret_column, struct text *words)
{
	size_t length = strlen(file);
	int used = 0;
	bool placed = strncmp(message, file, length) == 0 && sscanf(message + length, ":%u:%u%n", ret_line, ret_column, &used) == 2;

	if (placed) {
		message += length + (size_t)used;
		message += strspn(message, "-:0123456789 ");
	}
	if (str_starts(message, "Error: "))
		message += strlen("Error: ");
	text_add_bytes(words, message, strcspn(message, "\n"));
	if (strstr(text_str(words), "resolve hostname"))
		text_add(words, " (host names are not looked up: write the address)");
	return placed;
}

/* Every line that names a place is a complaint; the source line and the marks below it are the caller's to draw. */
static void hand_on(const char *messages, const char *file, nftables_complaint_fn complaint, void *data)
{
	unsigned line = 0, column = 0;
	size_t told = 0;

	for (const char *at = messages; *at;) {
		_cleanup_text_ struct text words = {0};

		if (read_message(at, file, &line, &column, &words)) {
			complaint(data, line, column, text_str(&words));
			told++;
		}
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	if (!told) {
		_cleanup_text_ struct text words = {0};

		read_message(messages, file, &line, &column, &words);
		complaint(data, 0, 0, words.length ? text_str(&words) : "nft refuses the ruleset");
	}
}

static int make_file(const char *ruleset, int *ret_fd, struct err *err)
{
	size_t length = strlen(ruleset), done = 0;
	_cleanup_close_ int fd = memfd_create("ruleset", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(err, -errno, "cannot make a file in memory");
	while (done < length) {
		ssize_t n = write(fd, ruleset + done, length - done);

		if (n < 0)
			return err_errno(err, -errno, "cannot write a file in memory");
		done += (size_t)n;
	}
	*ret_fd = fd_steal(&fd);
	return 0;
}

/* What nft says first is what err says. */
struct first_complaint {
	unsigned line, column;
	struct text words;
	bool any;
	nftables_complaint_fn next; /* or NULL */
	void *data;
};

static void take_complaint(void *data, unsigned line, unsigned column, const char *words)
{
	struct first_complaint *first = data;

	if (!first->any) {
		first->any = true;
		first->line = line;
		first->column = column;
		text_add(&first->words, words);
	}
	if (first->next)
		first->next(first->data, line, column, words);
}

static int run(const struct nft_calls *nft, const char *file, bool dry_run, struct first_complaint *first, struct err *err)
{
	struct nft_ctx *ctx = nft->ctx_new(NFT_CTX_DEFAULT);
	int r;

	if (!ctx)
		return err_set(err, -ENOMEM, "cannot make a context of libnftables");
	nft->ctx_buffer_error(ctx);
	nft->ctx_buffer_output(ctx);
	nft->ctx_set_dry_run(ctx, dry_run);
	if (nft->ctx_input_set_flags)
		nft->ctx_input_set_flags(ctx, INPUT_NO_DNS);
	errno = 0;
	r = nft->run_cmd_from_filename(ctx, file);
	if (r != 0) {
		int code = errno == EPERM ? -EPERM : -EINVAL;

		hand_on(nft->ctx_get_error_buffer(ctx), file, take_complaint, first);
		r = err_set(err, code, "%s", text_str(&first->words));
	}
	nft->ctx_free(ctx);
	return r;
}

static int apply(const char *ruleset, bool dry_run, struct first_complaint *first, struct err *err)
{
	static const char *const no_include = "'include' is refused: a scenario holds its whole ruleset";
	struct nft_calls nft;
	unsigned line = 0, column = 0;
	_cleanup_close_ int fd = -1;
	char file[64];
	int r = load(&nft, err);

	if (r < 0)
		return r;
	if (find_include(ruleset, &line, &column)) {
		take_complaint(first, line, column, no_include);
		return err_set(err, -EINVAL, "%s", no_include);
	}
	r = make_file(ruleset, &fd, err);
	if (r < 0)
		return r;
	if (!nft.ctx_input_set_flags)
		__nss_configure_lookup("hosts", "none");
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	return run(&nft, file, dry_run, first, err);
}

int nftables_load(struct err *err)
{
	struct nft_calls nft;

	return load(&nft, err);
}

int nftables_apply(const char *ruleset, bool dry_run, unsigned *ret_line, unsigned *ret_column, struct err *err)
{
	struct first_complaint first = {0};
	int r = apply(ruleset, dry_run, &first, err);

	if (r < 0) {
		*ret_line = first.line;
		*ret_column = first.column;
	}
	text_free(&first.words);
	return r;
}

int nftables_apply_all(const char *ruleset, nftables_complaint_fn complaint, void *data, struct err *err)
{
	struct first_complaint first = {.next = complaint, .data = data};
	int r = apply(ruleset, false, &first, err);

	text_free(&first.words);
	return r;
}
