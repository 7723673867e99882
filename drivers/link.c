/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packet, rx_ring and tx_ring have in common: the interface and what is received from it. */
#include "drivers/link.h"

#include <errno.h>
#include <net/if.h>

#include "drivers/fail.h"

int link_ifindex(const struct driver_open *how, const struct packet_options *options, int *ret, struct driver_failure *failure,
		 struct err *err)
{
	const char *name = how->interface ? how->interface : options ? options->interface : NULL;
	unsigned index = name ? if_nametoindex(name) : 0;

	if (name && !index)
		return driver_fail(failure, err, errno, "ioctl", "SIOCGIFINDEX, interface %s", name);
	*ret = (int)index;
	return 0;
}

int link_attachment(const struct driver_open *how, const struct packet_options *options, struct rx_ring_attachment *ret,
		    struct sock_fprog *ret_program, struct filter **ret_filter, struct driver_failure *failure, struct err *err)
{
	struct rx_ring_attachment attachment = {.ignore_outgoing = true};
	int r = link_ifindex(how, options, &attachment.ifindex, failure, err);

	*ret_filter = NULL;
	if (r < 0)
		return r;
	if (options) {
		attachment.protocol = (uint16_t)options->protocol;
		attachment.promiscuous = options->promiscuous;
		attachment.ignore_outgoing = !options->outgoing;
	}
	if (options && options->filter) {
		struct err why;

		r = filter_compile(options->filter, ret_filter, NULL, &why);
		if (r < 0)
			return driver_fail(failure, err, -r, "setsockopt", "filter '%s': %s", options->filter, why.text);
		*ret_program = filter_program(*ret_filter);
		attachment.filter = ret_program;
	}
	*ret = attachment;
	return 0;
}

int link_check(const struct packet_options *options, const char **ret_field, struct err *err)
{
	struct filter *filter = NULL;
	int r = options->filter ? filter_compile(options->filter, &filter, NULL, err) : 0;

	filter_free(filter);
	if (r < 0)
		*ret_field = "filter";
	return r;
}

int link_error(int fd, const char *call, struct driver_failure *failure, struct err *err)
{
	int value = 0;
	socklen_t length = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) < 0)
		return driver_fail(failure, err, errno, "getsockopt", "SO_ERROR");
	return value ? driver_fail(failure, err, value, call, "the interface") : 0;
}
