/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation: what it promises at the edges of its arguments. */
#include "base/mem.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>

Test(mem, zero_bytes_are_still_a_valid_pointer)
{
    void *a = mem_alloc(0);
    void *b = mem_zalloc(0, 8);

    cr_assert_not_null(a);
    cr_assert_not_null(b);
    a = mem_realloc(a, 0);
    cr_assert_not_null(a);
    mem_free(a);
    mem_free(b);
}

Test(mem, zalloc_gives_zeroed_items)
{
    uint64_t *items = mem_zalloc(100, sizeof(*items));

    for (int i = 0; i < 100; i++)
        cr_assert_eq(items[i], 0);
    mem_free(items);
}

Test(mem, zalloc_refuses_a_product_that_overflows, .signal = SIGABRT)
{
    volatile size_t count = SIZE_MAX / 2;

    mem_free(mem_zalloc(count, 3));
}

Test(mem, strndup_copies_bytes_and_terminates_them)
{
    char *s = mem_strndup("abcdef", 3);
    char *whole = mem_strdup("abc");
    char *empty = mem_strndup(NULL, 0);

    cr_assert_str_eq(s, "abc");
    cr_assert_str_eq(whole, "abc");
    cr_assert_str_eq(empty, "");
    mem_free(s);
    mem_free(whole);
    mem_free(empty);
}
