/* SPDX-License-Identifier: BSD-3-Clause */
/* Counted references on a frame. */
#include "base/frame.h"
#include <criterion/criterion.h>
#include <signal.h>

Test(frame, lives_until_its_last_reference_goes)
{
    struct frame *f = frame_create(5);

    memcpy(f->data, "hello", 5);
    cr_assert_eq(frame_ref(f), f);
    cr_assert_eq(f->refs, 2);
    frame_unref(f);
    cr_assert_eq(f->refs, 1);
    cr_assert(bytes_equal(frame_bytes(f), BYTES_LITERAL("hello")));
    frame_unref(f);
}

Test(frame, may_be_empty)
{
    struct frame *f = frame_create(0);

    cr_assert_eq(frame_bytes(f).len, 0);
    frame_unref(f);
}

Test(frame, grows_while_it_has_room)
{
    struct frame *f = frame_create_empty(10);

    cr_assert_eq(frame_bytes(f).len, 0);
    memcpy(frame_extend(f, 4), "one ", 4);
    memcpy(frame_extend(f, 6), "two...", 6);
    cr_assert(bytes_equal(frame_bytes(f), BYTES_LITERAL("one two...")));
    cr_assert_eq(frame_room(f), 0);
    frame_unref(f);
}

Test(frame, growing_beyond_its_room_aborts, .signal = SIGABRT)
{
    struct frame *f = frame_create_empty(10);

    (void)frame_extend(f, 11);
}

Test(frame, a_length_that_cannot_be_had_aborts, .signal = SIGABRT)
{
    volatile size_t len = SIZE_MAX;

    frame_unref(frame_create(len));
}
