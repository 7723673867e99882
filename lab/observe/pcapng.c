/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng files (draft-ietf-opsawg-pcapng): an interface block per node:interface, nanosecond stamps, comments. */
#include "lab/observe/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "lab/base/clock.h"

/*
 * Theory of operation
 *
 * A file is a row of blocks: type, length, body, length again, all padded to 32
 * bits, in the writer's own byte order (the section header says which). Blocks
 * are put together in memory and written when FLUSH_AT bytes have gathered.
 *
 * An unnamed file (O_TMPFILE, open(2)) vanishes with its last descriptor. It is
 * linked under its name when complete; link(2) does not replace, so where the
 * name is taken it is linked under a hidden one and renamed, which does, at once.
 */
#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1u

#define OPTION_END 0u
#define OPTION_COMMENT 1u
#define SECTION_HARDWARE 2u
#define SECTION_OS 3u
#define SECTION_APPLICATION 4u
#define INTERFACE_NAME 2u
#define INTERFACE_DESCRIPTION 3u
#define INTERFACE_RESOLUTION 9u
#define PACKET_FLAGS 2u
#define FLAGS_IN 1u  /* the two lowest bits */
#define FLAGS_OUT 2u

#define OPTION_MAX 0xfff8u /* an option's length is 16 bits, its padding included */
#define FLUSH_AT (256u << 10)

struct pcapng {
	int directory;
	int fd;
	char *name;
	char *hidden;     /* the name it has meanwhile, where the file system has no O_TMPFILE; or NULL */
	struct text bytes; /* not written yet */
	uint32_t interfaces;
};

static void add_u16(struct text *out, uint16_t value)
{
	text_add_bytes(out, &value, sizeof(value));
}

static void add_u32(struct text *out, uint32_t value)
{
	text_add_bytes(out, &value, sizeof(value));
}

static void add_padded(struct text *out, const void *bytes, size_t length)
{
	if (length)
		text_add_bytes(out, bytes, length);
	text_add_bytes(out, "\0\0\0", -length & 3);
}

static void add_option(struct text *out, uint16_t code, const void *bytes, size_t length)
{
	add_u16(out, code);
	add_u16(out, (uint16_t)length);
	add_padded(out, bytes, length);
}

/* Cut between characters where it is too long. An empty one is left out. */
static void add_text_option(struct text *out, uint16_t code, const char *text, size_t length)
{
	if (length > OPTION_MAX)
		for (length = OPTION_MAX; length && ((uint8_t)text[length] & 0xc0) == 0x80;)
			length--;
	if (length)
		add_option(out, code, text, length);
}

/* One option a line: the format allows several comments. */
static void add_comments(struct text *out, const char *comment)
{
	while (comment && *comment) {
		size_t length = strcspn(comment, "\n");

		add_text_option(out, OPTION_COMMENT, comment, length);
		comment += length + (comment[length] == '\n');
	}
}

/* Returns where the block began; end_block() wants it back. */
static size_t begin_block(struct text *out, uint32_t type)
{
	size_t at = out->length;

	add_u32(out, type);
	add_u32(out, 0);
	return at;
}

static void end_block(struct text *out, size_t at)
{
	uint32_t length = (uint32_t)(out->length - at + sizeof(length));

	memcpy(out->data + at + sizeof(uint32_t), &length, sizeof(length));
	add_u32(out, length);
}

static int flush(struct pcapng *file, struct err *err)
{
	size_t done = 0;

	while (done < file->bytes.length) {
		ssize_t n = write(file->fd, file->bytes.data + done, file->bytes.length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_call(err, -errno, "write", "cannot write the capture file '%s'", file->name);
		done += (size_t)n;
	}
	text_clear(&file->bytes);
	return 0;
}

static void add_section(struct pcapng *file, const char *application, const char *comment)
{
	struct text *out = &file->bytes;
	size_t at = begin_block(out, BLOCK_SECTION);
	struct utsname machine;

	add_u32(out, BYTE_ORDER_MAGIC);
	add_u16(out, 1); /* version 1.0 */
	add_u16(out, 0);
	add_u32(out, UINT32_MAX); /* the section's length: not told */
	add_u32(out, UINT32_MAX);
	if (uname(&machine) == 0) {
		char os[sizeof(machine.sysname) + sizeof(machine.release) + 1];

		add_text_option(out, SECTION_HARDWARE, machine.machine, strlen(machine.machine));
		int length = snprintf(os, sizeof(os), "%s %s", machine.sysname, machine.release);
		add_text_option(out, SECTION_OS, os, (size_t)length);
	}
	add_text_option(out, SECTION_APPLICATION, application, strlen(application));
	add_comments(out, comment);
	add_option(out, OPTION_END, NULL, 0);
	end_block(out, at);
}

/* The runners of two runs may both be process 1 of their own world: the clock keeps them apart. */
static char *hidden_name(const char *name)
{
	struct text hidden = {0};

	text_addf(&hidden, ".%s.%llx", name, (unsigned long long)clock_now());
	return text_steal(&hidden);
}

static int open_file(struct pcapng *file, struct err *err)
{
	file->fd = openat(file->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (file->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return err_call(err, -errno, "openat", "cannot make the capture file '%s'", file->name);

	file->hidden = hidden_name(file->name);
	file->fd = openat(file->directory, file->hidden, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	if (file->fd >= 0)
		return 0;
	int code = -errno;
	free(ptr_steal(file->hidden));
	return err_call(err, code, "openat", "cannot make the capture file '%s'", file->name);
}

int pcapng_create(int directory_fd, const char *name, const char *application, const char *comment, struct pcapng **ret, struct err *err)
{
	struct pcapng *file = mem_new(struct pcapng);

	file->directory = directory_fd;
	file->fd = -1;
	file->name = mem_strdup(name);
	int r = open_file(file, err);
	if (r < 0) {
		pcapng_close(file);
		return r;
	}
	add_section(file, application, comment);
	*ret = file;
	return 0;
}

int pcapng_add_interface(struct pcapng *file, const char *name, const char *description, struct err *err)
{
	static const uint8_t nanoseconds = 9; /* ten to the power of minus nine */
	struct text *out = &file->bytes;
	size_t at = begin_block(out, BLOCK_INTERFACE);

	add_u16(out, LINKTYPE_ETHERNET);
	add_u16(out, 0);
	add_u32(out, 0); /* no limit on what is captured */
	add_text_option(out, INTERFACE_NAME, name, strlen(name));
	if (description)
		add_text_option(out, INTERFACE_DESCRIPTION, description, strlen(description));
	add_option(out, INTERFACE_RESOLUTION, &nanoseconds, sizeof(nanoseconds));
	add_option(out, OPTION_END, NULL, 0);
	end_block(out, at);
	file->interfaces++;
	return out->length >= FLUSH_AT ? flush(file, err) : 0;
}

int pcapng_add_packet(struct pcapng *file, uint32_t interface, bool out, int64_t stamp, const uint8_t *data, size_t captured,
		      size_t length, const char *comment, struct err *err)
{
	struct text *bytes = &file->bytes;
	uint32_t flags = out ? FLAGS_OUT : FLAGS_IN;

	if (interface >= file->interfaces)
		return err_set(err, -EINVAL, "the capture file '%s' has no interface %u", file->name, interface);
	if (captured > UINT16_MAX * 16u || length < captured || length > UINT32_MAX)
		return err_set(err, -EINVAL, "a frame of %zu bytes, %zu of them captured, does not fit into a capture file", length, captured);

	size_t at = begin_block(bytes, BLOCK_PACKET);
	add_u32(bytes, interface);
	add_u32(bytes, (uint32_t)((uint64_t)stamp >> 32));
	add_u32(bytes, (uint32_t)stamp);
	add_u32(bytes, (uint32_t)captured);
	add_u32(bytes, (uint32_t)length);
	add_padded(bytes, data, captured);
	add_option(bytes, PACKET_FLAGS, &flags, sizeof(flags));
	add_comments(bytes, comment);
	add_option(bytes, OPTION_END, NULL, 0);
	end_block(bytes, at);
	return bytes->length >= FLUSH_AT ? flush(file, err) : 0;
}

/* Gives the unnamed file a name that is free: 0, -EEXIST, or another errno. */
static int link_unnamed(struct pcapng *file, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, path, file->directory, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno == EEXIST)
		return -EEXIST;
	/* Without /proc; wants CAP_DAC_READ_SEARCH before Linux 6.10. */
	return linkat(file->fd, "", file->directory, name, AT_EMPTY_PATH) == 0 ? 0 : -errno;
}

int pcapng_commit(struct pcapng *file, struct err *err)
{
	int r = flush(file, err);

	if (r < 0)
		return r;
	if (!file->hidden) {
		r = link_unnamed(file, file->name);
		if (r == -EEXIST) {
			char *hidden = hidden_name(file->name);

			r = link_unnamed(file, hidden);
			if (r < 0)
				free(hidden);
			else
				file->hidden = hidden;
		}
		if (r < 0)
			return err_call(err, r, "linkat", "cannot link the capture file to its name '%s'", file->name);
	}
	if (file->hidden) {
		if (renameat(file->directory, file->hidden, file->directory, file->name) < 0)
			return err_call(err, -errno, "renameat", "cannot rename the capture file to '%s'", file->name);
		free(ptr_steal(file->hidden));
	}
	return 0;
}

void pcapng_close(struct pcapng *file)
{
	if (!file)
		return;
	if (file->hidden)
		unlinkat(file->directory, file->hidden, 0);
	if (file->fd >= 0)
		close(file->fd);
	text_free(&file->bytes);
	free(file->hidden);
	free(file->name);
	free(file);
}
