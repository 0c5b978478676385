/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/check.h"
#include "storage/tail.h"
#include <criterion/criterion.h>

static struct tail_batch *push(struct tail *t, struct tail_log *log, int64_t first, int64_t last)
{
    struct buf b = tail_take_buf(t);
    memset(buf_reserve(&b, 1000), 'x', 1000);
    b.len = 1000;
    struct tail_batch *batch = tail_push(t, log, &b);
    batch->base_offset = first;
    batch->last_offset = last;
    cr_assert_eq(b.cap, 0, "the content is taken over");
    return batch;
}

Test(tail, finds_the_batch_of_every_offset_and_the_next_one_in_a_gap)
{
    struct tail t;
    struct tail_log log = {0};
    size_t bytes = 0, i;
    tail_init(&t, 1 << 20, &bytes);
    for (int64_t n = 0; n < 100; n++)
        push(&t, &log, n * 10, n * 10 + 4); /* offsets 5 to 9 of each ten are a gap */
    cr_assert_not(tail_find(&log, 0, &i), "nothing is written yet");
    tail_written(&t, &log, 90);
    for (int64_t offset = 0; offset < 895; offset++) {
        cr_assert(tail_find(&log, offset, &i));
        cr_assert_eq(i, (size_t)(offset % 10 > 4 ? offset / 10 + 1 : offset / 10));
    }
    cr_assert_not(tail_find(&log, 895, &i));
    cr_assert_eq(tail_drop_waiting(&log), 10 * 1000);
    cr_assert_eq(log.count, 90);
    tail_log_deinit(&t, &log);
    cr_assert_eq(bytes, 0);
    tail_deinit(&t);
}

Test(tail, budget_is_one_for_all_and_the_oldest_leave_first)
{
    struct tail t;
    struct tail_log a = {0}, b = {0};
    size_t bytes = 0, i;
    tail_init(&t, 12000, &bytes);
    for (int64_t n = 0; n < 100; n++) {
        struct tail_log *log = n % 2 ? &a : &b;
        push(&t, log, n, n);
        tail_written(&t, log, 1);
        cr_assert_leq(bytes, 12000);
    }
    cr_assert_eq(a.count, b.count);
    cr_assert_geq(a.count + b.count, 8);
    cr_assert(tail_find(&a, 99, &i) && tail_find(&b, 98, &i));
    cr_assert_not(tail_find(&a, 1, &i));
    tail_log_deinit(&t, &a);
    tail_log_deinit(&t, &b);
    tail_deinit(&t);
}

Test(tail, batch_that_is_held_outlives_its_place)
{
    struct tail t;
    struct tail_log log = {0};
    size_t bytes = 0;
    tail_init(&t, 1 << 20, &bytes);
    struct tail_batch *batch = push(&t, &log, 0, 0);
    tail_written(&t, &log, 1);
    tail_batch_ref(batch);
    tail_log_deinit(&t, &log);
    cr_assert_null(batch->log);
    cr_assert_eq(batch->buf.data[999], 'x');
    tail_batch_unref(batch);
    tail_deinit(&t);
}

Test(tail, small_batch_is_kept_in_its_own_size_and_leaves_its_buffer_to_the_next)
{
    struct tail t;
    struct tail_log log = {0};
    size_t bytes = 0;
    tail_init(&t, 1 << 20, &bytes);
    struct buf b = {0};
    memset(buf_reserve(&b, 60000), 'y', 1000);
    b.len = 1000;
    const char *built = b.data;
    struct tail_batch *batch = tail_push(&t, &log, &b);
    cr_assert_eq(batch->buf.len, 1000);
    cr_assert_eq(batch->buf.data[0], 'y');
    cr_assert_eq(batch->buf.data[999], 'y');
    struct buf again = tail_take_buf(&t);
    cr_assert_eq(again.data, built);
    cr_assert_geq(again.cap, 60000);
    tail_give_buf(&t, &again);
    tail_written(&t, &log, 1);
    cr_assert_lt(bytes, 2000, "of the budget it takes what it needs");
    tail_batch_ref(batch);
    tail_log_deinit(&t, &log);
    cr_assert_eq(batch->buf.data[999], 'y');
    tail_batch_unref(batch);
    cr_assert_eq(bytes, 0);
    tail_deinit(&t);
}
