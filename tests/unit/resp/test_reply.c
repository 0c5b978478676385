/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply reader: every kind, every cut, every way to be wrong, and what the writer wrote. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "resp/reply.h"
#include "resp/writer.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* --- a value as text ------------------------------------------------------------------------------ */

static void describe(struct buf *to, const struct reply *value)
{
    static const char *const names[] = {
        [REPLY_STATUS] = "status",    [REPLY_ERROR] = "error", [REPLY_INT] = "int",
        [REPLY_BULK] = "bulk",        [REPLY_NULL] = "null",   [REPLY_ARRAY] = "array",
        [REPLY_MAP] = "map",          [REPLY_SET] = "set",     [REPLY_PUSH] = "push",
        [REPLY_DOUBLE] = "double",    [REPLY_BOOL] = "bool",   [REPLY_BIG_NUMBER] = "big",
        [REPLY_VERBATIM] = "verbatim"};
    buf_append_string(to, names[value->kind]);
    if (value->kind == REPLY_INT || value->kind == REPLY_BOOL)
        buf_printf(to, " %lld", (long long)value->integer);
    if (!bytes_is_null(value->text)) {
        buf_append_char(to, ' ');
        buf_append_bytes(to, value->text);
        cr_assert_eq(value->text.data[value->text.len], '\0');
    }
    if (value->kind < REPLY_ARRAY || value->kind > REPLY_PUSH) {
        cr_assert_eq(value->count, 0);
        return;
    }
    buf_append_char(to, '(');
    for (size_t i = 0; i < value->count; i++) {
        buf_append_string(to, i > 0 ? ", " : "");
        describe(to, &value->items[i]);
    }
    buf_append_char(to, ')');
}

/* Reads from a block of exact size, so that a look past its end is seen by the sanitizer. */
static enum err read_copy(struct reply_reader *r, struct bytes input, struct reply **value,
                          size_t *consumed, const char **why)
{
    char *copy = mem_alloc(input.len + 1);
    memcpy(copy + 1, input.data, input.len);
    enum err err = reply_reader_read(r, bytes_of(copy + 1, input.len), value, consumed, why);
    mem_free(copy);
    return err;
}

static void expect_value(const struct reply *value, struct bytes expected)
{
    struct buf text = {0};
    describe(&text, value);
    cr_assert(bytes_equal(buf_bytes(&text), expected), "'%.*s', not '%.*s'", (int)text.len,
              text.data, (int)expected.len, expected.data);
    buf_deinit(&text);
}

/* Whole, byte by byte, and cut at every place; behind it stands something else. */
static void expect_reply(struct bytes input, struct bytes expected)
{
    struct reply *value;
    size_t consumed;
    const char *why;
    struct buf more = {0};
    buf_append_bytes(&more, input);
    buf_append_string(&more, "+next\r\n");
    cr_assert_eq(reply_read(buf_bytes(&more), &value, &consumed, &why), ERR_OK);
    cr_assert_eq(consumed, input.len);
    expect_value(value, expected);
    reply_free(value);
    buf_deinit(&more);
    struct reply_reader bytewise = {0};
    for (size_t cut = 0; cut < input.len; cut++) {
        struct bytes part = bytes_of(input.data, cut);
        cr_assert_eq(read_copy(&bytewise, part, &value, &consumed, &why), ERR_AGAIN);
        cr_assert(bytewise.bytes_wanted == 0 || bytewise.bytes_wanted <= input.len);
        struct reply_reader r = {0};
        cr_assert_eq(read_copy(&r, part, &value, &consumed, &why), ERR_AGAIN);
        cr_assert_eq(read_copy(&r, input, &value, &consumed, &why), ERR_OK);
        cr_assert_eq(consumed, input.len);
        expect_value(value, expected);
        reply_free(value);
    }
    cr_assert_eq(read_copy(&bytewise, input, &value, &consumed, &why), ERR_OK);
    expect_value(value, expected);
    reply_free(value);
}

#define EXPECT(input, expected) expect_reply(BYTES_LITERAL(input), BYTES_LITERAL(expected))

static void expect_invalid(struct bytes input, const char *reason)
{
    struct reply *value;
    size_t consumed;
    const char *why = NULL;
    struct reply_reader r = {0};
    enum err err = ERR_AGAIN;
    cr_assert_eq(reply_read(input, &value, &consumed, &why), ERR_INVALID, "'%.*s' is read",
                 (int)input.len, input.data);
    cr_assert_str_eq(why, reason);
    why = NULL;
    for (size_t len = 0; len <= input.len && err == ERR_AGAIN; len++)
        err = read_copy(&r, bytes_of(input.data, len), &value, &consumed, &why);
    cr_assert_eq(err, ERR_INVALID);
    cr_assert_str_eq(why, reason);
}

#define INVALID(input, reason) expect_invalid(BYTES_LITERAL(input), reason)

/* --- kinds ---------------------------------------------------------------------------------------- */

Test(reply, resp2_values)
{
    EXPECT("+OK\r\n", "status OK");
    EXPECT("+\r\n", "status ");
    EXPECT("-ERR no\r\n", "error ERR no");
    EXPECT(":0\r\n", "int 0");
    EXPECT(":-9223372036854775808\r\n", "int -9223372036854775808");
    EXPECT(":+5\r\n", "int 5");
    EXPECT("$5\r\nhello\r\n", "bulk hello");
    EXPECT("$0\r\n\r\n", "bulk ");
    EXPECT("$4\r\n\0\r\n+\r\n", "bulk \0\r\n+");
    EXPECT("$-1\r\n", "null");
    EXPECT("*-1\r\n", "null");
    EXPECT("*0\r\n", "array()");
    EXPECT("*3\r\n:1\r\n$-1\r\n*2\r\n+a\r\n*0\r\n", "array(int 1, null, array(status a, array()))");
}

Test(reply, resp3_values)
{
    EXPECT("_\r\n", "null");
    EXPECT("#t\r\n", "bool 1");
    EXPECT("#f\r\n", "bool 0");
    EXPECT(",3.5\r\n", "double 3.5");
    EXPECT("(1234567999999999999999999999999999999\r\n",
           "big 1234567999999999999999999999999999999");
    EXPECT("(-1\r\n", "big -1");
    EXPECT("!8\r\nERR a\r\nb\r\n", "error ERR a\r\nb");
    EXPECT("=8\r\ntxt:a\nbc\r\n", "verbatim a\nbc");
    EXPECT("=4\r\nmkd:\r\n", "verbatim ");
    EXPECT("%2\r\n+a\r\n:1\r\n+b\r\n%0\r\n", "map(status a, int 1, status b, map())");
    EXPECT("~2\r\n#t\r\n_\r\n", "set(bool 1, null)");
    EXPECT(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n", "push(bulk message, bulk c, bulk m)");
}

static double read_double(struct bytes input)
{
    struct reply *value;
    size_t consumed;
    const char *why;
    cr_assert_eq(reply_read(input, &value, &consumed, &why), ERR_OK, "%.*s", (int)input.len,
                 input.data);
    cr_assert_eq(value->kind, REPLY_DOUBLE);
    double number = value->number;
    reply_free(value);
    return number;
}

Test(reply, doubles_in_every_form)
{
    cr_assert_eq(read_double(BYTES_LITERAL(",3.5\r\n")), 3.5);
    cr_assert_eq(read_double(BYTES_LITERAL(",-10\r\n")), -10.0);
    cr_assert_eq(read_double(BYTES_LITERAL(",1e-07\r\n")), 1e-7);
    cr_assert_eq(read_double(BYTES_LITERAL(",+1.E+3\r\n")), 1000.0);
    cr_assert_eq(read_double(BYTES_LITERAL(",.5\r\n")), 0.5);
    cr_assert_eq(read_double(BYTES_LITERAL(",inf\r\n")), INFINITY);
    cr_assert_eq(read_double(BYTES_LITERAL(",-inf\r\n")), -INFINITY);
    cr_assert(isnan(read_double(BYTES_LITERAL(",nan\r\n"))));
}

Test(reply, attributes_are_skipped_wherever_they_stand)
{
    EXPECT("|1\r\n+ttl\r\n:3600\r\n+OK\r\n", "status OK");
    EXPECT("|0\r\n|0\r\n:1\r\n", "int 1");
    EXPECT("*2\r\n|1\r\n+a\r\n*2\r\n:1\r\n:2\r\n:7\r\n|1\r\n|1\r\n+x\r\n+y\r\n+b\r\n%1\r\n:1\r\n:"
           "2\r\n:8\r\n",
           "array(int 7, int 8)");
    EXPECT("%1\r\n|1\r\n+k\r\n$3\r\n$1\r\r\n+key\r\n|0\r\n*0\r\n", "map(status key, array())");
}

/* --- bounds --------------------------------------------------------------------------------------- */

static void nest(struct buf *input, int depth)
{
    for (int i = 0; i < depth; i++)
        buf_append_string(input, "*1\r\n");
    buf_append_string(input, ":1\r\n");
}

Test(reply, nesting_is_bounded)
{
    struct reply *value;
    size_t consumed;
    const char *why;
    struct buf input = {0};
    nest(&input, REPLY_DEPTH_MAX);
    cr_assert_eq(reply_read(buf_bytes(&input), &value, &consumed, &why), ERR_OK);
    cr_assert_eq(consumed, input.len);
    reply_free(value);
    buf_clear(&input);
    nest(&input, REPLY_DEPTH_MAX + 1);
    expect_invalid(buf_bytes(&input), "arrays nested too deeply");
    buf_clear(&input);
    for (int i = 0; i <= REPLY_DEPTH_MAX; i++)
        buf_append_string(&input, "|1\r\n");
    expect_invalid(buf_bytes(&input), "arrays nested too deeply");
    buf_deinit(&input);
}

Test(reply, counts_and_lengths_are_bounded)
{
    INVALID("*16777217\r\n", "an array of an invalid length");
    INVALID("%8388609\r\n", "an array of an invalid length");
    INVALID("%9223372036854775807\r\n", "an array of an invalid length");
    INVALID("*-2\r\n", "an array of an invalid length");
    INVALID("%-1\r\n", "an array of an invalid length");
    INVALID("~-1\r\n", "an array of an invalid length");
    INVALID("|-1\r\n", "an array of an invalid length");
    INVALID("*\r\n", "an array of an invalid length");
    INVALID("*?\r\n", "an array of an invalid length");
    INVALID("$536870913\r\n", "a bulk string of an invalid length");
    INVALID("$9223372036854775807\r\n", "a bulk string of an invalid length");
    INVALID("$-2\r\n", "a bulk string of an invalid length");
    INVALID("=-1\r\n", "a bulk string of an invalid length");
    INVALID("!-1\r\n", "a bulk string of an invalid length");
    INVALID("$?\r\n", "a bulk string of an invalid length");
    INVALID("$05\r\nhello\r\n", "a bulk string of an invalid length");
}

Test(reply, a_number_that_does_not_end_is_refused)
{
    struct buf input = {0};
    buf_append_char(&input, '*');
    for (int i = 0; i < 1024; i++)
        buf_append_char(&input, '1');
    expect_invalid(buf_bytes(&input), "a line that is too long");
    buf_deinit(&input);
}

Test(reply, an_announced_count_allocates_nothing)
{
    struct reply *value;
    size_t consumed;
    const char *why;
    struct reply_reader r = {0};
    cr_assert_eq(reply_reader_read(&r, BYTES_LITERAL("*16777216\r\n*16777216\r\n:1\r\n"), &value,
                                   &consumed, &why),
                 ERR_AGAIN);
    /* Nothing to free: the sanitizer would see a leak. */
    cr_assert_eq(r.bytes_wanted, 0);
}

Test(reply, a_bulk_says_how_much_input_it_takes)
{
    struct reply *value;
    size_t consumed;
    const char *why;
    struct reply_reader r = {0};
    cr_assert_eq(
        reply_reader_read(&r, BYTES_LITERAL("*2\r\n$100000\r\nabc"), &value, &consumed, &why),
        ERR_AGAIN);
    cr_assert_eq(r.bytes_wanted, strlen("*2\r\n$100000\r\n") + 100000 + 2);
}

Test(reply, what_is_not_resp_is_refused)
{
    INVALID("hello\r\n", "an unknown type of value");
    INVALID("\r\n", "an unknown type of value");
    INVALID("*1\r\nx", "an unknown type of value");
    INVALID("+OK\rx", "a line that does not end in CR LF");
    INVALID(":1\r\r\n", "a line that does not end in CR LF");
    INVALID("$3\r\nabcd\r\n", "a bulk string that does not end in CR LF");
    INVALID("$3\r\nabc\n\n", "a bulk string that does not end in CR LF");
    INVALID("$3\r\nabc\r\r", "a bulk string that does not end in CR LF");
    INVALID(":\r\n", "an integer that is not one");
    INVALID(":1x\r\n", "an integer that is not one");
    INVALID(":+-1\r\n", "an integer that is not one");
    INVALID(":9223372036854775808\r\n", "an integer that is not one");
    INVALID(",\r\n", "a double that is not one");
    INVALID(",.\r\n", "a double that is not one");
    INVALID(",1e\r\n", "a double that is not one");
    INVALID(",0x10\r\n", "a double that is not one");
    INVALID(",1 \r\n", "a double that is not one");
    INVALID(",infinity\r\n", "a double that is not one");
    INVALID("(\r\n", "a big number that is not one");
    INVALID("(-\r\n", "a big number that is not one");
    INVALID("(1.5\r\n", "a big number that is not one");
    INVALID("#\r\n", "a boolean that is neither t nor f");
    INVALID("#true\r\n", "a boolean that is neither t nor f");
    INVALID("_0\r\n", "a null with content");
    INVALID("=3\r\ntxt\r\n", "a verbatim string that does not name its kind");
    INVALID("=1\r\na\r\n:1\r\n", "a verbatim string that does not name its kind");
    INVALID("=5\r\ntext:\r\n", "a verbatim string that does not name its kind");
}

Test(reply, one_reader_reads_value_after_value)
{
    struct bytes input = BYTES_LITERAL("*2\r\n+a\r\n*0\r\n$3\r\nabc\r\n:12345\r\n_\r\n");
    static const char *const expected[] = {"array(status a, array())", "bulk abc", "int 12345",
                                           "null"};
    struct reply_reader r = {0};
    struct reply *value;
    size_t start = 0, found = 0, consumed;
    const char *why;
    for (size_t len = 0; len <= input.len; len++) {
        struct bytes rest = bytes_of(input.data + start, len - start);
        enum err err = read_copy(&r, rest, &value, &consumed, &why);
        if (err == ERR_AGAIN)
            continue;
        cr_assert_eq(err, ERR_OK);
        expect_value(value, bytes_of_string(expected[found++]));
        reply_free(value);
        start += consumed;
    }
    cr_assert_eq(found, COUNT_OF(expected));
    cr_assert_eq(start, input.len);
}

Test(reply, freeing_nothing_is_harmless)
{
    reply_free(NULL);
}

/* --- what the writer wrote ------------------------------------------------------------------------ */

/* $SEED repeats a run. */
static uint64_t seed_choose(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    fprintf(stderr, "SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static void write_random_text(struct writer *w, struct random *random, struct buf *expected)
{
    struct buf text = {0};
    for (uint64_t len = random_below(random, random_below(random, 10) == 0 ? 3000 : 20); len > 0;
         len--)
        buf_append_char(&text, (char)random_below(random, 256));
    bool verbatim = w->proto == 3 && random_below(random, 2) == 0;
    if (verbatim)
        write_verbatim(w, "txt", buf_bytes(&text));
    else
        write_bulk(w, buf_bytes(&text));
    buf_append_string(expected, verbatim ? "verbatim " : "bulk ");
    buf_append_bytes(expected, buf_bytes(&text));
    buf_deinit(&text);
}

static void write_random_double(struct writer *w, struct random *random, struct buf *expected)
{
    uint64_t bits = random_next(random);
    double value;
    memcpy(&value, &bits, sizeof(value));
    struct buf before = {0};
    write_double(w, value);
    /* The text is the writer's own choice: what counts is that it reads back as the same number. */
    struct iovec iov[1024];
    int count = out_peek(w->out, w->out->pos_end, iov, (int)COUNT_OF(iov));
    for (int i = 0; i < count; i++)
        buf_append(&before, iov[i].iov_base, iov[i].iov_len);
    size_t start = before.len - 2;
    while (before.data[start - 1] != (w->proto == 2 ? '\n' : ','))
        start--;
    before.len -= 2;
    buf_printf(expected, "%s %.*s", w->proto == 2 ? "bulk" : "double", (int)(before.len - start),
               before.data + start);
    *buf_reserve(&before, 1) = '\0';
    double again = strtod(before.data + start, NULL);
    cr_assert(again == value || (isnan(again) && isnan(value)), "%s is not %.17g",
              before.data + start, value);
    buf_deinit(&before);
}

static void write_random_value(struct writer *w, struct random *random, int depth,
                               struct buf *expected);

static void write_random_items(struct writer *w, struct random *random, int depth,
                               struct buf *expected)
{
    size_t count = random_below(random, 5);
    bool map = random_below(random, 2) == 0;
    if (map)
        write_map(w, count);
    else
        write_array(w, count);
    buf_append_string(expected, map && w->proto == 3 ? "map(" : "array(");
    for (size_t i = 0; i < count * (map ? 2 : 1); i++) {
        buf_append_string(expected, i > 0 ? ", " : "");
        write_random_value(w, random, depth - 1, expected);
    }
    buf_append_char(expected, ')');
}

static void write_random_value(struct writer *w, struct random *random, int depth,
                               struct buf *expected)
{
    switch (random_below(random, depth > 0 ? 8 : 5)) {
    case 0: {
        int64_t value = (int64_t)(random_next(random) >> random_below(random, 64));
        write_int(w, value);
        buf_printf(expected, "int %lld", (long long)value);
        return;
    }
    case 1:
        write_random_text(w, random, expected);
        return;
    case 2:
        write_null(w);
        buf_append_string(expected, "null");
        return;
    case 3:
        write_error(w, "ERR %s", "no");
        buf_append_string(expected, "error ERR no");
        return;
    case 4:
        write_random_double(w, random, expected);
        return;
    default:
        write_random_items(w, random, depth, expected);
    }
}

static void round_trip(struct random *random, int proto)
{
    struct out_pool pool;
    struct out out;
    struct buf expected = {0}, input = {0};
    struct iovec iov[1024];
    out_pool_init(&pool, 4);
    out_init(&out, &pool);
    struct writer w = {.out = &out, .proto = proto};
    write_random_value(&w, random, 4, &expected);
    int count = out_peek(&out, out.pos_end, iov, (int)COUNT_OF(iov));
    for (int i = 0; i < count; i++)
        buf_append(&input, iov[i].iov_base, iov[i].iov_len);
    cr_assert_eq(input.len, out_len(&out));
    struct reply_reader r = {0};
    struct reply *value = NULL;
    size_t consumed;
    const char *why;
    enum err err = ERR_AGAIN;
    for (size_t len = 0; err == ERR_AGAIN && len < input.len; len += 1 + random_below(random, 100))
        err = read_copy(&r, bytes_of(input.data, len), &value, &consumed, &why);
    cr_assert_eq(err, ERR_AGAIN);
    cr_assert_eq(read_copy(&r, buf_bytes(&input), &value, &consumed, &why), ERR_OK);
    cr_assert_eq(consumed, input.len);
    expect_value(value, buf_bytes(&expected));
    reply_free(value);
    buf_deinit(&input);
    buf_deinit(&expected);
    out_deinit(&out);
    out_pool_deinit(&pool);
}

Test(reply, what_the_writer_wrote_is_read_back)
{
    struct random random;
    random_seed(&random, seed_choose());
    for (int round = 0; round < 500; round++)
        round_trip(&random, 2 + round % 2);
}
