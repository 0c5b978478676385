/* SPDX-License-Identifier: BSD-3-Clause */
/* The checksum against published vectors and against its definition. */
#include "base/crc32c.h"
#include "unit/base/seed.h"
#include <string.h>

/* One bit at a time, from the definition. */
static uint32_t crc32c_slowly(const unsigned char *data, size_t len)
{
    uint32_t state = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        state ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            state = state >> 1 ^ (state & 1 ? 0x82f63b78 : 0);
    }
    return ~state;
}

Test(crc32c, known_vectors_hold)
{
    unsigned char block[32];

    cr_assert_eq(crc32c("123456789", 9), 0xe3069283);
    cr_assert_eq(crc32c("", 0), 0);
    memset(block, 0, sizeof(block)); /* these two from RFC 3720 */
    cr_assert_eq(crc32c(block, sizeof(block)), 0x8a9136aa);
    memset(block, 0xff, sizeof(block));
    cr_assert_eq(crc32c(block, sizeof(block)), 0x62a8ab43);
}

Test(crc32c, agrees_with_the_definition_at_any_length_and_alignment)
{
    unsigned char data[4096];
    struct random r;

    seed_test(&r);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)random_next(&r);
    for (int round = 0; round < 500; round++) {
        size_t from = random_below(&r, 64);
        size_t len = random_below(&r, sizeof(data) - from);

        cr_assert_eq(crc32c(data + from, len), crc32c_slowly(data + from, len));
    }
}

Test(crc32c, extending_equals_one_pass_wherever_the_cut_is)
{
    const char text[] = "the quick brown fox jumps over the lazy dog";

    for (size_t cut = 0; cut <= strlen(text); cut++) {
        uint32_t crc = crc32c_extend(crc32c(text, cut), text + cut, strlen(text) - cut);

        cr_assert_eq(crc, crc32c(text, strlen(text)));
    }
}

#if defined(__x86_64__)
#define REGISTER_BYTES 32

/* What is in the wide registers behind a checksum of so many bytes, as far as such a loop uses them. */
__attribute__((target("avx"), noinline)) static void
wide_registers_after(size_t len, unsigned char registers[8][REGISTER_BYTES])
{
    unsigned char data[4096];

    memset(data, 0xa5, sizeof(data));
    (void)crc32c(data, len);
    __asm__ volatile("vmovdqu %%ymm0, (%0)\n\tvmovdqu %%ymm1, 32(%0)\n\t"
                     "vmovdqu %%ymm2, 64(%0)\n\tvmovdqu %%ymm3, 96(%0)\n\t"
                     "vmovdqu %%ymm4, 128(%0)\n\tvmovdqu %%ymm5, 160(%0)\n\t"
                     "vmovdqu %%ymm6, 192(%0)\n\tvmovdqu %%ymm7, 224(%0)"
                     :
                     : "r"(registers)
                     : "memory");
}

Test(crc32c, leaves_no_wide_register_in_use)
{
    static const unsigned char zeros[REGISTER_BYTES / 2];
    unsigned char registers[8][REGISTER_BYTES];

    if (!__builtin_cpu_supports("avx"))
        cr_skip_test("this processor has no wide registers");
    for (size_t len = 1; len <= 4096; len *= 2) {
        wide_registers_after(len, registers);
        for (size_t i = 0; i < 8; i++)
            cr_assert_arr_eq(registers[i] + sizeof(zeros), zeros, sizeof(zeros),
                             "register %zu after %zu bytes", i, len);
    }
}
#endif
