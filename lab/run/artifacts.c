/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a case leaves behind on request: its capture file and its programs' logs. */
#include "lab/run/artifacts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/observe/pcapng.h"

void artifacts_name(const char *id, struct text *out)
{
	for (; *id; id++)
		text_add_char(out, isalnum((unsigned char)*id) || strchr("._=,+[]-", *id) ? *id : '_');
}

static int make_directory(int parent, const char *path, int *ret_fd, struct err *err)
{
	if (mkdirat(parent, path, 0777) < 0 && errno != EEXIST)
		return err_errno(err, -errno, "cannot make the directory '%s'", path);
	*ret_fd = openat(parent, path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? err_errno(err, -errno, "cannot open the directory '%s'", path) : 0;
}

static int add_interface(struct pcapng *file, const struct event_interface *interface, struct err *err)
{
	_cleanup_text_ struct text name = {0}, description = {0};

	text_addf(&name, "%s:%s", interface->node, interface->interface);
	text_addf(&description, "%s%s%s", interface->mac, interface->addresses[0] ? " " : "", interface->addresses);
	return pcapng_add_interface(file, text_str(&name), text_str(&description), err);
}

static int write_capture(int directory, const struct event *events, size_t count, struct err *err)
{
	const struct event_case_begin *begin = NULL;
	struct pcapng *file = NULL;
	int r = 0;

	for (size_t i = 0; i < count && !begin; i++)
		if (events[i].type == EVENT_CASE_BEGIN)
			begin = &events[i].case_begin;
	r = pcapng_create(directory, "capture.pcapng", "nslab", begin ? begin->id : "", &file, err);
	for (size_t i = 0; i < count && r >= 0; i++) {
		const struct event_packet *packet = &events[i].packet;

		if (events[i].type == EVENT_INTERFACE)
			r = add_interface(file, &events[i].interface, err);
		else if (events[i].type == EVENT_PACKET)
			r = pcapng_add_packet(file, (uint32_t)packet->interface, packet->out, packet->stamp, packet->data, packet->data_length,
					      (size_t)packet->length, packet->comment[0] ? packet->comment : NULL, err);
	}
	if (r >= 0)
		r = pcapng_commit(file, err);
	pcapng_close(file);
	return r;
}

/* One program's output on one stream: gathered, then written under a temporary name and renamed. */
static int write_log(int directory, const struct event *events, size_t count, int64_t step, int64_t stream, struct err *err)
{
	char name[64], hidden[80];
	FILE *file;
	int fd;

	snprintf(name, sizeof(name), "step-%" PRId64 ".%s.log", step, stream == 1 ? "stdout" : "stderr");
	snprintf(hidden, sizeof(hidden), ".%s.part", name);
	fd = openat(directory, hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		return err_errno(err, -errno, "cannot write '%s'", name);
	for (size_t i = 0; i < count; i++)
		if (events[i].type == EVENT_OUTPUT && events[i].output.step == step && events[i].output.stream == stream)
			fwrite(events[i].output.data, 1, events[i].output.data_length, file);
	bool bad = ferror(file);
	bad |= fclose(file) != 0;
	if (bad || renameat(directory, hidden, directory, name) < 0) {
		int code = -errno;

		unlinkat(directory, hidden, 0);
		return err_errno(err, code, "cannot write '%s'", name);
	}
	return 0;
}

struct log_name {
	int64_t step, stream;
};

static int write_logs(int directory, const struct event *events, size_t count, struct err *err)
{
	ARRAY(struct log_name) written = {0};
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++) {
		const struct event_output *output = &events[i].output;
		size_t k = 0;

		if (events[i].type != EVENT_OUTPUT)
			continue;
		while (k < written.count && (written.items[k].step != output->step || written.items[k].stream != output->stream))
			k++;
		if (k < written.count)
			continue;
		array_push(&written, (struct log_name){output->step, output->stream});
		r = write_log(directory, events, count, output->step, output->stream, err);
	}
	array_free(&written);
	return r;
}

int artifacts_write(const char *directory, const struct event *events, size_t count, struct text *ret_path, struct err *err)
{
	_cleanup_close_ int top = -1, own = -1;
	_cleanup_text_ struct text name = {0};

	for (size_t i = 0; i < count && !name.length; i++)
		if (events[i].type == EVENT_CASE_BEGIN)
			artifacts_name(events[i].case_begin.id, &name);
	int r = make_directory(AT_FDCWD, directory, &top, err);
	if (r >= 0)
		r = make_directory(top, text_str(&name), &own, err);
	if (r >= 0)
		r = write_capture(own, events, count, err);
	if (r >= 0)
		r = write_logs(own, events, count, err);
	if (r < 0)
		return err_wrap(err, "artifacts");
	text_addf(ret_path, "%s/%s", directory, text_str(&name));
	return 0;
}
