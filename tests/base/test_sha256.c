/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "lab/base/mem.h"
#include "lab/base/sha256.h"

/* Vectors of FIPS 180-4's examples (csrc.nist.gov), and lengths around the padding's edge checked against sha256sum(1). */
static void check(const char *text, const char *digest)
{
	char hex[SHA256_HEX];

	sha256_hex(text, strlen(text), hex);
	cr_assert_str_eq(hex, digest, "of '%s'", text);
}

Test(sha256, digests_the_standards_own_examples)
{
	check("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

Test(sha256, digests_a_million_letters)
{
	size_t length = 1000000;
	char *letters = mem_alloc(length);
	char hex[SHA256_HEX];

	memset(letters, 'a', length);
	sha256_hex(letters, length, hex);
	cr_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(letters);
}

Test(sha256, pads_messages_around_a_blocks_edge)
{
	static const struct {
		size_t length;
		const char *digest;
	} edges[] = {
		{55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
		{56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e"},
		{63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2"},
		{64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"},
		{65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9"},
		{119, "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c"},
		{120, "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98"},
	};

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		char letters[128], hex[SHA256_HEX];

		memset(letters, 'x', sizeof(letters));
		sha256_hex(letters, edges[i].length, hex);
		cr_assert_str_eq(hex, edges[i].digest, "of %zu letters", edges[i].length);
	}
}
