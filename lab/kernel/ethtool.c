/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offloads of an interface (ethtool(8), SIOCETHTOOL). */
#include "lab/kernel/ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lab/base/mem.h"

/*
 * Turning transmit checksums and scatter-gather off takes TSO and GSO with it:
 * the kernel drops a feature whose ground is gone (netdev_fix_features()). It
 * brings them back with their ground only as far as they are still wanted, and
 * they are; so these three are all there is to set, either way.
 */
static const struct {
	unsigned command;
	const char *name;
} offloads[] = {
	{ETHTOOL_STXCSUM, "tx"},
	{ETHTOOL_SSG, "sg"},
	{ETHTOOL_SGRO, "gro"},
};

int ethtool_set_offloads_at(int socket_fd, const char *interface, bool on, struct err *err)
{
	if (strlen(interface) >= IFNAMSIZ)
		return err_set(err, -EINVAL, "'%s' is too long for the name of an interface", interface);
	for (size_t i = 0; i < COUNT_OF(offloads); i++) {
		struct ethtool_value value = {.cmd = offloads[i].command, .data = on};
		struct ifreq request = {.ifr_data = (void *)&value};

		strcpy(request.ifr_name, interface);
		if (ioctl(socket_fd, SIOCETHTOOL, &request) < 0)
			return err_errno(err, -errno, "cannot turn offload %s of %s %s", offloads[i].name, interface, on ? "on" : "off");
	}
	return 0;
}

int ethtool_set_offloads(const char *interface, bool on, struct err *err)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open a socket");
	return ethtool_set_offloads_at(fd, interface, on, err);
}
