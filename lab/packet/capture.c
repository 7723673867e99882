/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files read frame by frame. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/base/mem.h"
#include "lab/packet/filter.h"
#include "lab/packet/pcap_lib.h"

struct capture_file {
	struct pcap_lib lib;
	pcap_t *pcap;
	char *path;
};

int capture_open(const char *path, struct capture_file **ret, struct err *err)
{
	char message[PCAP_ERRBUF_SIZE] = "";
	struct pcap_lib lib;
	int r = pcap_lib_load(&lib, err);

	if (r < 0)
		return r;
	FILE *stream = fopen(path, "re");

	if (!stream)
		return err_errno(err, -errno, "cannot read %s", path);
	pcap_t *pcap = lib.fopen_offline(stream, PCAP_TSTAMP_PRECISION_NANO, message);

	if (!pcap) {
		fclose(stream);
		return err_set(err, -EINVAL, "%s is no pcap or pcapng file: %s", path, message);
	}
	if (lib.datalink(pcap) != DLT_EN10MB) {
		const char *name = lib.datalink_name(lib.datalink(pcap));

		r = err_set(err, -EINVAL, "%s holds no Ethernet frames but %s", path, name ? name : "frames of an unknown link type");
		lib.close(pcap);
		return r;
	}
	struct capture_file *file = mem_new(struct capture_file);

	file->lib = lib;
	file->pcap = pcap;
	file->path = mem_strdup(path);
	*ret = file;
	return 0;
}

int capture_next(struct capture_file *file, struct capture_frame *ret, struct err *err)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int r = file->lib.next_ex(file->pcap, &header, &data);

	if (r == PCAP_ERROR_BREAK)
		return 0;
	if (r != 1)
		return err_set(err, -EINVAL, "%s is damaged: %s", file->path, file->lib.geterr(file->pcap));
	if (header->ts.tv_sec < 0 || header->ts.tv_sec > INT64_MAX / NS_PER_S - 1 || header->ts.tv_usec < 0 || header->ts.tv_usec >= NS_PER_S)
		return err_set(err, -EINVAL, "%s is damaged: a stamp that is no time", file->path);
	*ret = (struct capture_frame){
		.stamp = header->ts.tv_sec * NS_PER_S + header->ts.tv_usec, /* nanoseconds, as asked for */
		.data = data,
		.length = header->caplen,
		.wire_length = header->len,
	};
	return 1;
}

void capture_close(struct capture_file *file)
{
	if (!file)
		return;
	file->lib.close(file->pcap);
	free(file->path);
	free(file);
}
