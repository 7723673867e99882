/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several outputs side by side, fed from one stream of events. */
#include <errno.h>
#include <string.h>

#include "lab/report/record.h"
#include "lab/report/report.h"
#include "lab/report/writer.h"

struct output {
	struct reporter reporter;
	struct writer *writer;
	char *file;    /* NULL: standard output */
	bool given_up; /* it could not be written */
};

struct report_set {
	struct event_sink sink;
	struct run_record *run;
	ARRAY(struct output *) outputs;
	struct err first; /* the first error any output met; code 0: none */
};

static int set_emit(struct event_sink *sink, const struct event *event, struct err *err);

struct report_set *report_set_new(void)
{
	struct report_set *set = mem_new(struct report_set);

	set->sink.emit = set_emit;
	set->run = run_record_new();
	return set;
}

static int unknown_format(const char *name, struct err *err)
{
	const char *names[16];
	_cleanup_text_ struct text list = {0};
	size_t count = 0;

	for (; reporter_types[count] && count < COUNT_OF(names); count++) {
		names[count] = reporter_types[count]->name;
		text_addf(&list, "%s%s", count ? ", " : "", names[count]);
	}
	const char *nearest = str_nearest(name, names, count);
	if (nearest)
		return err_set(err, -EINVAL, "there is no output format '%s'; did you mean '%s'?", name, nearest);
	return err_set(err, -EINVAL, "there is no output format '%s'; there are: %s", name, text_str(&list));
}

static int check_place(const struct report_set *set, const struct reporter_type *type, const char *file, struct err *err)
{
	for (size_t i = 0; i < set->outputs.count; i++) {
		const struct output *other = set->outputs.items[i];

		if (!file && !other->file && !(type->beside && other->reporter.type->beside && type != other->reporter.type))
			return err_set(err, -EINVAL, "'%s' goes to standard output already; give one of them a file: -o FORMAT=FILE",
				       other->reporter.type->name);
		if (file && str_eq(file, other->file))
			return err_set(err, -EINVAL, "'%s' goes to '%s' already", other->reporter.type->name, file);
	}
	return 0;
}

static void output_free(struct output *output)
{
	writer_free(output->writer);
	free(output->reporter.state);
	free(output->file);
	free(output);
}

int report_set_add(struct report_set *set, const char *spec, int stdout_fd, const struct report_options *options, struct err *err)
{
	const char *equals = strchr(spec, '=');
	_cleanup_text_ struct text name = {0};
	const char *file = equals && strcmp(equals + 1, "-") != 0 ? equals + 1 : NULL;

	text_add_bytes(&name, spec, equals ? (size_t)(equals - spec) : strlen(spec));
	const struct reporter_type *type = reporter_find(text_str(&name));
	if (!type)
		return unknown_format(text_str(&name), err);
	if (file && !*file)
		return err_set(err, -EINVAL, "-o %s names no file", spec);
	int r = check_place(set, type, file, err);
	if (r < 0)
		return r;

	struct output *output = mem_new(struct output);
	if (file) {
		r = writer_new_file(file, &output->writer, err);
		if (r < 0) {
			output_free(output);
			return r;
		}
		output->file = mem_strdup(file);
	} else {
		output->writer = writer_new_fd(stdout_fd);
	}
	output->reporter = (struct reporter){.type = type, .options = *options, .run = set->run, .state = mem_alloc(type->state_size)};
	if (file) /* which is no terminal */
		output->reporter.options.live = output->reporter.options.colour = false;
	if (options->verbosity >= REPORT_VERBOSE)
		set->run->wants_packets = true;
	if (type->open)
		type->open(&output->reporter);
	array_push(&set->outputs, output);
	return 0;
}

bool report_set_has_stdout(const struct report_set *set)
{
	for (size_t i = 0; i < set->outputs.count; i++)
		if (!set->outputs.items[i]->file && (!set->outputs.items[i]->reporter.type->beside ||
						     set->outputs.items[i]->reporter.type == reporter_find("terminal")))
			return true;
	return false;
}

struct event_sink *report_set_sink(struct report_set *set)
{
	return &set->sink;
}

/* Writes what a reporter added. */
static int write_out(struct report_set *set, struct output *output, const struct text *words, struct err *err)
{
	struct err failure = {0};

	if (!words->length || output->given_up)
		return 0;
	int r = writer_write(output->writer, words->data, words->length, &failure);
	if (r >= 0)
		return 0;
	output->given_up = true;
	err_wrap(&failure, "output '%s'", output->reporter.type->name);
	if (!set->first.code)
		set->first = failure;
	return err_set(err, r, "%s", failure.text);
}

static int set_emit(struct event_sink *sink, const struct event *event, struct err *err)
{
	struct report_set *set = (struct report_set *)(void *)((char *)sink - offsetof(struct report_set, sink));
	int result = run_record_take(set->run, event, err);

	if (result < 0)
		return result;
	for (size_t i = 0; i < set->outputs.count; i++) {
		struct output *output = set->outputs.items[i];
		_cleanup_text_ struct text words = {0};

		output->reporter.type->emit(&output->reporter, event, &words);
		int r = write_out(set, output, &words, result < 0 ? NULL : err);
		if (r < 0 && result >= 0)
			result = r;
	}
	run_record_settle(set->run, event);
	return result;
}

int report_set_tick(struct report_set *set, int64_t now, unsigned columns, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < set->outputs.count; i++) {
		struct output *output = set->outputs.items[i];
		_cleanup_text_ struct text words = {0};

		if (output->file || !output->reporter.type->tick)
			continue;
		output->reporter.options.columns = columns;
		output->reporter.type->tick(&output->reporter, now, &words);
		int r = write_out(set, output, &words, result < 0 ? NULL : err);
		if (r < 0 && result >= 0)
			result = r;
	}
	return result;
}

int report_set_close(struct report_set *set, struct err *err)
{
	for (size_t i = 0; i < set->outputs.count; i++) {
		struct output *output = set->outputs.items[i];
		_cleanup_text_ struct text words = {0};
		struct err failure = {0};

		if (output->reporter.type->close)
			output->reporter.type->close(&output->reporter, &words);
		write_out(set, output, &words, NULL);
		/* What is not the whole run, or not wholly written, does not take the place of a file. */
		if (!output->given_up && set->run->ended && writer_commit(output->writer, &failure) < 0 && !set->first.code)
			set->first = failure;
		output_free(output);
	}
	array_free(&set->outputs);
	if (set->first.code)
		return err_set(err, set->first.code, "%s", set->first.text);
	return 0;
}

void report_set_free(struct report_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->outputs.count; i++) {
		struct output *output = set->outputs.items[i];
		_cleanup_text_ struct text words = {0};

		if (output->reporter.type->close)
			output->reporter.type->close(&output->reporter, &words);
		output_free(output);
	}
	array_free(&set->outputs);
	run_record_free(set->run);
	free(set);
}
