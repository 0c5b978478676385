/* SPDX-License-Identifier: BSD-3-Clause */
/* Both hashes against published values: keys on disk and in clients depend on them. */
#include "base/hash.h"
#include <criterion/criterion.h>

static int32_t murmur2(const char *s)
{
    return (int32_t)hash_murmur2(bytes_of_string(s));
}

/* The values that the tests of Kafka's Java client hold its own function to. */
Test(hash, murmur2_gives_what_the_java_client_gives)
{
    cr_assert_eq(murmur2("21"), -973932308);
    cr_assert_eq(murmur2("foobar"), -790332482);
    cr_assert_eq(murmur2("a-little-bit-long-string"), -985981536);
    cr_assert_eq(murmur2("a-little-bit-longer-string"), -1486304829);
    cr_assert_eq(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
    cr_assert_eq(murmur2("abc"), 479470107);
}

Test(hash, murmur2_reads_bytes_as_unsigned_and_at_any_alignment)
{
    char text[16] = "xa\x80\xff\xfe\x81\x82";
    struct bytes data = bytes_of(text + 1, 6);
    uint32_t hash = hash_murmur2(data);

    memmove(text + 4, text + 1, 6);
    cr_assert_eq(hash_murmur2(bytes_of(text + 4, 6)), hash);
    text[9]++; /* the last byte counts */
    cr_assert_neq(hash_murmur2(bytes_of(text + 4, 6)), hash);
}

Test(hash, murmur2_of_nothing_is_defined)
{
    cr_assert_eq(hash_murmur2(BYTES_NULL), hash_murmur2(BYTES_LITERAL("")));
    cr_assert_eq(murmur2(""), 275646681);
}

/* The first vectors of the SipHash paper's reference: key 00..0f, input 00, 00 01, … */
Test(hash, keyed_hash_is_siphash_2_4)
{
    struct hash_key key;
    char input[15];

    for (int i = 0; i < HASH_KEY_BYTES; i++)
        key.bytes[i] = (unsigned char)i;
    for (int i = 0; i < 15; i++)
        input[i] = (char)i;
    cr_assert_eq(hash_keyed(&key, bytes_of(input, 0)), 0x726fdb47dd0e0e31U);
    cr_assert_eq(hash_keyed(&key, bytes_of(input, 1)), 0x74f839c593dc67fdU);
    cr_assert_eq(hash_keyed(&key, bytes_of(input, 15)), 0xa129ca6149be45e5U);
    key.bytes[0] ^= 1;
    cr_assert_neq(hash_keyed(&key, bytes_of(input, 0)), 0x726fdb47dd0e0e31U);
}
