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
 * What `ethtool -K DEV tx off sg off tso off gso off gro off` does. Without
 * checksums and scatter-gather the kernel drops most kinds of segmentation by
 * itself (netdev_fix_features()), but not all: the words for it are said too.
 */
static const struct {
	unsigned command;
	const char *name;
} offloads[] = {
	{ETHTOOL_STXCSUM, "tx"},
	{ETHTOOL_SSG, "sg"},
	{ETHTOOL_STSO, "tso"},
	{ETHTOOL_SGSO, "gso"},
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
