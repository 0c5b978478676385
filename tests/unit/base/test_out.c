/* SPDX-License-Identifier: BSD-3-Clause */
/* The output queue: its chunks, its pool, and any mix of its operations against a plain string. */
#include "base/buf.h"
#include "base/frame.h"
#include "base/mem.h"
#include "base/out.h"
#include "unit/base/seed.h"
#include <signal.h>

#define POOL_COUNT_MAX 8
#define IOV_MAX_ALL 4096

static void collect(const struct out *o, uint64_t pos_limit, struct buf *into)
{
    struct iovec iov[IOV_MAX_ALL];
    int count = out_peek(o, pos_limit, iov, IOV_MAX_ALL);

    cr_assert_lt(count, IOV_MAX_ALL);
    buf_clear(into);
    for (int i = 0; i < count; i++) {
        cr_assert_gt(iov[i].iov_len, 0);
        buf_append(into, iov[i].iov_base, iov[i].iov_len);
    }
}

static void expect(const struct out *o, const char *content)
{
    struct buf b = {0};

    collect(o, UINT64_MAX, &b);
    cr_assert(bytes_equal(buf_bytes(&b), bytes_of_string(content)), "got '%.*s', want '%s'",
              (int)b.len, b.data, content);
    cr_assert_eq(out_len(o), b.len);
    buf_deinit(&b);
}

/* A frame of `len` bytes that count up from `first`. */
static struct frame *frame_of(size_t len, unsigned first)
{
    struct frame *f = frame_create(len);

    for (size_t i = 0; i < len; i++)
        f->data[i] = (char)(first + i);
    return f;
}

Test(out, small_writes_share_one_chunk)
{
    struct out_pool pool;
    struct out o;
    struct iovec iov[4];

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    cr_assert_eq(o.memory_bytes, 0);
    out_append(&o, "+OK\r\n", 5);
    memcpy(out_reserve(&o, 100), ":1\r\n", 4);
    out_commit(&o, 4);
    out_append(&o, NULL, 0);
    expect(&o, "+OK\r\n:1\r\n");
    cr_assert_eq(out_peek(&o, UINT64_MAX, iov, 4), 1);
    cr_assert_eq(o.memory_bytes, OUT_SMALL_CHUNK_BYTES);
    cr_assert_eq(o.pos_end, 9);
    out_deinit(&o);
    out_pool_deinit(&pool);
}

Test(out, a_queue_begins_small_and_goes_on_large)
{
    struct out_pool pool;
    struct out o;
    struct iovec iov[4];
    char *bytes = mem_zalloc(1, OUT_CHUNK_BYTES);

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    out_append(&o, bytes, OUT_SMALL_ROOM_BYTES);
    cr_assert_eq(o.memory_bytes, OUT_SMALL_CHUNK_BYTES);
    out_append(&o, bytes, 100);
    cr_assert_eq(o.memory_bytes, OUT_SMALL_CHUNK_BYTES + OUT_CHUNK_BYTES);
    out_consume(&o, OUT_SMALL_ROOM_BYTES);
    cr_assert_eq(o.memory_bytes, OUT_CHUNK_BYTES);
    cr_assert_eq(pool.small.count, 1);
    cr_assert_eq(pool.large.count, 0);
    out_consume(&o, 100);
    out_append(&o, bytes, OUT_SMALL_ROOM_BYTES + 1);
    cr_assert_eq(o.memory_bytes, OUT_CHUNK_BYTES); /* a small one would not do */
    cr_assert_eq(out_peek(&o, UINT64_MAX, iov, 4), 1);
    out_deinit(&o);
    out_pool_deinit(&pool);
    mem_free(bytes);
}

Test(out, a_drained_queue_gives_its_chunks_to_the_pool)
{
    struct out_pool pool;
    struct out a, b;
    char bytes[2 * OUT_SMALL_CHUNK_BYTES] = {0};

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&a, &pool);
    out_init(&b, &pool);
    out_append(&a, bytes, sizeof(bytes));
    out_consume(&a, 2);
    cr_assert_eq(pool.large.count, 0);
    out_consume(&a, sizeof(bytes) - 2);
    cr_assert_eq(pool.large.count, 1);
    cr_assert_eq(a.memory_bytes, 0);
    out_append(&b, bytes, sizeof(bytes)); /* the other queue takes it */
    cr_assert_eq(pool.large.count, 0);
    out_append(&a, "def", 3); /* positions go on */
    expect(&a, "def");
    cr_assert_eq(a.pos_start, sizeof(bytes));
    cr_assert_eq(a.pos_end, sizeof(bytes) + 3);
    out_deinit(&a);
    out_deinit(&b);
    out_pool_deinit(&pool);
}

Test(out, the_pool_keeps_no_more_than_its_bound)
{
    struct out_pool pool;
    struct out o;
    char *big = mem_zalloc(20, OUT_CHUNK_BYTES);

    out_pool_init(&pool, 3);
    out_init(&o, &pool);
    out_append(&o, big, 20 * (size_t)OUT_CHUNK_BYTES);
    cr_assert_geq(o.memory_bytes, 20 * (size_t)OUT_CHUNK_BYTES);
    out_consume(&o, out_len(&o));
    cr_assert_eq(pool.large.count, 3);
    out_deinit(&o);
    out_pool_deinit(&pool);
    cr_assert_eq(pool.large.count, 0);
    mem_free(big);
}

Test(out, peek_stops_at_the_position_that_is_held_back)
{
    struct out_pool pool;
    struct out o;
    struct buf b = {0};

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    out_append(&o, "abcdef", 6);
    out_consume(&o, 2);
    collect(&o, 4, &b);
    cr_assert(bytes_equal(buf_bytes(&b), BYTES_LITERAL("cd")));
    collect(&o, 2, &b);
    cr_assert_eq(b.len, 0);
    collect(&o, 1, &b); /* sent long ago */
    cr_assert_eq(b.len, 0);
    buf_deinit(&b);
    out_deinit(&o);
    out_pool_deinit(&pool);
}

Test(out, a_large_frame_is_shared_and_a_small_one_copied)
{
    struct out_pool pool;
    struct out a, b;
    struct frame *large = frame_of(FRAME_COPY_BYTES_MAX + 1, 0);
    struct frame *small = frame_of(FRAME_COPY_BYTES_MAX, 0);
    struct iovec iov[4];

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&a, &pool);
    out_init(&b, &pool);
    out_append_frame(&a, small);
    cr_assert_eq(small->refs, 1);
    out_append_frame(&a, large);
    out_append_frame(&b, large);
    cr_assert_eq(large->refs, 3);
    cr_assert_eq(out_peek(&a, UINT64_MAX, iov, 4), 2);
    cr_assert_eq(iov[1].iov_base, large->data);
    cr_assert_geq(b.memory_bytes, large->len);
    out_consume(&a, out_len(&a));
    cr_assert_eq(large->refs, 2);
    out_deinit(&b);
    cr_assert_eq(large->refs, 1);
    frame_unref(large);
    frame_unref(small);
    out_deinit(&a);
    out_pool_deinit(&pool);
}

/* A frame of which one part after the other is appended to queues. */
struct series {
    struct out_pool pool;
    struct out out;
    struct frame *frame;
};

static void series_init(struct series *s, size_t cap)
{
    out_pool_init(&s->pool, POOL_COUNT_MAX);
    out_init(&s->out, &s->pool);
    s->frame = frame_create_empty(cap);
}

static void series_deinit(struct series *s)
{
    out_deinit(&s->out);
    cr_assert_eq(s->frame->refs, 1);
    frame_unref(s->frame);
    out_pool_deinit(&s->pool);
}

static void series_append(struct series *s, const char *text)
{
    size_t begin = s->frame->len, len = strlen(text);

    memcpy(frame_extend(s->frame, len), text, len);
    out_append_part(&s->out, s->frame, begin);
    out_end_message(&s->out);
}

Test(out, parts_that_follow_on_one_another_in_a_frame_are_one_piece_and_not_copied)
{
    struct series s;
    struct iovec iov[4];

    series_init(&s, 2000);
    (void)frame_extend(s.frame, 100); /* for others */
    series_append(&s, "one ");
    cr_assert_eq(s.frame->refs, 2);
    series_append(&s, "two ");
    out_consume(&s.out, 6);
    series_append(&s, "three");
    expect(&s.out, "o three");
    cr_assert_eq(out_peek(&s.out, UINT64_MAX, iov, 4), 1);
    cr_assert_eq(iov[0].iov_base, s.frame->data + 106);
    cr_assert_eq(s.frame->refs, 2);
    cr_assert_eq(s.out.memory_bytes, sizeof(struct out_chunk) + 2000);
    cr_assert_eq(out_messages(&s.out), 2); /* one of them is partly sent */
    out_consume(&s.out, out_len(&s.out));
    cr_assert_eq(s.frame->refs, 1);
    series_deinit(&s);
}

Test(out, parts_of_a_small_frame_are_copied)
{
    struct series s;

    series_init(&s, FRAME_COPY_BYTES_MAX);
    series_append(&s, "one ");
    series_append(&s, "two");
    cr_assert_eq(s.frame->refs, 1);
    memset(s.frame->data, '-', s.frame->len); /* its room is used for something else */
    expect(&s.out, "one two");
    series_deinit(&s);
}

Test(out, small_parts_with_others_between_them_are_copied)
{
    struct series s;
    struct iovec iov[8];

    series_init(&s, 2000);
    for (int i = 0; i < 5; i++) {
        series_append(&s, "part ");
        (void)frame_extend(s.frame, 5); /* not for this queue */
    }
    expect(&s.out, "part part part part part ");
    cr_assert_eq(out_peek(&s.out, UINT64_MAX, iov, 8), 2); /* the first could not know */
    cr_assert_eq(s.frame->refs, 2);
    series_deinit(&s);
}

Test(out, one_that_follows_on_a_part_that_was_copied_is_worth_a_piece)
{
    struct series s;
    struct iovec iov[4];

    series_init(&s, 2000);
    out_append(&s.out, "+OK ", 4);
    series_append(&s, "one ");
    cr_assert_eq(s.frame->refs, 1);
    series_append(&s, "two ");
    series_append(&s, "three");
    expect(&s.out, "+OK one two three");
    cr_assert_eq(out_peek(&s.out, UINT64_MAX, iov, 4), 2);
    cr_assert_eq(iov[1].iov_base, s.frame->data + 4);
    series_deinit(&s);
}

Test(out, a_part_behind_a_long_one_is_worth_a_piece_of_its_own)
{
    struct series s;
    struct iovec iov[4];
    struct frame *next = frame_create_empty(5000);

    series_init(&s, 2000);
    memset(frame_extend(s.frame, 1990), 'x', 1990);
    out_append_part(&s.out, s.frame, 0);
    memcpy(frame_extend(next, 5), "first", 5);
    out_append_part(&s.out, next, 0);
    memcpy(frame_extend(next, 6), "second", 6);
    out_append_part(&s.out, next, 5);
    cr_assert_eq(out_peek(&s.out, UINT64_MAX, iov, 4), 2);
    cr_assert_eq(iov[1].iov_base, next->data);
    cr_assert_eq(iov[1].iov_len, 11);
    series_deinit(&s);
    frame_unref(next);
}

Test(out, replace_changes_what_lies_between_and_moves_what_follows)
{
    struct out_pool pool;
    struct out o;

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    out_append(&o, "one:two:three", 13);
    out_replace(&o, 4, 7, BYTES_LITERAL("-ERR longer"));
    expect(&o, "one:-ERR longer:three");
    out_replace(&o, 4, 15, BYTES_LITERAL("x"));
    expect(&o, "one:x:three");
    out_replace(&o, 3, 5, BYTES_NULL);
    expect(&o, "one:three");
    out_replace(&o, 9, 9, BYTES_LITERAL("!"));
    expect(&o, "one:three!");
    out_replace(&o, 0, 0, BYTES_LITERAL(">"));
    expect(&o, ">one:three!");
    out_append(&o, "end", 3);
    expect(&o, ">one:three!end");
    out_replace(&o, 0, 14, BYTES_NULL);
    expect(&o, "");
    cr_assert_eq(o.memory_bytes, 0);
    out_replace(&o, 0, 0, BYTES_LITERAL("anew"));
    expect(&o, "anew");
    out_deinit(&o);
    out_pool_deinit(&pool);
}

Test(out, replacing_inside_a_shared_frame_leaves_the_frame_alone)
{
    struct out_pool pool;
    struct out a, b;
    struct frame *f = frame_create(3000);
    struct buf content = {0};

    memset(f->data, 'f', 3000);
    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&a, &pool);
    out_init(&b, &pool);
    out_append_frame(&a, f);
    out_append_frame(&b, f);
    out_replace(&a, 10, 2990, BYTES_LITERAL("middle"));
    expect(&a, "ffffffffffmiddleffffffffff");
    collect(&b, UINT64_MAX, &content);
    cr_assert(bytes_equal(buf_bytes(&content), frame_bytes(f)));
    cr_assert_null(memchr(content.data, 'm', content.len));
    buf_deinit(&content);
    out_deinit(&a);
    out_deinit(&b);
    cr_assert_eq(f->refs, 1);
    frame_unref(f);
    out_pool_deinit(&pool);
}

#define REPLIES 4000
static const struct bytes late_error = BYTES_LITERAL("-LOGERROR the sync failed\r\n");

/* Replaces reply i of a queue of short ones by a longer error, in the order that `next` gives. */
static void replace_all_replies(size_t (*next)(size_t i))
{
    static bool replaced[REPLIES];
    struct out_pool pool;
    struct out o;
    struct buf content = {0};

    memset(replaced, 0, sizeof(replaced));
    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    for (int i = 0; i < REPLIES; i++)
        out_append(&o, ":12345\r\n", 8);
    for (size_t i = 0; i < REPLIES; i++) {
        size_t which = next(i);
        uint64_t pos = 0;

        for (size_t j = 0; j < which; j++)
            pos += replaced[j] ? late_error.len : 8;
        out_replace(&o, pos, pos + 8, late_error);
        replaced[which] = true;
        cr_assert_leq(o.memory_bytes, 3 * out_len(&o) + 3 * OUT_CHUNK_BYTES);
    }
    collect(&o, UINT64_MAX, &content);
    cr_assert_eq(content.len, REPLIES * late_error.len);
    for (size_t i = 0; i < REPLIES; i++)
        cr_assert_eq(memcmp(content.data + i * late_error.len, late_error.data, late_error.len), 0);
    buf_deinit(&content);
    out_deinit(&o);
    out_pool_deinit(&pool);
}

static size_t first_to_last(size_t i)
{
    return i;
}

static size_t last_to_first(size_t i)
{
    return REPLIES - 1 - i;
}

static size_t all_over_the_place(size_t i)
{
    return i * 1237 % REPLIES; /* 1237 is prime and no divisor of REPLIES */
}

Test(out, replies_replaced_in_any_order_do_not_multiply_the_memory)
{
    replace_all_replies(first_to_last);
    replace_all_replies(last_to_first);
    replace_all_replies(all_over_the_place);
}

Test(out, truncate_drops_the_end_and_writing_goes_on_there)
{
    struct out_pool pool;
    struct out o;
    struct frame *f = frame_of(5000, 0);

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    out_append(&o, "keep:drop", 9);
    out_append_frame(&o, f);
    out_truncate(&o, 5);
    cr_assert_eq(f->refs, 1);
    expect(&o, "keep:");
    out_append(&o, "new", 3);
    expect(&o, "keep:new");
    cr_assert_eq(o.pos_end, 8);
    out_truncate(&o, 8);
    expect(&o, "keep:new");
    out_truncate(&o, 0);
    expect(&o, "");
    cr_assert_eq(o.memory_bytes, 0);
    frame_unref(f);
    out_deinit(&o);
    out_pool_deinit(&pool);
}

Test(out, an_unused_reservation_does_not_disturb_the_queue)
{
    struct out_pool pool;
    struct out o;
    struct frame *f = frame_of(2000, 'a');
    struct iovec iov[4];

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    out_reserve(&o, OUT_RESERVE_BYTES_MAX);
    out_commit(&o, 0);
    out_append_frame(&o, f);
    cr_assert_eq(out_peek(&o, UINT64_MAX, iov, 4), 1);
    cr_assert_eq(iov[0].iov_len, 2000);
    out_consume(&o, 1999);
    out_consume(&o, 1);
    cr_assert_eq(o.memory_bytes, 0);
    frame_unref(f);
    out_deinit(&o);
    out_pool_deinit(&pool);
}

Test(out, consuming_more_than_there_is_aborts, .signal = SIGABRT)
{
    struct out_pool pool;
    struct out o;

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    out_append(&o, "abc", 3);
    out_consume(&o, 4);
}

Test(out, replacing_what_was_sent_aborts, .signal = SIGABRT)
{
    struct out_pool pool;
    struct out o;

    out_pool_init(&pool, POOL_COUNT_MAX);
    out_init(&o, &pool);
    out_append(&o, "abcdef", 6);
    out_consume(&o, 3);
    out_replace(&o, 2, 4, BYTES_NULL);
}

/* --- against a plain string ------------------------------------------------------------------------- */

#define FRAMES 4
#define MODEL_BYTES_MAX (12 * OUT_CHUNK_BYTES)
#define GROWING_BYTES 20000

struct model {
    struct random random;
    struct out_pool pool;
    struct out out;
    struct buf text; /* what the queue must hold */
    uint64_t pos;    /* of its first byte */
    struct frame *frames[FRAMES];
    struct frame *growing; /* gets more and more, and then is another one */
    struct buf junk;       /* random bytes to write */
    struct buf actual;     /* scratch */
};

static void model_init(struct model *m)
{
    *m = (struct model){0};
    seed_test(&m->random);
    out_pool_init(&m->pool, POOL_COUNT_MAX);
    out_init(&m->out, &m->pool);
    for (unsigned i = 0; i < FRAMES; i++)
        m->frames[i] = frame_of(FRAME_COPY_BYTES_MAX / 2 + i * 9000, i * 50);
    m->growing = frame_create_empty(GROWING_BYTES);
    for (size_t i = 0; i < 3 * OUT_CHUNK_BYTES; i++)
        buf_append_char(&m->junk, (char)random_next(&m->random));
}

static void model_deinit(struct model *m)
{
    out_deinit(&m->out);
    out_pool_deinit(&m->pool);
    for (int i = 0; i < FRAMES; i++) {
        cr_assert_eq(m->frames[i]->refs, 1);
        frame_unref(m->frames[i]);
    }
    cr_assert_eq(m->growing->refs, 1);
    frame_unref(m->growing);
    buf_deinit(&m->text);
    buf_deinit(&m->junk);
    buf_deinit(&m->actual);
}

/* Mostly short, now and then longer than a chunk or two. */
static struct bytes model_bytes(struct model *m)
{
    size_t max = random_below(&m->random, 4) > 0 ? 64 : m->junk.len / 2;
    size_t len = random_below(&m->random, max);

    return bytes_of(m->junk.data + random_below(&m->random, m->junk.len / 2), len);
}

static size_t model_place(struct model *m)
{
    return random_below(&m->random, m->text.len + 1);
}

static void model_replace(struct model *m)
{
    struct bytes data = model_bytes(m);
    struct buf changed = {0};
    size_t from = model_place(m), to = from;

    to += random_below(&m->random, random_below(&m->random, 2) ? 50 : 40000);
    if (to > m->text.len)
        to = m->text.len;
    buf_append(&changed, m->text.data, from);
    buf_append_bytes(&changed, data);
    if (to < m->text.len)
        buf_append(&changed, m->text.data + to, m->text.len - to);
    buf_deinit(&m->text);
    m->text = changed;
    out_replace(&m->out, m->pos + from, m->pos + to, data);
}

static void model_consume(struct model *m)
{
    size_t len = model_place(m);

    if (random_below(&m->random, 4) > 0)
        len /= 8;
    out_consume(&m->out, len);
    buf_consume(&m->text, len);
    m->pos += len;
}

/* Adds to the growing frame and appends the part; not always, so that others get in between. */
static void model_append_part(struct model *m)
{
    struct bytes data = model_bytes(m);
    size_t begin;

    if (data.len > frame_room(m->growing)) {
        frame_unref(m->growing);
        m->growing = frame_create_empty(GROWING_BYTES);
        data.len = data.len > GROWING_BYTES ? GROWING_BYTES : data.len;
    }
    begin = m->growing->len;
    memcpy(frame_extend(m->growing, data.len), data.data, data.len);
    if (random_below(&m->random, 8) == 0)
        return;
    out_append_part(&m->out, m->growing, begin);
    buf_append_bytes(&m->text, data);
}

static void model_append(struct model *m)
{
    struct frame *frame = m->frames[random_below(&m->random, FRAMES)];
    struct bytes data = model_bytes(m);

    switch (random_below(&m->random, 6)) {
    case 3:
    case 4:
    case 5:
        for (uint64_t count = random_below(&m->random, 8); count > 0; count--)
            model_append_part(m);
        return;
    case 0:
        out_append_frame(&m->out, frame);
        buf_append_bytes(&m->text, frame_bytes(frame));
        return;
    case 1:
        data.len = data.len > OUT_RESERVE_BYTES_MAX ? OUT_RESERVE_BYTES_MAX : data.len;
        memcpy(out_reserve(&m->out, OUT_RESERVE_BYTES_MAX), data.data, data.len);
        out_commit(&m->out, data.len);
        break;
    default:
        out_append(&m->out, data.data, data.len);
        break;
    }
    buf_append_bytes(&m->text, data);
}

static void model_truncate(struct model *m)
{
    size_t from = m->text.len - random_below(&m->random, m->text.len / 4 + 1);

    out_truncate(&m->out, m->pos + from);
    m->text.len = from;
}

static size_t memory_of(const struct out *o)
{
    size_t sum = 0;

    for (struct list *link = o->chunks.next; link != &o->chunks; link = link->next) {
        const struct out_chunk *c = CONTAINER_OF(link, struct out_chunk, link);

        cr_assert_leq(c->begin, c->end);
        cr_assert_leq(c->end, c->frame == NULL ? c->cap : c->frame->len);
        sum += sizeof(*c) + (c->frame == NULL ? c->cap : c->frame->cap);
    }
    return sum;
}

static void model_check(struct model *m)
{
    size_t limit = model_place(m);
    struct iovec iov[3];
    int count;

    cr_assert_eq(m->out.pos_start, m->pos);
    cr_assert_eq(out_len(&m->out), m->text.len);
    cr_assert_eq(m->out.memory_bytes, memory_of(&m->out));
    cr_assert_leq(m->pool.large.count, m->pool.count_max);
    cr_assert_leq(m->pool.small.count, m->pool.count_max);
    collect(&m->out, UINT64_MAX, &m->actual);
    cr_assert(bytes_equal(buf_bytes(&m->actual), buf_bytes(&m->text)));
    collect(&m->out, m->pos + limit, &m->actual);
    cr_assert(bytes_equal(buf_bytes(&m->actual), bytes_of(m->text.data, limit)));
    count = out_peek(&m->out, UINT64_MAX, iov, 3);
    cr_assert(count <= 3 && (count > 0) == (m->text.len > 0));
    for (size_t i = 0, at = 0; i < (size_t)count; at += iov[i++].iov_len)
        cr_assert_eq(memcmp(iov[i].iov_base, m->text.data + at, iov[i].iov_len), 0);
}

Test(out, any_mix_of_operations_agrees_with_a_plain_string)
{
    struct model m;

    model_init(&m);
    for (int step = 0; step < 5000; step++) {
        uint64_t what = random_below(&m.random, 20);

        if (what < 9 && m.text.len < MODEL_BYTES_MAX)
            model_append(&m);
        else if (what < 13)
            model_consume(&m);
        else if (what < 19)
            model_replace(&m);
        else
            model_truncate(&m);
        model_check(&m);
    }
    model_deinit(&m);
}

/* --- marks ---------------------------------------------------------------------------------- */

Test(out, a_mark_keeps_its_place_in_the_text_when_what_is_before_it_is_replaced)
{
    struct out_pool pool;
    struct out out;
    struct out_mark mark, later;

    out_pool_init(&pool, 4);
    out_init(&out, &pool);
    out_mark_init(&mark);
    out_mark_init(&later);
    cr_expect_eq(mark.pos, OUT_MARK_NOWHERE);
    out_append(&out, "one two", 7);
    out_mark_set(&out, &mark);
    out_append(&out, " three", 6);
    out_mark_set(&out, &later);

    out_replace(&out, 0, 3, BYTES_LITERAL("fourteen"));
    cr_expect_eq(mark.pos, 12); /* "fourteen two" */
    out_replace(&out, 4, 12, BYTES_LITERAL("s"));
    cr_expect_eq(mark.pos, 5); /* what it stood behind is now "fours" */
    cr_expect_eq(later.pos, 11);
    out_replace(&out, 5, 11, BYTES_LITERAL(""));
    cr_expect_eq(mark.pos, 5);
    cr_expect_eq(later.pos, 5);

    out_mark_drop(&later);
    out_deinit(&out);
    cr_expect_eq(mark.pos, OUT_MARK_NOWHERE);
    out_pool_deinit(&pool);
}

Test(out, a_mark_does_not_lie_behind_the_end_when_the_end_is_cut_off)
{
    struct out_pool pool;
    struct out out;
    struct out_mark mark;

    out_pool_init(&pool, 4);
    out_init(&out, &pool);
    out_mark_init(&mark);
    out_append(&out, "abc", 3);
    out_mark_set(&out, &mark);
    out_truncate(&out, 1);
    cr_expect_eq(mark.pos, 1);
    out_append(&out, "defg", 4);
    out_marks_to_end(&out, 1);
    cr_expect_eq(mark.pos, 1, "it stands before what is to end here");
    out_marks_to_end(&out, 0);
    cr_expect_eq(mark.pos, 5);
    out_deinit(&out);
    out_pool_deinit(&pool);
}
