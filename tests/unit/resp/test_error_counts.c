/* SPDX-License-Identifier: BSD-3-Clause */
#include "resp/error_counts.h"
#include "resp/writer.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct error_counts counts;

static uint64_t count_of(const char *code)
{
    for (size_t i = 0; i < counts.item_count; i++)
        if (strcmp(counts.items[i].code, code) == 0)
            return counts.items[i].count;
    return 0;
}

Test(error_counts, count_by_the_first_word)
{
    error_counts_add(&counts, BYTES_LITERAL("ERR syntax error"));
    error_counts_add(&counts, BYTES_LITERAL("NOAUTH Authentication required."));
    error_counts_add_many(&counts, BYTES_LITERAL("word"), 3);
    error_counts_add(&counts, BYTES_LITERAL(""));
    cr_expect_eq(counts.total, 6);
    cr_expect_eq(count_of("ERR"), 5);
    cr_expect_eq(count_of("NOAUTH"), 1);
    cr_expect_eq(counts.item_count, 2);
}

Test(error_counts, more_codes_than_there_is_room_for_count_in_the_total)
{
    for (int i = 0; i < ERROR_CODES_MAX + 5; i++) {
        char code[16];
        snprintf(code, sizeof(code), "E%d x", i);
        error_counts_add(&counts, bytes_of_string(code));
    }
    cr_expect_eq(counts.item_count, ERROR_CODES_MAX);
    cr_expect_eq(counts.total, ERROR_CODES_MAX + 5);
}

Test(error_counts, what_a_writer_answers_is_counted)
{
    struct out_pool pool;
    struct out out;
    out_pool_init(&pool, 1);
    out_init(&out, &pool);
    struct writer w = {.out = &out, .proto = 2, .counts = &counts};
    write_error(&w, "%s topic '%s'", "UNKNOWNTOPIC", "t");
    write_ok(&w);
    cr_expect_eq(count_of("UNKNOWNTOPIC"), 1);
    out_deinit(&out);
    out_pool_deinit(&pool);
}
