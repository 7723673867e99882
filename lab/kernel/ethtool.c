/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offloads of an interface (ethtool(8), SIOCETHTOOL). */
#include "lab/kernel/ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"

/*
 * Theory of operation
 *
 * The kernel numbers its features, differently in each version, and tells their
 * names. Those below are one request; the older commands, one for each group
 * (ETHTOOL_STSO …), are several, and do not reach every kind of segmentation:
 * an SCTP packet would still leave in one piece of 64 kB.
 */
static const struct {
	const char *start, *end;
} offloads[] = {
	{"tx-checksum-", ""},	       /* of transmitted packets: ip-generic, sctp… */
	{"tx-scatter-gather", ""},
	{"tx-", "-segmentation"},      /* tcp, udp, sctp, tunnels, generic */
	{"tx-gso-", ""},
	{"rx-gro", ""},		       /* receive: puts segments together */
	{"rx-udp-gro-forwarding", ""},
};

#define FEATURES_MAX ETHTOOL_FEATURES_MAX

static bool is_offload(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(offloads); i++)
		if (str_starts(name, offloads[i].start) && str_ends(name, offloads[i].end))
			return true;
	return false;
}

static int call(int socket_fd, const char *interface, void *command)
{
	struct ifreq request = {.ifr_data = command};

	strcpy(request.ifr_name, interface);
	return ioctl(socket_fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

struct feature_names {
	struct ethtool_gstrings header;
	char names[FEATURES_MAX][ETH_GSTRING_LEN];
};

static int read_names(int socket_fd, const char *interface, struct feature_names *ret)
{
	struct {
		struct ethtool_sset_info header;
		uint32_t count;
	} info = {.header = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
	int r = call(socket_fd, interface, &info);

	if (r < 0)
		return r;
	if (info.count > FEATURES_MAX)
		return -EOVERFLOW;
	ret->header = (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = info.count};
	r = call(socket_fd, interface, ret);
	return r < 0 ? r : ret->header.len > FEATURES_MAX ? -EOVERFLOW : 0;
}

int ethtool_find_offloads(int socket_fd, const char *interface, struct ethtool_offloads *ret, struct err *err)
{
	struct ethtool_offloads found = {0};
	struct feature_names names;
	int r;

	if (strlen(interface) >= IFNAMSIZ)
		return err_set(err, -EINVAL, "'%s' is too long for the name of an interface", interface);
	r = read_names(socket_fd, interface, &names);
	if (r < 0)
		return err_errno(err, r, "cannot read the offloads of %s", interface);
	found.blocks = (names.header.len + 31) / 32;
	for (uint32_t i = 0; i < names.header.len; i++) {
		names.names[i][ETH_GSTRING_LEN - 1] = '\0';
		if (is_offload(names.names[i]))
			found.mask[i / 32] |= 1u << i % 32;
	}
	*ret = found;
	return 0;
}

int ethtool_set_found(int socket_fd, const char *interface, const struct ethtool_offloads *offload_bits, bool on, struct err *err)
{
	struct {
		struct ethtool_sfeatures header;
		struct ethtool_set_features_block blocks[FEATURES_MAX / 32];
	} set = {.header = {.cmd = ETHTOOL_SFEATURES, .size = offload_bits->blocks}};
	int r;

	if (strlen(interface) >= IFNAMSIZ)
		return err_set(err, -EINVAL, "'%s' is too long for the name of an interface", interface);
	for (uint32_t i = 0; i < offload_bits->blocks; i++)
		set.blocks[i] = (struct ethtool_set_features_block){offload_bits->mask[i], on ? offload_bits->mask[i] : 0};
	/* A positive answer says that some cannot be changed on such a device: those are what they are. */
	r = call(socket_fd, interface, &set);
	return r < 0 ? err_errno(err, r, "cannot turn the offloads of %s %s", interface, on ? "on" : "off") : 0;
}

int ethtool_set_offloads(const char *interface, bool on, struct err *err)
{
	struct ethtool_offloads found;
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return err_errno(err, -errno, "cannot open a socket");
	r = ethtool_find_offloads(fd, interface, &found, err);
	return r < 0 ? r : ethtool_set_found(fd, interface, &found, on, err);
}
