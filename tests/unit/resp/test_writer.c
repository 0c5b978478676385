/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply writer. The expected bytes are what redis-server 7 writes under HELLO 2 and HELLO 3. */
#include "base/buf.h"
#include "resp/writer.h"
#include <criterion/criterion.h>
#include <math.h>

struct page {
    struct out_pool pool;
    struct out out;
    struct writer w;
};

static struct page page;

static void page_open(void)
{
    out_pool_init(&page.pool, 4);
    out_init(&page.out, &page.pool);
    page.w = (struct writer){.out = &page.out, .proto = 2};
}

static void page_close(void)
{
    out_deinit(&page.out);
    out_pool_deinit(&page.pool);
}

/* Takes all that was written off the queue. */
static struct buf take_written(void)
{
    struct buf all = {0};
    struct iovec iov[8];
    while (out_len(&page.out) > 0) {
        int count = out_peek(&page.out, page.out.pos_end, iov, (int)COUNT_OF(iov));
        cr_assert_gt(count, 0);
        for (int i = 0; i < count; i++) {
            buf_append(&all, iov[i].iov_base, iov[i].iov_len);
            out_consume(&page.out, iov[i].iov_len);
        }
    }
    return all;
}

static void expect_written(struct bytes expected)
{
    struct buf all = take_written();
    cr_assert(bytes_equal(buf_bytes(&all), expected), "'%.*s', not '%.*s'", (int)all.len,
              all.data == NULL ? "" : all.data, (int)expected.len, expected.data);
    buf_deinit(&all);
}

#define WRITTEN(expected) expect_written(BYTES_LITERAL(expected))
/* What `call` writes under either protocol. */
#define EXPECT(call, resp2, resp3) \
    do {                           \
        page.w.proto = 2;          \
        call;                      \
        WRITTEN(resp2);            \
        page.w.proto = 3;          \
        call;                      \
        WRITTEN(resp3);            \
    } while (0)
#define EXPECT_BOTH(call, expected) EXPECT(call, expected, expected)

TestSuite(writer, .init = page_open, .fini = page_close);

Test(writer, statuses_are_simple_strings)
{
    EXPECT_BOTH(write_ok(&page.w), "+OK\r\n");
    EXPECT_BOTH(write_status(&page.w, "QUEUED"), "+QUEUED\r\n");
}

Test(writer, integers_of_any_size)
{
    EXPECT_BOTH(write_int(&page.w, 0), ":0\r\n");
    EXPECT_BOTH(write_int(&page.w, 9), ":9\r\n");
    EXPECT_BOTH(write_int(&page.w, 10), ":10\r\n");
    EXPECT_BOTH(write_int(&page.w, -1), ":-1\r\n");
    EXPECT_BOTH(write_int(&page.w, INT64_MAX), ":9223372036854775807\r\n");
    EXPECT_BOTH(write_int(&page.w, INT64_MIN), ":-9223372036854775808\r\n");
}

Test(writer, integers_of_an_array_in_one_piece)
{
    int64_t few[] = {0, -1}, many[WRITER_INTS_MAX];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = INT64_MIN;
    EXPECT_BOTH(write_ints(&page.w, few, COUNT_OF(few)), "*2\r\n:0\r\n:-1\r\n");
    EXPECT_BOTH(write_ints(&page.w, few, 0), "*0\r\n");
    write_ints(&page.w, many, COUNT_OF(many));
    cr_assert_eq(out_len(&page.out), strlen("*8\r\n") + 8 * strlen(":-9223372036854775808\r\n"));
    out_truncate(&page.out, page.out.pos_start);
}

Test(writer, bulk_strings_hold_any_byte)
{
    EXPECT_BOTH(write_bulk(&page.w, BYTES_LITERAL("hello world")), "$11\r\nhello world\r\n");
    EXPECT_BOTH(write_bulk(&page.w, BYTES_LITERAL("\0\r\n\xff")), "$4\r\n\0\r\n\xff\r\n");
    EXPECT_BOTH(write_bulk(&page.w, BYTES_LITERAL("")), "$0\r\n\r\n");
    EXPECT_BOTH(write_bulk_string(&page.w, "PING"), "$4\r\nPING\r\n");
    EXPECT_BOTH(write_bulk_printf(&page.w, "%s:%d", "a", 7), "$3\r\na:7\r\n");
    EXPECT_BOTH(write_bulk_printf(&page.w, "%s", ""), "$0\r\n\r\n");
}

Test(writer, null_bytes_are_a_null)
{
    EXPECT(write_bulk(&page.w, BYTES_NULL), "$-1\r\n", "_\r\n");
    EXPECT(write_bulk_string(&page.w, NULL), "$-1\r\n", "_\r\n");
    EXPECT(write_verbatim(&page.w, "txt", BYTES_NULL), "$-1\r\n", "_\r\n");
}

Test(writer, bulk_strings_of_any_length_arrive_whole)
{
    static const size_t lens[] = {99,   100,   400,   480,   485,   486,   487, 488,
                                  489,  490,   491,   510,   511,   512,   513, 999,
                                  1000, 16000, 16383, 16384, 16385, 200000};
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct buf value = {0}, expected = {0};
        for (size_t k = 0; k < lens[i]; k++)
            buf_append_char(&value, (char)(k * 7));
        buf_printf(&expected, "$%zu\r\n", lens[i]);
        buf_append_bytes(&expected, buf_bytes(&value));
        buf_append_string(&expected, "\r\n:1\r\n");
        write_bulk(&page.w, buf_bytes(&value));
        write_int(&page.w, 1);
        expect_written(buf_bytes(&expected));
        write_bulk_printf(&page.w, "%*d", (int)lens[i], 5);
        cr_assert_eq(out_len(&page.out), expected.len - strlen(":1\r\n"));
        out_consume(&page.out, out_len(&page.out));
        buf_deinit(&value);
        buf_deinit(&expected);
    }
}

Test(writer, nulls_are_one_kind_in_resp3)
{
    EXPECT(write_null(&page.w), "$-1\r\n", "_\r\n");
    EXPECT(write_null_array(&page.w), "*-1\r\n", "_\r\n");
}

Test(writer, booleans_are_integers_in_resp2)
{
    EXPECT(write_bool(&page.w, true), ":1\r\n", "#t\r\n");
    EXPECT(write_bool(&page.w, false), ":0\r\n", "#f\r\n");
}

Test(writer, doubles_are_bulk_strings_in_resp2)
{
    EXPECT(write_double(&page.w, 3.5), "$3\r\n3.5\r\n", ",3.5\r\n");
    EXPECT(write_double(&page.w, 3.141), "$5\r\n3.141\r\n", ",3.141\r\n");
    EXPECT(write_double(&page.w, 3), "$1\r\n3\r\n", ",3\r\n");
    EXPECT(write_double(&page.w, 100), "$3\r\n100\r\n", ",100\r\n");
    EXPECT(write_double(&page.w, 123456789012), "$12\r\n123456789012\r\n", ",123456789012\r\n");
    EXPECT(write_double(&page.w, 1e20), "$5\r\n1e+20\r\n", ",1e+20\r\n");
    EXPECT(write_double(&page.w, -0.25), "$5\r\n-0.25\r\n", ",-0.25\r\n");
    EXPECT(write_double(&page.w, -0.0), "$2\r\n-0\r\n", ",-0\r\n");
    EXPECT(write_double(&page.w, INFINITY), "$3\r\ninf\r\n", ",inf\r\n");
    EXPECT(write_double(&page.w, -INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
    EXPECT(write_double(&page.w, NAN), "$3\r\nnan\r\n", ",nan\r\n");
    EXPECT(write_double(&page.w, -NAN), "$3\r\nnan\r\n", ",nan\r\n");
}

Test(writer, a_double_takes_as_few_digits_as_tell_it_apart)
{
    page.w.proto = 3;
    write_double(&page.w, 0.1);
    WRITTEN(",0.1\r\n");
    write_double(&page.w, 1.0 / 3);
    WRITTEN(",0.3333333333333333\r\n");
    write_double(&page.w, 0.1 + 0.2);
    WRITTEN(",0.30000000000000004\r\n");
    write_double(&page.w, -1.7976931348623157e308);
    WRITTEN(",-1.7976931348623157e+308\r\n");
    write_double(&page.w, 5e-324);
    WRITTEN(",4.94065645841247e-324\r\n");
}

Test(writer, maps_sets_and_pushes_are_arrays_in_resp2)
{
    EXPECT_BOTH(write_array(&page.w, 0), "*0\r\n");
    EXPECT_BOTH(write_array(&page.w, 1234567), "*1234567\r\n");
    EXPECT(write_map(&page.w, 7), "*14\r\n", "%7\r\n");
    EXPECT(write_set(&page.w, 3), "*3\r\n", "~3\r\n");
    EXPECT(write_push(&page.w, 3), "*3\r\n", ">3\r\n");
}

Test(writer, verbatim_strings_are_bulk_strings_in_resp2)
{
    EXPECT(write_verbatim(&page.w, "txt", BYTES_LITERAL("Some\nlines")), "$10\r\nSome\nlines\r\n",
           "=14\r\ntxt:Some\nlines\r\n");
    EXPECT(write_verbatim(&page.w, "mkd", BYTES_LITERAL("")), "$0\r\n\r\n", "=4\r\nmkd:\r\n");
}

Test(writer, an_error_is_formatted)
{
    EXPECT_BOTH(write_error(&page.w, "ERR unknown command '%s', with %d", "foo", 3),
                "-ERR unknown command 'foo', with 3\r\n");
}

Test(writer, errors_are_counted)
{
    write_ok(&page.w);
    cr_assert_eq(page.w.errors, 0);
    write_error(&page.w, "ERR one");
    write_error(&page.w, "ERR two");
    cr_assert_eq(page.w.errors, 2);
}

Test(writer, an_error_stays_on_one_line)
{
    EXPECT_BOTH(write_error(&page.w, "ERR no '%s'", "a\r\nb\n+OK"), "-ERR no 'a  b +OK'\r\n");
}

Test(writer, a_long_error_is_cut)
{
    char name[2000];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    write_error(&page.w, "ERR %s", name);
    struct buf all = take_written();
    cr_assert_eq(all.len, 1 + WRITER_ERROR_BYTES_MAX + 2);
    cr_assert(bytes_starts_with(buf_bytes(&all), "-ERR nnn"));
    cr_assert_eq(memcmp(all.data + all.len - 4, "nn\r\n", 4), 0);
    buf_deinit(&all);
}

Test(writer, an_error_of_the_greatest_length_is_not_cut)
{
    write_error(&page.w, "%*d", WRITER_ERROR_BYTES_MAX, 5);
    struct buf all = take_written();
    cr_assert_eq(all.len, 1 + WRITER_ERROR_BYTES_MAX + 2);
    cr_assert_eq(memcmp(all.data + all.len - 4, " 5\r\n", 4), 0);
    buf_deinit(&all);
}
