/* SPDX-License-Identifier: BSD-3-Clause */
/* The output queue. A chunk either has bytes of its own, or shows a part of a shared frame. Cutting the
 * queue at a position (out_replace) may leave several chunks on one frame, each with its own reference. */
#include "base/out.h"
#include "base/check.h"
#include "base/mem.h"

static_assert(OUT_SMALL_ROOM_BYTES >= OUT_RESERVE_BYTES_MAX,
              "a fresh chunk has room for the largest reservation");

static struct out_chunk *chunk_of(struct list *link)
{
    return CONTAINER_OF(link, struct out_chunk, link);
}

void out_pool_init(struct out_pool *pool, size_t count_max)
{
    *pool = (struct out_pool){.count_max = count_max};
}

static struct out_chunk *take(struct out_pool_part *part)
{
    struct out_chunk *c;

    if (part->free == NULL)
        return NULL;
    c = chunk_of(part->free);
    part->free = c->link.next;
    part->count--;
    return c;
}

static void part_deinit(struct out_pool_part *part)
{
    while (part->free != NULL)
        mem_free(take(part));
}

void out_pool_deinit(struct out_pool *pool)
{
    part_deinit(&pool->large);
    part_deinit(&pool->small);
}

/* --- chunks --------------------------------------------------------------------------------------- */

static size_t chunk_len(const struct out_chunk *c)
{
    return c->end - c->begin;
}

static char *chunk_data(struct out_chunk *c)
{
    return (c->frame != NULL ? c->frame->data : c->room) + c->begin;
}

static size_t chunk_memory(const struct out_chunk *c)
{
    return c->frame != NULL ? sizeof(*c) + c->frame->cap : sizeof(*c) + c->cap;
}

static struct out_chunk *chunk_take(struct out_pool *pool, bool small)
{
    struct out_chunk *c = take(small ? &pool->small : &pool->large);

    if (c == NULL)
        c = mem_alloc(small ? OUT_SMALL_CHUNK_BYTES : OUT_CHUNK_BYTES);
    c->cap = small ? OUT_SMALL_ROOM_BYTES : OUT_ROOM_BYTES;
    return c;
}

static void chunk_give(struct out_pool *pool, struct out_chunk *c)
{
    struct out_pool_part *part = c->cap == OUT_SMALL_ROOM_BYTES ? &pool->small : &pool->large;

    if (part->count >= pool->count_max) {
        mem_free(c);
        return;
    }
    c->link.next = part->free;
    part->free = &c->link;
    part->count++;
}

/* A chunk with room of its own, linked in before `where`. `len` is what is to come into it, or the beginning of
 * that. */
static struct out_chunk *insert_room(struct out *o, struct list *where, size_t len)
{
    bool small = list_empty(&o->chunks) && len <= OUT_SMALL_ROOM_BYTES;
    struct out_chunk *c = chunk_take(o->pool, small);

    c->frame = NULL;
    c->begin = c->end = c->origin = c->messages = 0;
    list_insert_before(where, &c->link);
    o->chunk_count++;
    o->memory_bytes += chunk_memory(c);
    return c;
}

/* A chunk that shows [begin, end) of a frame, linked in before `where`. */
static struct out_chunk *insert_frame(struct out *o, struct list *where, struct frame *frame,
                                      size_t begin, size_t end)
{
    struct out_chunk *c = mem_alloc(sizeof(*c));

    c->frame = frame_ref(frame);
    c->cap = 0;
    c->begin = c->origin = begin;
    c->end = end;
    c->messages = 0;
    list_insert_before(where, &c->link);
    o->chunk_count++;
    o->memory_bytes += chunk_memory(c);
    return c;
}

static void drop_chunk(struct out *o, struct out_chunk *c)
{
    if (o->tail == c)
        o->tail = NULL;
    if (o->shown == c)
        o->shown = NULL;
    o->memory_bytes -= chunk_memory(c);
    list_remove(&c->link);
    o->chunk_count--;
    o->messages -= c->messages;
    if (c->frame != NULL) {
        frame_unref(c->frame);
        mem_free(c);
    } else {
        chunk_give(o->pool, c);
    }
}

/* Finds the last chunk anew after a change anywhere; a queue without bytes keeps no chunks. */
static void settle_tail(struct out *o)
{
    struct out_chunk *last;

    while (o->pos_start == o->pos_end && !list_empty(&o->chunks))
        drop_chunk(o, chunk_of(o->chunks.next));
    o->tail = o->shown = NULL;
    if (list_empty(&o->chunks))
        return;
    last = chunk_of(o->chunks.prev);
    if (last->frame == NULL)
        o->tail = last;
    else
        o->shown = last;
}

/* --- appending ------------------------------------------------------------------------------------ */

void out_init(struct out *o, struct out_pool *pool)
{
    *o = (struct out){.pool = pool};
    list_init(&o->chunks);
    list_init(&o->marks);
}

void out_deinit(struct out *o)
{
    LIST_EACH (it, &o->marks)
        out_mark_drop(CONTAINER_OF(it, struct out_mark, link));
    o->pos_start = o->pos_end;
    settle_tail(o);
    ASSERT(o->memory_bytes == 0 && o->chunk_count == 0 && o->messages == 0);
}

static void add_room(struct out *o, size_t len)
{
    o->tail = insert_room(o, &o->chunks, len);
    o->shown = NULL;
}

char *out_reserve_in_new_chunk(struct out *o, size_t len)
{
    ASSERT(len <= OUT_RESERVE_BYTES_MAX);
    add_room(o, len);
    return o->tail->room;
}

void out_append_across(struct out *o, const void *data, size_t len)
{
    const char *from = data;

    while (len > 0) {
        size_t piece;

        if (o->tail == NULL || o->tail->end == o->tail->cap)
            add_room(o, len);
        piece = o->tail->cap - o->tail->end;
        if (piece > len)
            piece = len;
        memcpy(o->tail->room + o->tail->end, from, piece);
        out_commit(o, piece);
        from += piece;
        len -= piece;
    }
}

/* Whether a small part of a frame, in which more is to be expected, is worth a chunk: at the beginning, behind a long
 * one, and where it follows on the one before; but not where parts of several frames take turns. */
static bool is_worth_a_chunk(const struct out *o, const struct frame *frame, size_t begin)
{
    if (frame->cap <= FRAME_COPY_BYTES_MAX)
        return false;
    if (o->shown != NULL)
        return o->shown->end - o->shown->origin > FRAME_COPY_BYTES_MAX;
    return o->tail == NULL || o->copied_end == frame->data + begin;
}

void out_append_part_anew(struct out *o, struct frame *frame, size_t begin)
{
    size_t len = frame->len - begin;

    ASSERT(begin <= frame->len);
    if (len <= FRAME_COPY_BYTES_MAX && !is_worth_a_chunk(o, frame, begin)) {
        out_append(o, frame->data + begin, len);
        o->copied_end = frame->data + frame->len;
        return;
    }
    o->shown = insert_frame(o, &o->chunks, frame, begin, frame->len);
    o->tail = NULL;
    o->pos_end += len;
}

size_t out_messages(const struct out *o)
{
    size_t count = o->messages;

    if (!list_empty(&o->chunks)) {
        const struct out_chunk *first = chunk_of(o->chunks.next);

        if (first->end > first->origin)
            count -=
                (first->begin - first->origin) * first->messages / (first->end - first->origin);
    }
    return count;
}

/* --- sending -------------------------------------------------------------------------------------- */

int out_peek(const struct out *o, uint64_t pos_limit, struct iovec *iov, int iov_max)
{
    uint64_t pos = o->pos_start;
    int count = 0;

    for (struct list *link = o->chunks.next; link != &o->chunks && count < iov_max;
         link = link->next) {
        struct out_chunk *c = chunk_of(link);
        size_t len = chunk_len(c);

        if (pos >= pos_limit)
            break;
        if (len > pos_limit - pos)
            len = (size_t)(pos_limit - pos);
        if (len == 0)
            continue;
        iov[count++] = (struct iovec){chunk_data(c), len};
        pos += len;
    }
    return count;
}

void out_consume(struct out *o, size_t len)
{
    ASSERT(len <= out_len(o));
    o->pos_start += len;
    if (o->pos_start == o->pos_end) {
        settle_tail(o);
        return;
    }
    while (len > 0) {
        struct out_chunk *first = chunk_of(o->chunks.next);

        if (len < chunk_len(first)) {
            first->begin += len;
            return;
        }
        len -= chunk_len(first);
        drop_chunk(o, first);
    }
}

/* --- changing what is queued ---------------------------------------------------------------------- */

/* The chunk in which position `pos` lies, behind its first byte or on it, and the position of that
 * first byte; NULL at the end of the queue. */
static struct out_chunk *chunk_at(struct out *o, uint64_t pos, uint64_t *chunk_pos)
{
    uint64_t at = o->pos_start;

    for (struct list *link = o->chunks.next; link != &o->chunks; link = link->next) {
        struct out_chunk *c = chunk_of(link);

        if (pos < at + chunk_len(c)) {
            *chunk_pos = at;
            return c;
        }
        at += chunk_len(c);
    }
    return NULL;
}

/* Sees to it that a chunk begins at `pos`, and returns its link (the list's head at the end). */
static struct list *split_at(struct out *o, uint64_t pos)
{
    uint64_t chunk_pos;
    struct out_chunk *c = chunk_at(o, pos, &chunk_pos);
    struct out_chunk *rest;
    size_t cut;

    if (c == NULL)
        return &o->chunks;
    if (pos == chunk_pos)
        return &c->link;
    cut = c->begin + (size_t)(pos - chunk_pos);
    if (c->frame != NULL) {
        rest = insert_frame(o, c->link.next, c->frame, cut, c->end);
    } else {
        rest = insert_room(o, c->link.next, c->end - cut);
        rest->end = c->end - cut;
        memcpy(rest->room, c->room + cut, rest->end);
    }
    c->end = cut;
    rest->messages = c->messages;
    c->messages = 0;
    return &rest->link;
}

/* Drops the bytes [from, to); a chunk then begins at `from`, and its link is returned. */
static struct list *cut_out(struct out *o, uint64_t from, uint64_t to)
{
    struct list *first, *behind;

    if (from == to)
        return split_at(o, from);
    behind = split_at(o, to);
    first = split_at(o, from);
    while (first != behind) {
        struct out_chunk *c = chunk_of(first);

        first = first->next;
        drop_chunk(o, c);
    }
    return behind;
}

/* Puts bytes before the chunk at `where`: into the room behind its neighbour first. */
static void insert_bytes(struct out *o, struct list *where, struct bytes data)
{
    struct out_chunk *c = where->prev == &o->chunks ? NULL : chunk_of(where->prev);

    while (data.len > 0) {
        size_t piece;

        if (c == NULL || c->frame != NULL || c->end == c->cap)
            c = insert_room(o, where, data.len);
        piece = c->cap - c->end;
        if (piece > data.len)
            piece = data.len;
        memcpy(c->room + c->end, data.data, piece);
        c->end += piece;
        data = bytes_of(data.data + piece, data.len - piece);
    }
}

/* Moves the bytes of the chunk behind `c` into `c` when both fit there; false when they do not. */
static bool join_next(struct out *o, struct out_chunk *c)
{
    struct out_chunk *next = chunk_of(c->link.next);

    if (c->frame != NULL || next->frame != NULL)
        return false;
    if (chunk_len(c) + chunk_len(next) > c->cap)
        return false;
    memmove(c->room, chunk_data(c), chunk_len(c));
    c->end = chunk_len(c);
    c->begin = 0;
    memcpy(c->room + c->end, chunk_data(next), chunk_len(next));
    c->end += chunk_len(next);
    c->messages += next->messages;
    next->messages = 0;
    drop_chunk(o, next);
    return true;
}

/* Joins what fits together around a change that lies between the chunks `before` and `behind` (or the
 * head of the list), as far as their own neighbours. So many replacements cannot leave many chunks
 * with a few bytes each. */
static void coalesce(struct out *o, struct list *before, struct list *behind)
{
    struct list *head = &o->chunks;
    struct list *link = before == head ? before : before->prev;
    struct list *end = behind; /* the first that stays as it is */

    for (int i = 0; i < 2 && end != head; i++)
        end = end->next;
    if (link == head)
        link = link->next;
    while (link != end && link->next != end) {
        if (!join_next(o, chunk_of(link)))
            link = link->next;
    }
}

/* The usual case: all of it inside one chunk that has room for the difference. */
static bool replace_in_place(struct out *o, uint64_t from, uint64_t to, struct bytes data)
{
    uint64_t chunk_pos;
    struct out_chunk *c = chunk_at(o, from, &chunk_pos);
    size_t at, old_len = (size_t)(to - from);
    char *place;

    if (c == NULL || c->frame != NULL)
        return false;
    at = c->begin + (size_t)(from - chunk_pos);
    if (old_len > c->end - at || data.len > c->cap - (c->end - old_len))
        return false;
    place = c->room + at;
    memmove(place + data.len, place + old_len, c->end - at - old_len);
    if (data.len > 0)
        memcpy(place, data.data, data.len);
    c->end = c->end - old_len + data.len;
    if (chunk_len(c) == 0)
        drop_chunk(o, c);
    return true;
}

/* What was [from, to) is now `len` bytes. */
static void move_marks(struct out *o, uint64_t from, uint64_t to, size_t len)
{
    LIST_EACH (it, &o->marks) {
        struct out_mark *m = CONTAINER_OF(it, struct out_mark, link);

        if (m->pos >= to)
            m->pos = m->pos - (to - from) + len;
        else if (m->pos > from)
            m->pos = from + len;
    }
}

void out_replace(struct out *o, uint64_t from, uint64_t to, struct bytes data)
{
    ASSERT(o->pos_start <= from && from <= to && to <= o->pos_end);
    if (!replace_in_place(o, from, to, data)) {
        struct list *where = cut_out(o, from, to);
        struct list *before = where->prev;

        insert_bytes(o, where, data);
        coalesce(o, before, where);
    }
    o->pos_end = o->pos_end - (to - from) + data.len;
    settle_tail(o);
    move_marks(o, from, to, data.len);
}

void out_truncate(struct out *o, uint64_t from)
{
    ASSERT(o->pos_start <= from && from <= o->pos_end);
    cut_out(o, from, o->pos_end);
    move_marks(o, from, o->pos_end, 0);
    o->pos_end = from;
    settle_tail(o);
}

/* --- marks ---------------------------------------------------------------------------------- */

void out_mark_init(struct out_mark *m)
{
    m->pos = OUT_MARK_NOWHERE;
    list_init(&m->link);
}

void out_mark_set(struct out *o, struct out_mark *m)
{
    list_remove(&m->link);
    list_push_back(&o->marks, &m->link);
    m->pos = o->pos_end;
}

void out_mark_drop(struct out_mark *m)
{
    list_remove(&m->link);
    m->pos = OUT_MARK_NOWHERE;
}

void out_marks_to_end(struct out *o, uint64_t from)
{
    LIST_EACH (it, &o->marks) {
        struct out_mark *m = CONTAINER_OF(it, struct out_mark, link);

        if (m->pos > from)
            m->pos = o->pos_end;
    }
}
