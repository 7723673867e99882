/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/observe/pcapng.h"
#include "lab/packet/filter.h"

/* A folder that goes away with the test. */
struct folder {
	char path[64];
	int fd;
};

static struct folder folder_make(void)
{
	struct folder folder = {.path = "/tmp/nslab-pcapng-XXXXXX"};

	cr_assert(mkdtemp(folder.path));
	folder.fd = open(folder.path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	cr_assert_geq(folder.fd, 0);
	return folder;
}

/* How many names are in it; `remove` takes them away. */
static size_t folder_count(const struct folder *folder, bool remove)
{
	DIR *dir = opendir(folder->path);
	struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			count++;
			if (remove)
				unlinkat(folder->fd, entry->d_name, 0);
		}
	closedir(dir);
	return count;
}

static void folder_remove(struct folder *folder)
{
	folder_count(folder, true);
	close(folder->fd);
	rmdir(folder->path);
}

static bool has_program(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", name);
	return system(command) == 0;
}

/* What a program prints about the capture, stderr left out. */
static void check_output(const struct folder *folder, const char *program, const char *arguments, const char *wanted)
{
	char command[512], output[4096];

	snprintf(command, sizeof(command), "%s %s/capture.pcapng %s 2>/dev/null", program, folder->path, arguments);
	FILE *stream = popen(command, "r");
	cr_assert(stream);
	output[fread(output, 1, sizeof(output) - 1, stream)] = '\0';
	cr_assert_eq(pclose(stream), 0, "%s", command);
	cr_assert(strstr(output, wanted), "'%s' does not print\n%s\nbut\n%s", command, wanted, output);
}

static const uint8_t frame[] = {
	/* Ethernet, ARP: who has 192.0.2.1, tell 192.0.2.2 */
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0,
	0,    0,    0,    1,    192,  0,    2, 2, 0, 0, 0, 0, 0,    0,    192, 0, 2, 1, 0,
};
#define STAMP INT64_C(1700000000123456789)

static struct pcapng *write_two(const struct folder *folder, const char *comment)
{
	struct pcapng *file = NULL;
	struct err err = {0};

	cr_assert_eq(pcapng_create(folder->fd, "capture.pcapng", "nslab 0.1.0", "ping.nslab.yaml", &file, &err), 0, "%s", err.text);
	cr_assert_eq(pcapng_add_interface(file, "inside:eth0", "02:00:00:00:00:01 192.0.2.2/24", &err), 0);
	cr_assert_eq(pcapng_add_interface(file, "firewall:lan", NULL, &err), 0);
	cr_assert_eq(pcapng_add_packet(file, 0, true, STAMP, frame, 42, 42, comment, &err), 0);
	cr_assert_eq(pcapng_add_packet(file, 1, false, STAMP + 1000, frame, 41, 60, NULL, &err), 0);
	return file;
}

static void commit(struct pcapng *file)
{
	struct err err = {0};

	cr_assert_eq(pcapng_commit(file, &err), 0, "%s", err.text);
	pcapng_close(file);
}

Test(pcapng, tshark_reads_names_stamps_directions_and_comments)
{
	if (!has_program("tshark"))
		cr_skip_test("tshark is not installed");
	struct folder folder = folder_make();

	commit(write_two(&folder, "ping.nslab.yaml:12: 1 packet 'arp'\nand another"));
	check_output(&folder, "tshark -r",
		     "-T fields -E separator='|' -e frame.interface_name -e frame.interface_description -e frame.time_epoch -e frame.len "
		     "-e frame.cap_len -e arp.dst.proto_ipv4 -e frame.comment",
		     "inside:eth0|02:00:00:00:00:01 192.0.2.2/24|1700000000.123456789|42|42|192.0.2.1|"
		     "ping.nslab.yaml:12: 1 packet 'arp',and another\n"
		     "firewall:lan||1700000000.123457789|60|41|");
	check_output(&folder, "tshark -r", "-Y 'frame.packet_flags_direction == 2' -T fields -e frame.number", "1\n");
	check_output(&folder, "tshark -r", "-Y 'frame.packet_flags_direction == 1' -T fields -e frame.number", "2\n");
	folder_remove(&folder);
}

Test(pcapng, capinfos_reads_who_wrote_it)
{
	if (!has_program("capinfos"))
		cr_skip_test("capinfos is not installed");
	struct folder folder = folder_make();

	commit(write_two(&folder, NULL));
	check_output(&folder, "capinfos", "", "Capture application: nslab 0.1.0");
	check_output(&folder, "capinfos", "", "Capture oper-sys:    Linux");
	check_output(&folder, "capinfos", "", "Capture comment:     ping.nslab.yaml");
	check_output(&folder, "capinfos", "", "File timestamp precision:  nanoseconds (9)");
	check_output(&folder, "capinfos", "", "Number of interfaces in file: 2");
	folder_remove(&folder);
}

Test(pcapng, libpcap_reads_the_same_frames_back)
{
	struct folder folder = folder_make();
	struct capture_file *capture = NULL;
	struct capture_frame seen;
	char path[128];
	struct err err = {0};

	commit(write_two(&folder, NULL));
	snprintf(path, sizeof(path), "%s/capture.pcapng", folder.path);
	cr_assert_eq(capture_open(path, &capture, &err), 0, "%s", err.text);
	cr_assert_eq(capture_next(capture, &seen, &err), 1);
	cr_assert_eq(seen.length, 42);
	cr_assert_eq(seen.stamp, STAMP);
	cr_assert_eq(memcmp(seen.data, frame, 42), 0);
	cr_assert_eq(capture_next(capture, &seen, &err), 1);
	cr_assert_eq(seen.length, 41);
	cr_assert_eq(seen.wire_length, 60);
	cr_assert_eq(capture_next(capture, &seen, &err), 0);
	capture_close(capture);
	folder_remove(&folder);
}

Test(pcapng, nothing_is_there_before_it_is_complete_or_without_commit)
{
	struct folder folder = folder_make();
	struct pcapng *file = write_two(&folder, NULL);

	cr_assert_eq(folder_count(&folder, false), 0);
	pcapng_close(file);
	cr_assert_eq(folder_count(&folder, false), 0);
	folder_remove(&folder);
}

Test(pcapng, replaces_the_file_that_had_its_name)
{
	struct folder folder = folder_make();
	struct stat before, after;

	commit(write_two(&folder, NULL));
	cr_assert_eq(fstatat(folder.fd, "capture.pcapng", &before, 0), 0);
	commit(write_two(&folder, "longer than the one before"));
	cr_assert_eq(fstatat(folder.fd, "capture.pcapng", &after, 0), 0);
	cr_assert_neq(before.st_ino, after.st_ino);
	cr_assert_gt(after.st_size, before.st_size);
	cr_assert_eq(folder_count(&folder, false), 1, "no other name is left");
	folder_remove(&folder);
}

Test(pcapng, refuses_what_the_format_cannot_hold)
{
	struct folder folder = folder_make();
	struct pcapng *file = write_two(&folder, NULL);
	struct err err = {0};

	cr_assert_eq(pcapng_add_packet(file, 2, false, STAMP, frame, 42, 42, NULL, &err), -EINVAL);
	cr_assert_eq(pcapng_add_packet(file, 0, false, STAMP, frame, 42, 41, NULL, &err), -EINVAL);
	pcapng_close(file);
	file = NULL;
	cr_assert_eq(pcapng_create(-1, "capture.pcapng", "nslab", NULL, &file, &err), -EBADF);
	cr_assert_null(file);
	folder_remove(&folder);
}

Test(pcapng, a_comment_too_long_for_an_option_is_cut_between_characters)
{
	struct folder folder = folder_make();
	static const size_t letters = 35000;
	char *comment = mem_alloc(2 * letters + 2);
	size_t whole = 0, broken = 0;
	char path[128];

	comment[0] = 'x'; /* the letters of two bytes begin at odd places, the limit is even */
	for (size_t i = 0; i < letters; i++)
		memcpy(comment + 1 + 2 * i, "\xc3\xa9", 2);
	commit(write_two(&folder, comment));
	snprintf(path, sizeof(path), "%s/capture.pcapng", folder.path);
	FILE *stream = fopen(path, "r");
	for (int c = fgetc(stream), next; c != EOF; c = next) {
		next = fgetc(stream);
		if (c == 0xc3 && next == 0xa9)
			whole++;
		else if (c == 0xc3)
			broken++;
	}
	fclose(stream);
	cr_assert_eq(broken, 0);
	cr_assert_eq(whole, (0xfff8 - 1) / 2);
	free(comment);
	folder_remove(&folder);
}

Test(pcapng, many_packets_are_written_as_they_come)
{
	struct folder folder = folder_make();
	struct pcapng *file = write_two(&folder, NULL);
	struct capture_file *capture = NULL;
	struct capture_frame seen;
	struct err err = {0};
	char path[128];
	size_t count = 0;

	for (int i = 0; i < 20000; i++)
		cr_assert_eq(pcapng_add_packet(file, 0, false, STAMP + i, frame, 42, 42, NULL, &err), 0);
	commit(file);
	snprintf(path, sizeof(path), "%s/capture.pcapng", folder.path);
	cr_assert_eq(capture_open(path, &capture, &err), 0, "%s", err.text);
	while (capture_next(capture, &seen, &err) == 1)
		count++;
	cr_assert_eq(count, 20002);
	capture_close(capture);
	folder_remove(&folder);
}
