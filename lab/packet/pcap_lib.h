/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpcap, loaded when it is first needed. Internal to lab/packet. */
#pragma once

#include <pcap/pcap.h>

#include "lab/base/err.h"

struct pcap_lib {
	__typeof__(pcap_open_dead) *open_dead;
	__typeof__(pcap_compile) *compile;
	__typeof__(pcap_freecode) *freecode;
	__typeof__(pcap_offline_filter) *offline_filter;
	__typeof__(pcap_geterr) *geterr;
	__typeof__(pcap_close) *close;
	__typeof__(pcap_datalink) *datalink;
	__typeof__(pcap_datalink_val_to_name) *datalink_name;
	__typeof__(pcap_next_ex) *next_ex;
	__typeof__(pcap_fopen_offline_with_tstamp_precision) *fopen_offline;
};

/* The library stays loaded. -ENOPKG where it is not installed, or too old. */
int pcap_lib_load(struct pcap_lib *ret, struct err *err);
