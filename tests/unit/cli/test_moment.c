/* SPDX-License-Identifier: BSD-3-Clause */
/* Points in time as people write them. */
#include "cli/moment.h"
#include <criterion/criterion.h>

#define NOW INT64_C(1800000000000)

static void expect(const char *text, int64_t expected)
{
    int64_t ms = -1;

    cr_expect(moment_parse(text, NOW, &ms), "%s", text);
    cr_expect_eq(ms, expected, "%s: %lld", text, (long long)ms);
}

Test(moment, dates_are_utc_unless_they_say_otherwise)
{
    expect("1970-01-01", 0);
    expect("2026-01-31", 1769817600000);
    expect("2026-01-31T10:00", 1769853600000);
    expect("2026-01-31 10:00:01", 1769853601000);
    expect("2026-01-31T10:00:00.25", 1769853600250);
    expect("2026-01-31T10:00:00.0019", 1769853600001);
    expect("2026-01-31T10:00:00Z", 1769853600000);
    expect("2026-01-31T10:00:00.000+02:00", 1769846400000);
    expect("2026-01-31T10:00-0130", 1769859000000);
    expect("2028-02-29", 1835395200000);
}

Test(moment, numbers_are_milliseconds)
{
    expect("0", 0);
    expect("1769853600000", 1769853600000);
}

Test(moment, so_long_ago)
{
    expect("90s", NOW - 90000);
    expect("10m", NOW - 600000);
    expect("2h", NOW - 7200000);
    expect("1d", NOW - 86400000);
    expect("PT1H", NOW - 3600000);
    expect("PT1H30M5S", NOW - 5405000);
    expect("P7D", NOW - 7 * INT64_C(86400000));
    expect("P1DT2M", NOW - 86400000 - 120000);
    expect("PT0S", NOW);
}

Test(moment, anything_else_is_refused)
{
    static const char *const wrong[] = {"",
                                        "yesterday",
                                        "-1",
                                        "m",
                                        "-5m",
                                        "5w",
                                        "2026-13-01",
                                        "2026-02-30",
                                        "2026-00-10",
                                        "2026-01-00",
                                        "2026-01-31T",
                                        "2026-1-31",
                                        "2026-01-31T24:00",
                                        "2026-01-31T10:00x",
                                        "2026-01-31Z",
                                        "2026-01-31T10:00:00.",
                                        "9999999999999999d",
                                        "P",
                                        "PT",
                                        "P1DT",
                                        "P1H",
                                        "PT1D",
                                        "PT1M1H",
                                        "PT1Hx",
                                        "PT99999999999999999H"};
    int64_t ms = 7;

    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        cr_expect(!moment_parse(wrong[i], NOW, &ms), "%s", wrong[i]);
}
