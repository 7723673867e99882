/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packet, rx_ring and tx_ring have in common: the interface and what is received from it. */
#pragma once

#include "drivers/driver.h"
#include "drivers/options.h"
#include "drivers/rx_ring.h"
#include "drivers/sockopt.h"
#include "lab/packet/filter.h"

static inline void filter_freep(struct filter **filter)
{
	filter_free(*filter);
}

/* Index of the interface that how->interface or else the options name; 0 where neither does. -ENODEV. */
int link_ifindex(const struct driver_open *how, const struct packet_options *options, int *ret, struct driver_failure *failure,
		 struct err *err);
/*
 * What the options want received. *ret_filter (NULL: no filter) must be kept until the attachment was used, and is the
 * caller's to free.
 */
int link_attachment(const struct driver_open *how, const struct packet_options *options, struct rx_ring_attachment *ret,
		    struct sock_fprog *ret_program, struct filter **ret_filter, struct driver_failure *failure, struct err *err);
/* The part of driver.check that all of them share: the filter's words. */
int link_check(const struct packet_options *options, const char **ret_field, struct err *err);
/* SO_ERROR of a packet socket: 0, or the failure of `call`. */
int link_error(int fd, const char *call, struct driver_failure *failure, struct err *err);
