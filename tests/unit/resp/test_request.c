/* SPDX-License-Identifier: BSD-3-Clause */
/* The request reader. The expected errors are what redis-server 7.0.15 answers to the same bytes. */
#include "base/mem.h"
#include "base/random.h"
#include "resp/request.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* --- what a stream of requests is understood as --------------------------------------------------- */

/* One line of text per command, "[a][b]", and one for an error; compared between ways to feed. */
static void transcript_command(struct buf *to, const struct request *r)
{
    for (int i = 0; i < r->argc; i++) {
        cr_assert(r->argv[i].data != NULL, "an argument is never null");
        buf_append_char(to, '[');
        buf_append_bytes(to, r->argv[i]);
        buf_append_char(to, ']');
    }
    buf_append_char(to, '\n');
}

/* Reads all that is in `input` from *start on. Each call gets a fresh copy of exact size, so that a look
 * past the end or at an earlier place of the input is seen by the sanitizer. False: an error. */
static bool drain(struct request *r, struct bytes input, size_t *start, struct buf *to)
{
    for (;;) {
        size_t len = input.len - *start;
        char *copy = mem_alloc(len + 1);
        char *at = copy + 1; /* odd, and exactly up to the end of the block */
        memcpy(at, input.data + *start, len);
        size_t consumed = 0;
        enum request_status status = request_read(r, bytes_of(at, len), &consumed);
        if (status == REQUEST_READY)
            transcript_command(to, r);
        mem_free(copy);
        if (status == REQUEST_ERROR) {
            buf_append_string(to, r->error);
            return false;
        }
        if (status == REQUEST_PARTIAL)
            return true;
        cr_assert(consumed > 0 && consumed <= len);
        *start += consumed;
    }
}

struct feed {
    struct request request;
    struct buf transcript;
    size_t start; /* of the command under way */
    bool failed;
};

static void feed_begin(struct feed *f, bool authenticated)
{
    memset(f, 0, sizeof(*f));
    request_init(&f->request);
    f->request.authenticated = authenticated;
}

static void feed_up_to(struct feed *f, struct bytes input, size_t len)
{
    if (!f->failed)
        f->failed = !drain(&f->request, bytes_of(input.data, len), &f->start, &f->transcript);
}

static void feed_end(struct feed *f)
{
    request_deinit(&f->request);
    buf_deinit(&f->transcript);
}

static void expect_same(const struct feed *whole, const struct feed *pieces, size_t at)
{
    cr_assert(bytes_equal(buf_bytes(&whole->transcript), buf_bytes(&pieces->transcript)),
              "cut at %zu: %.*s, not %.*s", at, (int)pieces->transcript.len,
              pieces->transcript.data == NULL ? "" : pieces->transcript.data,
              (int)whole->transcript.len,
              whole->transcript.data == NULL ? "" : whole->transcript.data);
    cr_assert_eq(whole->start, pieces->start);
}

/* Feeds whole, byte by byte, and in two pieces cut at every place. */
static void check_every_cut(struct bytes input, bool authenticated, struct buf *transcript)
{
    struct feed whole, pieces;
    feed_begin(&whole, authenticated);
    feed_up_to(&whole, input, input.len);
    feed_begin(&pieces, authenticated);
    for (size_t len = 0; len <= input.len; len++)
        feed_up_to(&pieces, input, len);
    expect_same(&whole, &pieces, 0);
    feed_end(&pieces);
    for (size_t cut = 0; cut < input.len; cut++) {
        feed_begin(&pieces, authenticated);
        feed_up_to(&pieces, input, cut);
        feed_up_to(&pieces, input, input.len);
        expect_same(&whole, &pieces, cut);
        feed_end(&pieces);
    }
    buf_append_bytes(transcript, buf_bytes(&whole.transcript));
    feed_end(&whole);
}

static void expect_bytes(struct bytes input, bool authenticated, const char *expected)
{
    struct buf transcript = {0};
    check_every_cut(input, authenticated, &transcript);
    cr_assert(bytes_equal(buf_bytes(&transcript), bytes_of_string(expected)),
              "'%.*s' reads as '%.*s', not '%s'", (int)input.len, input.data, (int)transcript.len,
              transcript.data == NULL ? "" : transcript.data, expected);
    buf_deinit(&transcript);
}

#define EXPECT(input, expected) expect_bytes(BYTES_LITERAL(input), true, expected)
#define EXPECT_FROM_STRANGER(input, expected) expect_bytes(BYTES_LITERAL(input), false, expected)

/* --- arrays --------------------------------------------------------------------------------------- */

Test(request, an_array_of_bulk_strings_is_a_command)
{
    EXPECT("*1\r\n$4\r\nPING\r\n", "[PING]\n");
    EXPECT("*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$11\r\nhello world\r\n",
           "[PUBLISH][news][hello world]\n");
    EXPECT("*12\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\nf\r\n$1\r\ng\r\n$"
           "1\r\nh\r\n"
           "$1\r\ni\r\n$1\r\nj\r\n$1\r\nk\r\n$10\r\n0123456789\r\n",
           "[a][b][c][d][e][f][g][h][i][j][k][0123456789]\n");
}

Test(request, an_argument_may_be_empty_or_hold_any_byte)
{
    EXPECT("*2\r\n$0\r\n\r\n$4\r\n\r\n*\n\r\n", "[][\r\n*\n]\n");
    struct buf transcript = {0};
    check_every_cut(BYTES_LITERAL("*1\r\n$3\r\n\0\xff\0\r\n"), true, &transcript);
    cr_assert(bytes_equal(buf_bytes(&transcript), BYTES_LITERAL("[\0\xff\0]\n")));
    buf_deinit(&transcript);
}

Test(request, commands_of_a_pipeline_come_one_by_one)
{
    EXPECT("*1\r\n$1\r\na\r\nPING "
           "x\r\n*2\r\n$1\r\nb\r\n$2\r\ncd\r\n\r\n*0\r\n*1\r\n$0\r\n\r\n*2\r\n$1\r\nz",
           "[a]\n[PING][x]\n[b][cd]\n\n\n[]\n");
}

Test(request, an_array_without_items_is_an_empty_command)
{
    EXPECT("*0\r\nPING\r\n", "\n[PING]\n");
    EXPECT("*-1\r\nPING\r\n", "\n[PING]\n");
    EXPECT("*-5\r\nPING\r\n", "\n[PING]\n");
    EXPECT("*-1234567890123\r\nPING\r\n", "\n[PING]\n");
}

Test(request, what_stands_in_place_of_a_line_feed_is_skipped_as_redis_does)
{
    EXPECT("*1\rx$4\rxPING\r\n", "[PING]\n");
    EXPECT("*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "[PING]\n[PING]\n");
}

Test(request, an_array_length_that_is_no_number_is_an_error)
{
    const char *error = "Protocol error: invalid multibulk length";
    EXPECT("*\r\n", error);
    EXPECT("*a\r\n", error);
    EXPECT("*1a\r\n", error);
    EXPECT("*+1\r\n", error);
    EXPECT("*-0\r\n", error);
    EXPECT("*01\r\n", error);
    EXPECT("* 1\r\n", error);
    EXPECT("*1 \r\n", error);
    EXPECT("*2147483648\r\n", error);
    EXPECT("*1234567890123\r\n", error);
    EXPECT("*9223372036854775808\r\n", error);
    EXPECT("*99999999999999999999999\r\n", error);
    EXPECT("*1\n$4\nPING\n\r\n", error);
}

Test(request, an_array_is_bounded)
{
    EXPECT("*1048576\r\n$1\r\na\r\n", "");
    EXPECT("*1048577\r\n", "Protocol error: invalid multibulk length");
}

Test(request, an_item_that_is_no_bulk_string_is_an_error_that_names_its_first_byte)
{
    EXPECT("*1\r\nfoo\r\n", "Protocol error: expected '$', got 'f'");
    EXPECT("*1\r\n:4\r\n", "Protocol error: expected '$', got ':'");
    EXPECT("*1\r\n*1\r\n", "Protocol error: expected '$', got '*'");
    EXPECT("*1\r\n%\r\n", "Protocol error: expected '$', got '%'");
    EXPECT("*1\r\n\xff\r\n", "Protocol error: expected '$', got '\xff'");
    EXPECT("*2\r\n$1\r\na\r\n1\r\n", "Protocol error: expected '$', got '1'");
}

Test(request, an_error_stays_on_one_line)
{
    EXPECT("*1\r\n\r\n", "Protocol error: expected '$', got ' '");
    EXPECT("*1\r\n\n\r\n", "Protocol error: expected '$', got ' '");
    EXPECT("*1\r\n\0\r\n", "Protocol error: expected '$', got '\\x00'");
}

Test(request, a_bulk_length_that_is_no_length_is_an_error)
{
    const char *error = "Protocol error: invalid bulk length";
    EXPECT("*1\r\n$\r\n", error);
    EXPECT("*1\r\n$a\r\n", error);
    EXPECT("*1\r\n$-1\r\n", error);
    EXPECT("*1\r\n$04\r\nPING\r\n", error);
    EXPECT("*1\r\n$+4\r\nPING\r\n", error);
    EXPECT("*1\r\n$4 \r\nPING\r\n", error);
    EXPECT("*1\r\n$536870913\r\n", error);
    EXPECT("*1\r\n$9223372036854775807\r\n", error);
    EXPECT("*1\r\n$18446744073709551620\r\nPING\r\n", error);
    EXPECT("*2\r\n$1\r\na\r\n$x\r\n", error);
}

Test(request, the_bulk_limit_is_the_owners)
{
    struct request r;
    size_t consumed;
    request_init(&r);
    r.authenticated = true;
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*1\r\n$536870912\r\n"), &consumed),
                 REQUEST_PARTIAL);
    request_deinit(&r);
    request_init(&r);
    r.bulk_bytes_max = 5;
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*1\r\n$5\r\n12345\r\n"), &consumed),
                 REQUEST_READY);
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*1\r\n$6\r\n"), &consumed), REQUEST_ERROR);
    cr_assert_str_eq(r.error, "Protocol error: invalid bulk length");
    request_deinit(&r);
}

Test(request, a_stranger_may_send_only_a_little)
{
    EXPECT_FROM_STRANGER("*10\r\n$16384\r\n", "");
    EXPECT_FROM_STRANGER("*11\r\n", "Protocol error: unauthenticated multibulk length");
    EXPECT_FROM_STRANGER("*1\r\n$16385\r\n", "Protocol error: unauthenticated bulk length");
    EXPECT_FROM_STRANGER("*1048577\r\n", "Protocol error: invalid multibulk length");
    EXPECT_FROM_STRANGER("*1\r\n$536870913\r\n", "Protocol error: invalid bulk length");
    EXPECT("*11\r\n$16385\r\n", "");
}

Test(request, limits_may_change_between_commands)
{
    struct request r;
    size_t consumed;
    request_init(&r);
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*1\r\n$4\r\nAUTH\r\n"), &consumed), REQUEST_READY);
    r.authenticated = true;
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*11\r\n"), &consumed), REQUEST_PARTIAL);
    request_deinit(&r);
}

/* --- lines without an end ------------------------------------------------------------------------- */

/* Feeds `prefix` and then `count` times `c`, in pieces of `step`. */
static void expect_endless(const char *prefix, char c, size_t count, size_t step,
                           const char *expected)
{
    struct buf input = {0};
    struct feed f;
    buf_append_string(&input, prefix);
    for (size_t i = 0; i < count; i++)
        buf_append_char(&input, c);
    feed_begin(&f, true);
    for (size_t len = 0; len < input.len; len += step)
        feed_up_to(&f, buf_bytes(&input), len);
    feed_up_to(&f, buf_bytes(&input), input.len);
    cr_assert(bytes_equal(buf_bytes(&f.transcript), bytes_of_string(expected)),
              "%s%c… of %zu: '%.*s'", prefix, c, count, (int)f.transcript.len,
              f.transcript.data == NULL ? "" : f.transcript.data);
    feed_end(&f);
    buf_deinit(&input);
}

Test(request, a_line_that_does_not_end_is_refused_at_a_limit)
{
    static const size_t steps[] = {100000, 1000, 7919};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        expect_endless("", 'x', 65536, steps[i], "");
        expect_endless("", 'x', 65537, steps[i], "Protocol error: too big inline request");
        expect_endless("*", '1', 65535, steps[i], "");
        expect_endless("*", '1', 65536, steps[i], "Protocol error: too big mbulk count string");
        expect_endless("*1\r\n$", '1', 65535, steps[i], "");
        expect_endless("*1\r\n$", '1', 65536, steps[i],
                       "Protocol error: too big bulk count string");
        expect_endless("*1\r\n", 'x', 65537, steps[i], "Protocol error: too big bulk count string");
    }
}

Test(request, a_long_line_counts_the_same_whether_its_end_is_there_or_not)
{
    struct buf input = {0};
    for (int i = 0; i < 65536; i++)
        buf_append_char(&input, i < 4 ? "PING"[i] : ' ');
    buf_append_char(&input, '\n');
    struct feed f;
    feed_begin(&f, true);
    feed_up_to(&f, buf_bytes(&input), input.len);
    cr_assert(bytes_equal(buf_bytes(&f.transcript), BYTES_LITERAL("[PING]\n")));
    feed_end(&f);
    input.len--;
    buf_append_string(&input, " \n");
    feed_begin(&f, true);
    feed_up_to(&f, buf_bytes(&input), input.len);
    cr_assert(bytes_equal(buf_bytes(&f.transcript),
                          BYTES_LITERAL("Protocol error: too big inline request")));
    feed_end(&f);
    buf_deinit(&input);
}

/* --- inline --------------------------------------------------------------------------------------- */

Test(request, an_inline_line_is_split_at_blanks)
{
    EXPECT("PING\r\n", "[PING]\n");
    EXPECT("PING\n", "[PING]\n");
    EXPECT(" \tset  a\tb  \r\n", "[set][a][b]\n");
    EXPECT("PING\r\r\n", "[PING]\n");
    EXPECT("a\rb\r\n", "[a][b]\n");
    EXPECT("a\vb \vc\r\n", "[a\vb][c]\n");
    EXPECT("$4\r\nPING\r\n", "[$4]\n[PING]\n");
    EXPECT("\x80 -ERR\r\n", "[\x80][-ERR]\n");
}

Test(request, a_blank_line_is_an_empty_command)
{
    EXPECT("\r\nPING\r\n", "\n[PING]\n");
    EXPECT("\n\n  \t\r\n", "\n\n\n");
}

Test(request, double_quotes_keep_blanks_and_know_escapes)
{
    EXPECT("ECHO \"a b\"\r\n", "[ECHO][a b]\n");
    EXPECT("ECHO \"\" \"\"\r\n", "[ECHO][][]\n");
    EXPECT("ECHO \"\\x41\\x4g\\n\\r\\t\\b\\a\\\"\\\\\\q\"\r\n", "[ECHO][Ax4g\n\r\t\b\a\"\\q]\n");
    EXPECT("ECHO \"\\xfF\\x0a\"\r\n", "[ECHO][\xff\n]\n");
    EXPECT("ECHO \"it's\"\r\n", "[ECHO][it's]\n");
    EXPECT("\"PING\"\r\n", "[PING]\n");
}

Test(request, single_quotes_keep_all_but_an_escaped_quote)
{
    EXPECT("ECHO 'a\\'b\\n'\r\n", "[ECHO][a'b\\n]\n");
    EXPECT("ECHO 'say \"x\"' ''\r\n", "[ECHO][say \"x\"][]\n");
}

Test(request, quotes_may_begin_inside_a_word_but_end_it)
{
    EXPECT("ECHO a\"b c\"\r\n", "[ECHO][ab c]\n");
    EXPECT("ECHO a'b c'\td\r\n", "[ECHO][ab c][d]\n");
    EXPECT("ECHO \"a\"\v\r\n", "[ECHO][a]\n");
    EXPECT("ECHO \"a\"b\r\n", "Protocol error: unbalanced quotes in request");
    EXPECT("ECHO 'a'b\r\n", "Protocol error: unbalanced quotes in request");
    EXPECT("ECHO \"a\"\"b\"\r\n", "Protocol error: unbalanced quotes in request");
}

Test(request, quotes_that_do_not_close_are_an_error)
{
    const char *error = "Protocol error: unbalanced quotes in request";
    EXPECT("ECHO \"a\r\n", error);
    EXPECT("ECHO 'a\r\n", error);
    EXPECT("ECHO \"\r\n", error);
    EXPECT("ECHO \"a\\\"\r\n", error);
    EXPECT("ECHO \"a\\\n", error);
    EXPECT("ECHO \"\\x4\n", error);
    EXPECT("ECHO 'a\\'\r\n", error);
    EXPECT("ECHO 'a\\\n", error);
}

Test(request, a_backslash_outside_quotes_is_itself)
{
    EXPECT("ECHO a\\nb \\\" x\"\r\n", "[ECHO][a\\nb][\\ x]\n");
}

/* --- the owner's side ----------------------------------------------------------------------------- */

Test(request, arguments_of_an_array_point_into_the_input)
{
    struct request r;
    struct bytes input = BYTES_LITERAL("*2\r\n$1\r\na\r\n$2\r\nbc\r\n");
    size_t consumed = 0;
    request_init(&r);
    cr_assert_eq(request_read(&r, bytes_of(input.data, 10), &consumed), REQUEST_PARTIAL);
    cr_assert_eq(request_read(&r, input, &consumed), REQUEST_READY);
    cr_assert_eq(consumed, input.len);
    cr_assert_eq(r.argv[0].data, input.data + 8);
    cr_assert_eq(r.argv[1].data, input.data + 15);
    request_deinit(&r);
}

Test(request, a_large_bulk_says_how_much_input_it_takes)
{
    struct request r;
    size_t consumed;
    request_init(&r);
    r.authenticated = true;
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*2\r\n$1\r\na\r\n$327"), &consumed),
                 REQUEST_PARTIAL);
    cr_assert_eq(r.bytes_wanted, 0);
    struct buf input = {0};
    buf_append_string(&input, "*2\r\n$1\r\na\r\n$32768\r\n");
    size_t header_len = input.len;
    cr_assert_eq(request_read(&r, buf_bytes(&input), &consumed), REQUEST_PARTIAL);
    cr_assert_eq(r.bytes_wanted, header_len + 32768 + 2);
    memset(buf_reserve(&input, 32770), 'v', 32770);
    input.len += 32769;
    cr_assert_eq(request_read(&r, buf_bytes(&input), &consumed), REQUEST_PARTIAL);
    cr_assert_eq(r.bytes_wanted, header_len + 32768 + 2);
    input.len++;
    cr_assert_eq(request_read(&r, buf_bytes(&input), &consumed), REQUEST_READY);
    cr_assert_eq(r.bytes_wanted, 0);
    cr_assert_eq(r.argv[1].len, 32768);
    request_deinit(&r);
    buf_deinit(&input);
}

Test(request, a_small_bulk_asks_for_nothing)
{
    struct request r;
    size_t consumed;
    request_init(&r);
    r.authenticated = true;
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*1\r\n$32767\r\n"), &consumed), REQUEST_PARTIAL);
    cr_assert_eq(r.bytes_wanted, 0);
    request_deinit(&r);
}

Test(request, an_announced_count_allocates_nothing)
{
    struct request r;
    size_t consumed;
    request_init(&r);
    r.authenticated = true;
    cr_assert_eq(request_read(&r, BYTES_LITERAL("*1048576\r\n$1\r\na\r\n"), &consumed),
                 REQUEST_PARTIAL);
    cr_assert_leq(r.argv_cap, 16);
    cr_assert_leq(r.arg_starts_cap, 16);
    request_deinit(&r);
}

Test(request, an_array_of_the_greatest_length_is_read_and_its_memory_given_back)
{
    struct buf input = {0};
    buf_printf(&input, "*%d\r\n", REQUEST_ARGS_MAX);
    for (int i = 0; i < REQUEST_ARGS_MAX; i++)
        buf_append_string(&input, "$1\r\na\r\n");
    struct request r;
    size_t consumed = 0;
    request_init(&r);
    r.authenticated = true;
    for (size_t len = 0; len < input.len; len += 1000003)
        cr_assert_eq(request_read(&r, bytes_of(input.data, len), &consumed), REQUEST_PARTIAL);
    cr_assert_eq(request_read(&r, buf_bytes(&input), &consumed), REQUEST_READY);
    cr_assert_eq(consumed, input.len);
    cr_assert_eq(r.argc, REQUEST_ARGS_MAX);
    for (int i = 0; i < r.argc; i += 4099)
        cr_assert(bytes_equal(r.argv[i], BYTES_LITERAL("a")));
    request_shrink(&r);
    cr_assert_eq(r.argv_cap, 0);
    cr_assert_eq(r.arg_starts_cap, 0);
    cr_assert_eq(request_read(&r, BYTES_LITERAL("PING\r\n"), &consumed), REQUEST_READY);
    cr_assert_eq(r.argc, 1);
    request_deinit(&r);
    buf_deinit(&input);
}

Test(request, an_error_is_answered_again_when_asked_again)
{
    static const struct bytes inputs[] = {
        {"*x\r\n", 4}, {"*2\r\n$1\r\na\r\n$x\r\n", 15}, {"\"\r\n", 3}, {"*1\r\nx\r\n", 7}};
    for (size_t i = 0; i < COUNT_OF(inputs); i++) {
        struct request r;
        char first[REQUEST_ERROR_BYTES_MAX];
        size_t consumed;
        request_init(&r);
        cr_assert_eq(request_read(&r, inputs[i], &consumed), REQUEST_ERROR);
        strcpy(first, r.error);
        cr_assert_eq(request_read(&r, inputs[i], &consumed), REQUEST_ERROR);
        cr_assert_str_eq(r.error, first);
        request_deinit(&r);
    }
}

/* --- chance --------------------------------------------------------------------------------------- */

/* $SEED repeats a run. */
static uint64_t seed_choose(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    fprintf(stderr, "SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static size_t bulk_len_random(struct random *random)
{
    static const size_t bounds[] = {2, 12, 120, 1200, 70000};
    return random_below(random, bounds[random_below(random, COUNT_OF(bounds))]);
}

/* Appends one command to the input, and what it should be read as to `expected`. */
static void encode_random(struct random *random, struct buf *input, struct buf *expected)
{
    int count = (int)random_below(random, random_below(random, 10) == 0 ? 300 : 8);
    buf_printf(input, "*%d\r\n", count);
    for (int i = 0; i < count; i++) {
        size_t len = count < 20 ? bulk_len_random(random) : random_below(random, 20);
        buf_printf(input, "$%zu\r\n", len);
        buf_append_char(expected, '[');
        for (size_t k = 0; k < len; k++) {
            char c = (char)random_below(random, 256);
            buf_append_char(input, c);
            buf_append_char(expected, c);
        }
        buf_append_string(input, "\r\n");
        buf_append_char(expected, ']');
    }
    buf_append_char(expected, '\n');
}

Test(request, what_was_encoded_is_read_back_however_it_is_cut_up)
{
    struct random random;
    uint64_t seed = seed_choose();
    random_seed(&random, seed);
    for (int round = 0; round < 50; round++) {
        struct buf input = {0}, expected = {0};
        struct feed f;
        for (uint64_t i = 1 + random_below(&random, 10); i > 0; i--)
            encode_random(&random, &input, &expected);
        feed_begin(&f, true);
        size_t piece_max = random_below(&random, 2) == 0 ? 2000 : 50000;
        for (size_t len = 0; len < input.len; len += 1 + random_below(&random, piece_max))
            feed_up_to(&f, buf_bytes(&input), len);
        feed_up_to(&f, buf_bytes(&input), input.len);
        cr_assert(bytes_equal(buf_bytes(&f.transcript), buf_bytes(&expected)),
                  "seed %llu, round %d", (unsigned long long)seed, round);
        cr_assert_eq(f.start, input.len);
        feed_end(&f);
        buf_deinit(&input);
        buf_deinit(&expected);
    }
}
