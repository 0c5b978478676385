/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests from words with placeholders. */
#include "bench/requests.h"
#include <criterion/criterion.h>
#include <string.h>

static struct requests built(const struct request_plan *plan)
{
    struct requests r;
    char why[REQUESTS_WHY_BYTES];

    cr_assert(requests_build(&r, plan, why), "%s", why);
    return r;
}

#define WORDS(...)                               \
    .words = (const char *const[]){__VA_ARGS__}, \
    .word_count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)

static void expect_taken(struct requests *r, size_t count, const char *expected)
{
    struct bytes got = requests_take(r, count);

    cr_expect(bytes_equal(got, bytes_of_string(expected)), "%.*s is not %s", (int)got.len, got.data,
              expected);
}

Test(requests, a_command_without_placeholders_is_the_same_again_and_again)
{
    struct requests r =
        built(&(struct request_plan){WORDS("PING"), .names = 7, .keys = 7, .depth = 3});

    cr_expect_eq(r.count, 1);
    expect_taken(&r, 1, "*1\r\n$4\r\nPING\r\n");
    expect_taken(&r, 3, "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
    requests_deinit(&r);
}

Test(requests, names_rotate_over_those_who_take_them)
{
    struct requests r =
        built(&(struct request_plan){WORDS("c{i}"), .names = 3, .keys = 1, .depth = 2});

    expect_taken(&r, 2, "*1\r\n$2\r\nc0\r\n*1\r\n$2\r\nc1\r\n");
    expect_taken(&r, 2, "*1\r\n$2\r\nc2\r\n*1\r\n$2\r\nc0\r\n");
    expect_taken(&r, 1, "*1\r\n$2\r\nc1\r\n");
    expect_taken(&r, 2, "*1\r\n$2\r\nc2\r\n*1\r\n$2\r\nc0\r\n");
    requests_deinit(&r);
}

Test(requests, numbers_are_made_of_the_one_that_rotates)
{
    struct requests r = built(&(struct request_plan){WORDS("t{i/2}", "{i%2}", "{i*500}"),
                                                     .names = 4, .keys = 1, .depth = 4});

    requests_take(&r, 3);
    expect_taken(&r, 1, "*3\r\n$2\r\nt1\r\n$1\r\n1\r\n$4\r\n1500\r\n");
    requests_deinit(&r);
}

Test(requests, every_key_comes_with_every_name)
{
    struct requests r =
        built(&(struct request_plan){WORDS("{i}", "{key}"), .names = 2, .keys = 2, .depth = 1});

    cr_expect_eq(r.count, 4);
    expect_taken(&r, 1, "*2\r\n$1\r\n0\r\n$5\r\nkey:0\r\n");
    expect_taken(&r, 1, "*2\r\n$1\r\n1\r\n$5\r\nkey:0\r\n");
    expect_taken(&r, 1, "*2\r\n$1\r\n0\r\n$5\r\nkey:1\r\n");
    requests_deinit(&r);
}

Test(requests, a_payload_has_its_size_and_may_be_many_words)
{
    struct requests r = built(&(struct request_plan){WORDS("V", "{payload}", "{payload*2}"),
                                                     .names = 1, .keys = 1, .size = 3, .depth = 1});

    expect_taken(&r, 1, "*4\r\n$1\r\nV\r\n$3\r\nxxx\r\n$3\r\nxxx\r\n$3\r\nxxx\r\n");
    requests_deinit(&r);
}

Test(requests, a_payload_once_is_a_payload)
{
    struct requests r = built(
        &(struct request_plan){WORDS("{payload*1}"), .names = 1, .keys = 1, .size = 3, .depth = 1});

    expect_taken(&r, 1, "*1\r\n$3\r\nxxx\r\n");
    requests_deinit(&r);
}

Test(requests, braces_that_mean_nothing_stay)
{
    struct requests r = built(&(struct request_plan){
        WORDS("{j}", "{i", "{i*0}", "{i+1}", "{i*x}", "{}"), .names = 1, .keys = 1, .depth = 1});

    expect_taken(&r, 1,
                 "*6\r\n$3\r\n{j}\r\n$2\r\n{i\r\n$5\r\n{i*0}\r\n$5\r\n{i+1}\r\n$5\r\n{i*x}\r\n"
                 "$2\r\n{}\r\n");
    requests_deinit(&r);
}

Test(requests, too_many_of_them_are_refused)
{
    const struct request_plan many = {WORDS("{i}", "{key}"), .names = REQUESTS_MAX, .keys = 2,
                                      .depth = 1};
    const struct request_plan large = {WORDS("{i}", "{payload}"), .names = 1 << 20, .keys = 1,
                                       .size = 1 << 20, .depth = 1};
    const struct request_plan none = {.names = 1, .keys = 1, .depth = 1};
    struct requests r;
    char why[REQUESTS_WHY_BYTES];

    cr_expect_not(requests_build(&r, &many, why));
    cr_expect_not(requests_build(&r, &large, why));
    cr_expect_not(requests_build(&r, &none, why));
}
