/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lab/packet/filter.h"
#include "tests/observe/scene.h"

#define FRAMES 5
#define FRAMES_WORD "5"
#define CAPTURE "/tmp/nslab-witness-%d.pcap"

/* A program that captures FRAMES frames of these tests at end0 into a file named by its last argument. */
struct witness {
	const char *listening; /* what it prints once it captures */
	const char *const *argv;
};

static const char *const tcpdump[] = {
	"tcpdump", "-i", "end0", "-c", FRAMES_WORD, "-Z", "root", "--immediate-mode", "--time-stamp-precision=nano", "ether proto 0x88b6", "-w",
	NULL,
};
/* tcpdump wants setgroups(2), which an ordinary user's namespace does not have. */
static const char *const dumpcap[] = {"dumpcap", "-i", "end0", "-c", FRAMES_WORD, "-f", "ether proto 0x88b6", "-w", NULL};
static const struct witness witnesses[] = {{"listening on", tcpdump}, {"File:", dumpcap}};

static void execute(struct lab *lab, const struct witness *witness, const char *path, int stderr_fd)
{
	const char *argv[24];
	size_t count = 0;

	for (; witness->argv[count]; count++)
		argv[count] = witness->argv[count];
	argv[count++] = path;
	argv[count] = NULL;
	lab_enter(lab->far);
	dup2(stderr_fd, STDERR_FILENO);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Starts it in the far node; returns once it captures, or -1 where it cannot. */
static pid_t start(struct lab *lab, const struct witness *witness, const char *path)
{
	char said[512] = "";
	size_t used = 0;
	int fds[2];

	CHECK(pipe(fds) == 0);
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0)
		execute(lab, witness, path, fds[1]);
	close(fds[1]);
	while (used < sizeof(said) - 1) {
		ssize_t n = read(fds[0], said + used, sizeof(said) - 1 - used);

		if (n <= 0)
			break;
		used += (size_t)n;
		said[used] = '\0';
		if (strstr(said, witness->listening))
			return child; /* the pipe stays open: it says more at its end */
	}
	close(fds[0]);
	waitpid(child, NULL, 0);
	return -1;
}

SCENE_TEST(witness, another_program_sees_the_same_frames_at_the_same_time)
{
	struct scene scene = scene_armed(lab, mode);
	int fd = scene_socket(lab, lab->near);
	int status;
	struct capture_file *capture = NULL;
	struct capture_frame seen;
	char path[64];
	struct err err;

	snprintf(path, sizeof(path), CAPTURE, (int)getpid());
	pid_t child = -1;
	for (size_t i = 0; i < COUNT_OF(witnesses) && child < 0; i++)
		child = start(lab, &witnesses[i], path);
	if (child < 0)
		lab_skip("neither tcpdump nor dumpcap captures here");
	for (uint32_t i = 0; i < FRAMES; i++)
		scene_send(fd, i, 60 + 100 * i);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	scene_drain(&scene);

	CHECK_OK(capture_open(path, &capture, &err));
	unlink(path);
	for (size_t i = 0; i < scene.tape->packets.count; i++) {
		const struct tape_packet *packet = scene.tape->packets.items[i];

		if (packet->interface != FAR || packet->out || packet->data[13] != (SCENE_TYPE & 0xff))
			continue;
		CHECK_IS(1, capture_next(capture, &seen, &err));
		CHECK_EQ(seen.wire_length, packet->length);
		CHECK_EQ(seen.length, packet->captured);
		CHECK_EQ(memcmp(seen.data, packet->data, seen.length), 0);
		CHECK(seen.stamp - packet->stamp < NS_PER_MS && packet->stamp - seen.stamp < NS_PER_MS);
	}
	CHECK_IS(0, capture_next(capture, &seen, &err));
	capture_close(capture);
	scene_close(&scene);
}
