/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers to text and back, at the ends of their ranges. */
#include "base/num.h"
#include "unit/base/seed.h"
#include <inttypes.h>

static bool parses_i64(const char *text, int64_t want)
{
    int64_t value = 12345;

    return num_parse_i64(bytes_of_string(text), &value) && value == want;
}

static bool refuses_i64(const char *text)
{
    int64_t value = 12345;

    return !num_parse_i64(bytes_of_string(text), &value) && value == 12345;
}

static bool refuses_u64(const char *text)
{
    uint64_t value = 12345;

    return !num_parse_u64(bytes_of_string(text), &value) && value == 12345;
}

static bool parses_size(const char *text, int64_t want)
{
    int64_t value = 12345;

    return num_parse_size(bytes_of_string(text), &value) && value == want;
}

static bool refuses_size(const char *text)
{
    int64_t value = 12345;

    return !num_parse_size(bytes_of_string(text), &value) && value == 12345;
}

Test(num, whole_range_of_i64_parses)
{
    cr_assert(parses_i64("0", 0));
    cr_assert(parses_i64("7", 7));
    cr_assert(parses_i64("-7", -7));
    cr_assert(parses_i64("1234567890", 1234567890));
    cr_assert(parses_i64("9223372036854775807", INT64_MAX));
    cr_assert(parses_i64("-9223372036854775808", INT64_MIN));
}

Test(num, what_redis_refuses_is_refused_and_leaves_the_value_alone)
{
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        "01",
        "-01",
        "-0",
        "00",
        " 1",
        "1 ",
        "1a",
        "a",
        "0x1",
        "1.0",
        "1e3",
        "--1",
        "/",
        ":",
        "\xb1",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999",
        "100000000000000000000000000000",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert(refuses_i64(bad[i]), "'%s' was accepted", bad[i]);
    int64_t value = 1;
    cr_assert(!num_parse_i64(BYTES_LITERAL("1\0"), &value));
    cr_assert(!num_parse_i64(BYTES_NULL, &value));
}

Test(num, whole_range_of_u64_parses_and_no_more)
{
    uint64_t value = 0;

    cr_assert(num_parse_u64(BYTES_LITERAL("18446744073709551615"), &value));
    cr_assert_eq(value, UINT64_MAX);
    cr_assert(num_parse_u64(BYTES_LITERAL("0"), &value));
    cr_assert_eq(value, 0);
    cr_assert(refuses_u64("18446744073709551616"));
    cr_assert(refuses_u64("18446744073709551620"));
    cr_assert(refuses_u64("-1"));
    cr_assert(refuses_u64("-0"));
    cr_assert(refuses_u64(""));
}

Test(num, sizes_have_the_units_of_redis)
{
    cr_assert(parses_size("0", 0));
    cr_assert(parses_size("100", 100));
    cr_assert(parses_size("100b", 100));
    cr_assert(parses_size("2k", 2000));
    cr_assert(parses_size("64kb", 65536));
    cr_assert(parses_size("3M", 3000000));
    cr_assert(parses_size("1Mb", 1048576));
    cr_assert(parses_size("2g", 2000000000));
    cr_assert(parses_size("2GB", INT64_C(2) << 30));
    cr_assert(parses_size("8589934591gb", INT64_C(8589934591) << 30));
}

Test(num, sizes_with_other_units_or_beyond_the_range_are_refused)
{
    static const char *const bad[] = {
        "",
        "b",
        "kb",
        "-1",
        "-1mb",
        "1kbb",
        "1 kb",
        "1tb",
        "1.5mb",
        "01kb",
        "kb1",
        "1k b",
        "+1k",
        "8589934592gb",
        "9223372036854775808",
        "18446744073709551615gb",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert(refuses_size(bad[i]), "'%s' was accepted", bad[i]);
}

static void expect_i64(int64_t value)
{
    char out[NUM_TEXT_BYTES_MAX + 1], want[32];
    size_t len, want_len = (size_t)snprintf(want, sizeof(want), "%" PRId64, value);
    int64_t back = 0;

    out[NUM_TEXT_BYTES_MAX] = '!';
    len = num_format_i64(out, value);
    cr_assert(bytes_equal(bytes_of(out, len), bytes_of(want, want_len)), "%s", want);
    cr_assert_eq(out[NUM_TEXT_BYTES_MAX], '!');
    cr_assert(num_parse_i64(bytes_of(out, len), &back));
    cr_assert_eq(back, value);
}

static void expect_u64(uint64_t value)
{
    char out[NUM_TEXT_BYTES_MAX], want[32];
    size_t len, want_len = (size_t)snprintf(want, sizeof(want), "%" PRIu64, value);

    len = num_format_u64(out, value);
    cr_assert(bytes_equal(bytes_of(out, len), bytes_of(want, want_len)), "%s", want);
}

Test(num, formats_around_every_power_of_ten)
{
    uint64_t power = 1;

    for (int i = 0; i < 20; i++) {
        expect_u64(power - 1);
        expect_u64(power);
        expect_u64(power + 1);
        expect_i64((int64_t)power);
        expect_i64((int64_t)(0 - power));
        power *= 10;
    }
    expect_u64(UINT64_MAX);
    expect_i64(INT64_MAX);
    expect_i64(INT64_MIN);
}

Test(num, random_numbers_survive_the_way_to_text_and_back)
{
    struct random r;

    seed_test(&r);
    for (int i = 0; i < 20000; i++) {
        uint64_t value = random_next(&r) >> random_below(&r, 64);

        expect_i64((int64_t)value);
        expect_u64(value);
    }
}
