/* SPDX-License-Identifier: BSD-3-Clause */
/* Where messages are encoded: which of them share a frame, and how large it is. */
#include "base/mem.h"
#include "pubsub/burst.h"
#include <criterion/criterion.h>

static struct burst burst;
static char *text; /* BURST_FRAME_BYTES_MAX of it */

static void set_up(void)
{
    burst = (struct burst){0};
    text = mem_zalloc(1, BURST_FRAME_BYTES_MAX);
}

static void tear_down(void)
{
    burst_deinit(&burst);
    mem_free(text);
}

TestSuite(burst, .init = set_up, .fini = tear_down);

static struct burst_part add_to(const char *channel, struct bytes message)
{
    const struct message m = {PUBSUB_CHANNEL, BYTES_NULL, bytes_of_string(channel), message};

    return burst_add(&burst, &m, 2);
}

/* Adds a message that is encoded in `len` bytes, or a few less. */
static struct burst_part add(size_t len)
{
    const struct message m = {PUBSUB_CHANNEL, BYTES_NULL, BYTES_LITERAL("c"), bytes_of(text, len)};
    size_t overhead = message_head_len(&m) + message_text_len(m.text) - len;

    return add_to("c", bytes_of(text, len - overhead));
}

static void add_times(size_t count, size_t len)
{
    for (size_t i = 0; i < count; i++)
        (void)add(len);
}

Test(burst, messages_stand_one_behind_the_other)
{
    struct burst_part first = add(200), second;
    size_t first_end = first.frame->len;

    cr_assert_eq(first.begin, 0);
    second = add(200);
    cr_assert_eq(second.frame, first.frame);
    cr_assert_eq(second.begin, first_end);
}

Test(burst, a_small_frame_is_used_again_when_it_is_full_and_nobody_holds_it)
{
    const struct frame *first = add(900).frame;

    cr_assert_eq(first->cap, FRAME_COPY_BYTES_MAX);
    cr_assert_eq(add(900).begin, 0);
    cr_assert_eq(burst.frame, first);
}

Test(burst, a_frame_that_somebody_holds_is_left_to_them)
{
    struct frame *first = frame_ref(add(900).frame);
    size_t len = first->len;

    cr_assert_neq(add(900).frame, first);
    cr_assert_eq(first->len, len);
    cr_assert_eq(first->refs, 1);
    frame_unref(first);
}

Test(burst, frames_have_room_for_what_came_in_the_turn_before)
{
    add_times(50, 200);
    cr_assert_gt(burst.bytes, 9000);
    burst_end_turn(&burst);
    cr_assert_null(burst.frame);
    const struct frame *frame = add(200).frame;
    add_times(40, 200);
    cr_assert_eq(burst.frame, frame); /* all in one */
}

/* What is kept for one who reads nothing is bounded by what waits for it. */
Test(burst, room_is_at_most_a_few_times_what_comes_in_the_long_run)
{
    size_t room = 0, used = 0;

    for (int turn = 0; turn < 1000; turn++) {
        size_t count = turn % 2 == 0 ? 100 : 1, len = turn % 3 == 0 ? 300 : 900;
        const struct frame *last = NULL;

        for (size_t i = 0; i < count; i++) {
            struct frame *frame = frame_ref(add(len).frame); /* so that it is not used again */

            if (frame != last)
                room += frame->cap;
            last = frame;
            frame_unref(frame);
        }
        used += burst.bytes;
        burst_end_turn(&burst);
    }
    cr_assert_leq(room, 3 * used);
}

Test(burst, no_frame_for_several_is_larger_than_the_bound)
{
    add_times(1000, 900);
    cr_assert_eq(burst.frame->cap, BURST_FRAME_BYTES_MAX - sizeof(struct frame));
}

Test(burst, a_message_larger_than_that_has_one_of_its_own_size)
{
    struct burst_part part;

    (void)add(100);
    part = add(BURST_FRAME_BYTES_MAX);
    cr_assert_eq(part.begin, 0);
    cr_assert_eq(part.frame->cap, part.frame->len);
}

Test(burst, forgets_what_came_and_keeps_no_large_frame)
{
    add_times(10, 900);
    burst_forget(&burst);
    cr_assert_eq(add(900).frame->cap, FRAME_COPY_BYTES_MAX);
    (void)add(5000);
    burst_forget(&burst);
    cr_assert_null(burst.frame);
}

static void expect(struct burst_part part, const char *content)
{
    cr_assert(bytes_equal(bytes_of(part.frame->data + part.begin, part.frame->len - part.begin),
                          bytes_of_string(content)));
}

Test(burst, each_message_names_its_own_channel)
{
    for (int i = 0; i < 50; i++) { /* over several frames */
        expect(add_to("one", BYTES_LITERAL("x")),
               "*3\r\n$7\r\nmessage\r\n$3\r\none\r\n$1\r\nx\r\n");
        expect(add_to("one", BYTES_LITERAL("again")),
               "*3\r\n$7\r\nmessage\r\n$3\r\none\r\n$5\r\nagain\r\n");
        expect(add_to("two", BYTES_LITERAL("")), "*3\r\n$7\r\nmessage\r\n$3\r\ntwo\r\n$0\r\n\r\n");
        expect(add_to("", BYTES_LITERAL("x")), "*3\r\n$7\r\nmessage\r\n$0\r\n\r\n$1\r\nx\r\n");
        expect(add_to("", BYTES_LITERAL("x")), "*3\r\n$7\r\nmessage\r\n$0\r\n\r\n$1\r\nx\r\n");
        if (i % 7 == 0)
            burst_forget(&burst);
    }
}
