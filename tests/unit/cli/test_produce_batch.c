/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines into batches. */
#include "cli/produce_batch.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <unistd.h>

static struct produce_batch batch;

static struct lines lines_of(const char *text)
{
    struct lines lines = {0};
    int fd = text_fd(text, strlen(text));

    cr_assert_eq(lines_fill(&lines, fd), ERR_OK);
    cr_assert_eq(lines_fill(&lines, fd), ERR_OK);
    close(fd);
    return lines;
}

static void expect_words(const char *const *words, size_t count)
{
    cr_assert_eq(batch.word_count, count);
    for (size_t i = 0; i < count; i++)
        cr_expect(bytes_equal(batch.words[i], bytes_of_string(words[i])), "word %zu", i);
}

#define EXPECT_WORDS(...) \
    expect_words((const char *[]){__VA_ARGS__}, COUNT_OF(((const char *[]){__VA_ARGS__})))

Test(produce_batch, takes_every_line_at_hand_as_a_value)
{
    struct lines lines = lines_of("a\n\nb");

    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, PRODUCE_BATCH_BYTES_MAX));
    EXPECT_WORDS("a", "", "b");
    cr_expect_eq(batch.line_count, 3);
    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, PRODUCE_BATCH_BYTES_MAX));
    cr_expect_eq(batch.line_count, 0);
    lines_deinit(&lines);
}

Test(produce_batch, takes_keys_and_values_in_turn)
{
    struct lines lines = lines_of("a:1\nb:2:3\n");

    cr_assert(produce_batch_take(&batch, &lines, BYTES_LITERAL(":"), PRODUCE_BATCH_BYTES_MAX));
    EXPECT_WORDS("a", "1", "b", "2:3");
    cr_expect_eq(batch.line_count, 2);
    lines_deinit(&lines);
}

Test(produce_batch, stops_before_a_line_without_a_key)
{
    struct lines lines = lines_of("a:1\nnothing\nb:2\n");

    cr_assert(!produce_batch_take(&batch, &lines, BYTES_LITERAL(":"), PRODUCE_BATCH_BYTES_MAX));
    EXPECT_WORDS("a", "1");
    cr_expect_eq(lines.number, 1);
    lines_deinit(&lines);
}

Test(produce_batch, ends_before_the_line_that_would_pass_the_bytes)
{
    struct lines lines = lines_of("aaaaaaaa\nbbbbbbbb\ncccccccc\n");
    size_t two = PRODUCE_BATCH_OVERHEAD_BYTES + 2 * (8 + PRODUCE_RECORD_OVERHEAD_BYTES);

    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, two));
    EXPECT_WORDS("aaaaaaaa", "bbbbbbbb");
    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, two - 1));
    EXPECT_WORDS("cccccccc");
    lines_deinit(&lines);
    lines = lines_of("aaaaaaaa\nbbbbbbbb\n");
    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, two - 1));
    EXPECT_WORDS("aaaaaaaa");
    lines_deinit(&lines);
}

Test(produce_batch, takes_a_single_line_of_any_size)
{
    struct lines lines = lines_of("aaaaaaaa\nb\n");

    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, 1));
    EXPECT_WORDS("aaaaaaaa");
    lines_deinit(&lines);
}

Test(produce_batch, holds_a_bounded_number_of_lines)
{
    struct buf text = {0};

    for (int i = 0; i < PRODUCE_BATCH_LINES_MAX + 1; i++)
        buf_append_char(&text, '\n');
    buf_append_char(&text, '\0');
    struct lines lines = lines_of(text.data);
    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, PRODUCE_BATCH_BYTES_MAX));
    cr_expect_eq(batch.line_count, PRODUCE_BATCH_LINES_MAX);
    cr_assert(produce_batch_take(&batch, &lines, BYTES_NULL, PRODUCE_BATCH_BYTES_MAX));
    cr_expect_eq(batch.line_count, 1);
    lines_deinit(&lines);
    buf_deinit(&text);
}
