/* SPDX-License-Identifier: BSD-3-Clause */
/* Formatting where printf may not be called: compared with printf. */
#include "server/crash_text.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Test(crash_text, numbers_are_those_of_printf)
{
    static const int64_t numbers[] = {0, 7, 10, -1, 1234567890123, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct crash_text t = {0};
        char expected[64];
        crash_text_number(&t, numbers[i]);
        snprintf(expected, sizeof(expected), "%" PRId64, numbers[i]);
        cr_assert_eq(t.len, strlen(expected), "%s", expected);
        cr_assert_eq(memcmp(t.data, expected, t.len), 0, "%s", expected);
    }
}

Test(crash_text, hexadecimal_numbers_are_as_long_as_asked_for)
{
    static const uint64_t numbers[] = {0, 9, 0xabc, 0x7f0012345678, UINT64_MAX};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        for (int digits = 1; digits <= 16; digits += 5) {
            struct crash_text t = {0};
            char expected[64];
            crash_text_hex(&t, numbers[i], digits);
            snprintf(expected, sizeof(expected), "0x%0*" PRIx64, digits, numbers[i]);
            cr_assert_eq(t.len, strlen(expected), "%s is %.*s", expected, (int)t.len, t.data);
            cr_assert_eq(memcmp(t.data, expected, t.len), 0, "%s", expected);
        }
    }
}

Test(crash_text, bytes_that_do_not_print_are_dots_and_null_is_a_question)
{
    struct crash_text t = {0};
    crash_text_bytes(&t, "a\n\x7f\xff b", 6);
    crash_text_string(&t, NULL);
    cr_assert_eq(t.len, 7);
    cr_assert_eq(memcmp(t.data, "a... b?", 7), 0);
}

Test(crash_text, what_does_not_fit_is_cut_and_the_line_ends_all_the_same)
{
    struct crash_text t = {0};
    char line[sizeof(t.data) + 1];
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    for (int i = 0; i < 2000; i++)
        crash_text_string(&t, "x");
    crash_text_write(&t, ends[1]);
    cr_assert_eq(read(ends[0], line, sizeof(line)), (ssize_t)sizeof(t.data));
    cr_assert_eq(line[sizeof(t.data) - 1], '\n');
    cr_assert_eq(t.len, 0);
}
