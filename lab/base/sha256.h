/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4), for `payload: {sha256: …}`. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32u
#define SHA256_HEX 65u /* with the NUL */

void sha256(const void *bytes, size_t length, uint8_t ret_digest[SHA256_BYTES]);
/* As sha256sum(1) prints it: lower case. */
void sha256_hex(const void *bytes, size_t length, char ret_hex[SHA256_HEX]);
