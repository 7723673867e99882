/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab completion: bash completion, from the same tables as help. */
#include "lab/cli/commands.h"
#include "lab/cli/option.h"

static void add_options(struct text *out, const struct option *table)
{
	for (const struct option *o = table; o && o->name; o++)
		text_addf(out, " --%s", o->name);
}

static int run(struct cli *cli, const void *options, const char *const *arguments, size_t count)
{
	_cleanup_text_ struct text out = {0};

	(void)options;
	(void)arguments;
	(void)count;
	text_add(&out, "# bash completion for nslab; source it, or put it into bash-completion's folder\n"
		       "_nslab() {\n"
		       "\tlocal word=${COMP_WORDS[COMP_CWORD]} words\n"
		       "\tCOMPREPLY=()\n"
		       "\tif ((COMP_CWORD == 1)); then\n"
		       "\t\twords='");
	for (const struct command *const *c = commands; *c; c++)
		text_addf(&out, "%s%s", c == commands ? "" : " ", (*c)->name);
	text_add(&out, " --help --version'\n"
		       "\telse\n"
		       "\t\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *const *c = commands; *c; c++) {
		text_addf(&out, "\t\t%s) words='", (*c)->name);
		_cleanup_text_ struct text words = {0};
		add_options(&words, (*c)->options);
		add_options(&words, common_option_table);
		text_addf(&out, "%s' ;;\n", text_str(&words) + 1);
	}
	text_add(&out, "\t\tesac\n"
		       "\tfi\n"
		       "\tif [[ ${COMP_WORDS[1]} == help ]] && ((COMP_CWORD == 2)); then\n"
		       "\t\twords='");
	for (const struct command *const *c = commands; *c; c++)
		text_addf(&out, "%s%s", c == commands ? "" : " ", (*c)->name);
	text_add(&out, "'\n"
		       "\tfi\n"
		       "\tif [[ $word == -* ]] || ((COMP_CWORD == 1)) || [[ ${COMP_WORDS[1]} == help ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
		       "\tfi\n"
		       "}\n"
		       "complete -o default -F _nslab nslab\n");
	cli_print(cli, &out);
	return CLI_OK;
}

const struct command command_completion = {
	.name = "completion",
	.group = GROUP_MACHINE,
	.summary = "print completion for bash",
	.arguments = "",
	.about = "Commands and options; file names where neither fits.",
	.examples = "  source <(nslab completion)",
	.run = run,
};
