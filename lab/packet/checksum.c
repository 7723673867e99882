/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071). */
#include "lab/packet/layer.h"

uint32_t checksum_add(uint32_t sum, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;
	uint64_t wide = sum;

	for (; length >= 2; p += 2, length -= 2)
		wide += (uint32_t)p[0] << 8 | p[1];
	if (length)
		wide += (uint32_t)p[0] << 8;
	while (wide >> 32)
		wide = (wide & UINT32_MAX) + (wide >> 32);
	return (uint32_t)wide;
}

uint16_t checksum_finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
