/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpcap, loaded when it is first needed. */
#include "lab/packet/pcap_lib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "lab/base/mem.h"

/*
 * Debian and Ubuntu kept the old name; others follow the library's own version. Theirs comes first: asking for a name that
 * is not loaded costs a search of the file system, in every runner again. And lazy binding leaves more pages to share with them.
 */
static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1"};

static const struct {
	const char *symbol;
	size_t offset;
} symbols[] = {
	{"pcap_open_dead", offsetof(struct pcap_lib, open_dead)},
	{"pcap_compile", offsetof(struct pcap_lib, compile)},
	{"pcap_freecode", offsetof(struct pcap_lib, freecode)},
	{"pcap_offline_filter", offsetof(struct pcap_lib, offline_filter)},
	{"pcap_geterr", offsetof(struct pcap_lib, geterr)},
	{"pcap_close", offsetof(struct pcap_lib, close)},
	{"pcap_datalink", offsetof(struct pcap_lib, datalink)},
	{"pcap_datalink_val_to_name", offsetof(struct pcap_lib, datalink_name)},
	{"pcap_next_ex", offsetof(struct pcap_lib, next_ex)},
	{"pcap_fopen_offline_with_tstamp_precision", offsetof(struct pcap_lib, fopen_offline)},
};
_Static_assert(COUNT_OF(symbols) * sizeof(void *) == sizeof(struct pcap_lib), "each member has its symbol");

int pcap_lib_load(struct pcap_lib *ret, struct err *err)
{
	struct pcap_lib lib;
	void *handle = NULL;

	/* NODELETE: loading again is a look-up, and nobody has to count users. */
	/* First under the name it may have been loaded by: looking for another one searches the disk, in every runner again. */
	for (size_t i = 0; i < COUNT_OF(names) && !handle; i++)
		handle = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE | RTLD_NOLOAD);
	for (size_t i = 0; i < COUNT_OF(names) && !handle; i++)
		handle = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle)
		return err_set(err, -ENOPKG, "libpcap is needed for filters and capture files, and is not installed (Debian: libpcap0.8)");
	for (size_t i = 0; i < COUNT_OF(symbols); i++) {
		void *address = dlsym(handle, symbols[i].symbol);

		if (!address) {
			dlclose(handle);
			return err_set(err, -ENOPKG, "libpcap is too old: it has no %s", symbols[i].symbol);
		}
		memcpy((char *)&lib + symbols[i].offset, &address, sizeof(address));
	}
	dlclose(handle);
	*ret = lib;
	return 0;
}
