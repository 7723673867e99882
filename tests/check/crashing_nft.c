/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libnftables that falls over every ruleset: what is said of such a one is a test. */
#include <stdlib.h>

struct nft_ctx;
struct nft_ctx *nft_ctx_new(unsigned flags);
void nft_ctx_free(struct nft_ctx *ctx);
int nft_ctx_buffer_error(struct nft_ctx *ctx);
int nft_ctx_buffer_output(struct nft_ctx *ctx);
const char *nft_ctx_get_error_buffer(struct nft_ctx *ctx);
void nft_ctx_set_dry_run(struct nft_ctx *ctx, _Bool dry);
int nft_run_cmd_from_filename(struct nft_ctx *ctx, const char *filename);

struct nft_ctx *nft_ctx_new(unsigned flags)
{
	(void)flags;
	return malloc(1);
}

void nft_ctx_free(struct nft_ctx *ctx)
{
	free(ctx);
}

int nft_ctx_buffer_error(struct nft_ctx *ctx)
{
	(void)ctx;
	return 0;
}

int nft_ctx_buffer_output(struct nft_ctx *ctx)
{
	(void)ctx;
	return 0;
}

const char *nft_ctx_get_error_buffer(struct nft_ctx *ctx)
{
	(void)ctx;
	return "";
}

void nft_ctx_set_dry_run(struct nft_ctx *ctx, _Bool dry)
{
	(void)ctx;
	(void)dry;
}

int nft_run_cmd_from_filename(struct nft_ctx *ctx, const char *filename)
{
	(void)ctx;
	(void)filename;
	abort();
}
