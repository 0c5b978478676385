/* SPDX-License-Identifier: BSD-3-Clause */
/* Cursors, and the turn in which they are served. A cursor is in one place at a time:
 *
 *   waiting    at the end of the log, as a reader of its partition (topic.h); a write makes it live
 *   live       it was at the end and there is more now: served first, so that history does not delay the present
 *   history    it has more to read
 *   reading    a worker reads for it
 *   stalled    its follower takes no more for now
 *
 * A cursor that is served reads once, at most FOLLOW_READ_BYTES (the first batch comes whole), and goes to the
 * end of its line; a turn ends when it has done FOLLOW_TURN_BYTES of work, so that thousands of followers do not
 * hold up anyone else. */
#include "base/glob.h"
#include "base/mem.h"
#include "topics/follow_private.h"
#include "topics/topic_partition.h"

#define FOLLOW_READ_BYTES (64 * 1024)
#define FOLLOW_TURN_BYTES (1024 * 1024) /* of each line */
#define FOLLOW_READS_MAX 32             /* by workers, at once */
/* What a cursor costs that had its records encoded for another one, or that waits or stalls. */
#define FOLLOW_SERVE_BYTES 256

static struct follows *follows_of(const struct follow_cursor *c)
{
    return c->follow->follower->follows;
}

static struct follow_cursor *cursor_at(struct list *queue)
{
    return CONTAINER_OF(queue, struct follow_cursor, queue);
}

/* --- life ------------------------------------------------------------------------------------ */

static bool is_due(struct topic_reader *reader)
{
    const struct follow_cursor *c = CONTAINER_OF(reader, struct follow_cursor, reader);
    const struct partition *log = c->tp->log;

    return log != NULL &&
           (c->offset < partition_next_offset(log) || c->offset < partition_log_start(log));
}

static void wake(struct topic_reader *reader)
{
    struct follow_cursor *c = CONTAINER_OF(reader, struct follow_cursor, reader);

    list_push_back(&follows_of(c)->live, &c->queue);
}

struct follow_cursor *follow_cursor_create(struct follow *fw, struct topic_partition *tp,
                                           int64_t offset, struct frame *key)
{
    struct follow_cursor *c = mem_zalloc(1, sizeof(*c));

    c->follow = fw;
    c->tp = tp;
    c->offset = offset;
    c->key = key == NULL ? NULL : frame_ref(key);
    topic_ref(tp->topic);
    topic_reader_init(&c->reader, is_due, wake);
    list_push_back(&fw->cursors, &c->of_follow);
    list_init(&c->queue);
    list_push_back(&follows_of(c)->history, &c->queue);
    fw->follower->partitions++;
    follows_of(c)->partition_count++;
    return c;
}

static void end_read(struct follow_cursor *c)
{
    partition_read_end(&c->read);
    c->reading = false;
}

/* The read that a worker did for it is over. */
static void worker_is_done(struct follow_cursor *c)
{
    struct follower *f = c->follow->follower;

    f->follows->reads--;
    f->reading = false;
    follower_drained(f);
}

void follow_cursor_destroy(struct follow_cursor *c)
{
    struct follower *f = c->follow->follower;

    if (c->reading) {
        end_read(c);
        worker_is_done(c);
    }
    topic_reader_cancel(&c->reader);
    list_remove(&c->queue);
    list_remove(&c->of_follow);
    f->partitions--;
    f->follows->partition_count--;
    if (c->key != NULL)
        frame_unref(c->key);
    topic_unref(c->tp->topic);
    mem_free(c);
}

struct follow_cursor *follow_cursor_of(const struct follow *fw, const struct topic_partition *tp)
{
    for (struct list *it = fw->cursors.next; it != &fw->cursors; it = it->next) {
        struct follow_cursor *c = CONTAINER_OF(it, struct follow_cursor, of_follow);

        if (c->tp == tp)
            return c;
    }
    return NULL;
}

void follow_cursor_end(struct follow_cursor *c, enum err why)
{
    struct follow *fw = c->follow;
    const struct follow_form form = follow_form_of(fw);
    struct follow_loss loss = {.tp = c->tp, .from = c->offset, .to = c->offset, .why = why};
    struct topic *t = topic_ref(c->tp->topic);

    if (c->tp->log != NULL && partition_next_offset(c->tp->log) > loss.to)
        loss.to = partition_next_offset(c->tp->log);
    follow_cursor_destroy(c);
    fw->follower->ops->ended(fw->follower, &form, &loss);
    topic_unref(t);
}

/* --- what was encoded for another one --------------------------------------------------------- */

static bool same_form(const struct follow_form *a, const struct follow_form *b)
{
    return a->proto == b->proto && a->pattern.data == b->pattern.data; /* the text is one for all */
}

static struct follow_shared *shared_find(struct follows *fs, const struct follow_cursor *c)
{
    const struct follow_form form = follow_form_of(c->follow);

    for (size_t i = 0; i < FOLLOW_SHARED_COUNT; i++) {
        struct follow_shared *s = &fs->shared[i];

        if (s->frame != NULL && s->tp == c->tp && s->from == c->offset &&
            same_form(&s->form, &form))
            return s;
    }
    return NULL;
}

static void shared_drop(struct follow_shared *s)
{
    if (s->frame != NULL)
        frame_unref(s->frame);
    s->frame = NULL;
}

/* For this turn: later, retention may have taken what is in it. */
static void share(struct follows *fs, const struct follow_cursor *c, struct frame *frame,
                  int64_t to, uint64_t records)
{
    struct follow_shared *s = &fs->shared[fs->shared_next];

    fs->shared_next = (fs->shared_next + 1) % FOLLOW_SHARED_COUNT;
    shared_drop(s);
    *s = (struct follow_shared){.frame = frame_ref(frame),
                                .tp = c->tp,
                                .form = follow_form_of(c->follow),
                                .from = c->offset,
                                .to = to,
                                .records = records};
}

static bool serve_shared(struct follow_cursor *c)
{
    struct follower *f = c->follow->follower;
    struct follow_shared *s = c->key == NULL ? shared_find(f->follows, c) : NULL;

    if (s == NULL)
        return false;
    c->offset = s->to;
    f->follows->stats.records += s->records;
    catalog_count_read(c->tp->topic, s->records, s->frame->len);
    f->follows->stats.frames_shared++;
    f->ops->deliver(f, s->frame);
    return true;
}

/* --- encoding -------------------------------------------------------------------------------- */

/* What came of a read. */
struct encoded {
    uint64_t records;
    int64_t to;     /* where the cursor goes on */
    int64_t bad_to; /* with `err`: it goes on here, and [to, bad_to) is lost */
    enum err err;   /* a batch does not add up, though its checksum holds */
};

static bool is_wanted(const struct follow_cursor *c, const struct record_view *r)
{
    if (r->offset < c->offset)
        return false;
    return c->key == NULL || (!bytes_is_null(r->key) && glob_match(frame_bytes(c->key), r->key));
}

static enum err encode_batch(struct follow_cursor *c, struct bytes batch, struct encoded *e)
{
    struct follower *f = c->follow->follower;
    const struct follow_form form = follow_form_of(c->follow);
    struct batch_iter it;
    struct record_view r;
    enum err err = batch_iter_init(&it, batch);

    while (err == ERR_OK) {
        err = batch_iter_next(&it, &r);
        if (err != ERR_OK)
            break;
        if (is_wanted(c, &r)) {
            f->ops->encode(&f->follows->scratch, &form, c->tp, &r);
            e->records++;
        }
        if (r.offset >= e->to)
            e->to = r.offset + 1;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Encodes what is wanted of the cursor's read into the scratch. */
static void encode(struct follow_cursor *c, struct encoded *e)
{
    struct bytes rest = c->read.batches;

    *e = (struct encoded){.to = c->offset};
    while (rest.len > 0) {
        struct batch_header header;
        struct bytes batch;

        e->err = batch_header_read(rest, INT32_MAX, &header);
        if (e->err == ERR_OK && batch_header_len(&header) > rest.len)
            e->err = ERR_CORRUPT;
        if (e->err != ERR_OK) { /* where the next one begins is not known: none of them is there */
            e->bad_to = c->read.next_offset;
            return;
        }
        batch = bytes_of(rest.data, batch_header_len(&header));
        rest = bytes_of(rest.data + batch.len, rest.len - batch.len);
        e->err = encode_batch(c, batch, e);
        if (e->err != ERR_OK) {
            e->bad_to = batch_header_last_offset(&header) + 1;
            return;
        }
    }
    e->to = c->read.next_offset;
}

/* Takes all that stands in the scratch into one frame. */
static struct frame *take_scratch(struct out *scratch)
{
    struct frame *frame = frame_create(out_len(scratch));
    char *to = frame->data;
    struct iovec piece;

    while (out_peek(scratch, scratch->pos_end, &piece, 1) > 0) {
        memcpy(to, piece.iov_base, piece.iov_len);
        to += piece.iov_len;
        out_consume(scratch, piece.iov_len);
    }
    ASSERT(to == frame->data + frame->len);
    return frame;
}

/* --- one read ---------------------------------------------------------------------------------- */

/* The cursor goes on at `to`; what is before is lost. */
static void lose(struct follow_cursor *c, int64_t to, enum err why)
{
    struct follower *f = c->follow->follower;
    const struct follow_form form = follow_form_of(c->follow);
    const struct follow_loss loss = {.tp = c->tp, .from = c->offset, .to = to, .why = why};

    ASSERT(to > c->offset);
    c->offset = to;
    f->follows->stats.lost_ranges++;
    f->follows->stats.lost_offsets += (uint64_t)(loss.to - loss.from);
    f->ops->lost(f, &form, &loss);
}

/* Returns how much work it was. */
static size_t deliver(struct follow_cursor *c)
{
    struct follower *f = c->follow->follower;
    struct follows *fs = f->follows;
    size_t work = c->read.batches.len;
    struct encoded e;

    encode(c, &e);
    fs->stats.records += e.records;
    catalog_count_read(c->tp->topic, e.records, out_len(&fs->scratch));
    work += out_len(&fs->scratch);
    if (out_len(&fs->scratch) > 0) {
        struct frame *frame = take_scratch(&fs->scratch);

        if (fs->in_turn && c->key == NULL)
            share(fs, c, frame, e.to, e.records);
        f->ops->deliver(f, frame);
        frame_unref(frame);
    }
    c->offset = e.to;
    if (e.err != ERR_OK && e.bad_to > c->offset)
        lose(c, e.bad_to, ERR_CORRUPT);
    return work;
}

static void wait_or_queue(struct follow_cursor *c)
{
    if (is_due(&c->reader))
        list_push_back(&follows_of(c)->history, &c->queue);
    else
        topic_reader_wait(&c->reader, c->tp);
}

/* Makes of the read what it was for; the cursor may be gone then. Returns how much work it was. */
static size_t take_read(struct follow_cursor *c)
{
    size_t work = FOLLOW_SERVE_BYTES;
    struct follow *fw = c->follow;
    enum err err = c->read.err;

    switch (err) {
    case ERR_OK:
        work += deliver(c);
        break;
    case ERR_RANGE: /* retention; at or behind the end there is nothing to do but wait */
        if (c->tp->log != NULL && c->offset < partition_log_start(c->tp->log))
            lose(c, partition_log_start(c->tp->log), ERR_RANGE);
        break;
    case ERR_CORRUPT:
        lose(c, c->read.corrupt_to, ERR_CORRUPT);
        break;
    default:
        end_read(c);
        follow_cursor_end(c, err);
        follow_end_if_over(fw);
        return work;
    }
    end_read(c);
    wait_or_queue(c);
    return work;
}

static void on_read(struct partition_read *read)
{
    struct follow_cursor *c = read->ctx;

    worker_is_done(c);
    take_read(c);
}

/* --- the turn ---------------------------------------------------------------------------------- */

/* The cursor is in no line. Returns how much work it was. */
static size_t serve(struct follow_cursor *c)
{
    struct follower *f = c->follow->follower;

    if (f->reading || !f->ops->wants(f)) {
        f->follows->stats.stalls++;
        list_push_back(&f->stalled, &c->queue);
        return FOLLOW_SERVE_BYTES;
    }
    if (!is_due(&c->reader) || serve_shared(c)) {
        wait_or_queue(c);
        return FOLLOW_SERVE_BYTES;
    }
    c->read = (struct partition_read){
        .offset = c->offset, .bytes_max = FOLLOW_READ_BYTES, .done = on_read, .ctx = c};
    c->reading = true;
    f->follows->stats.reads++;
    if (partition_read(c->tp->log, &c->read) == ERR_AGAIN) {
        f->reading = true;
        f->follows->reads++;
        return FOLLOW_SERVE_BYTES;
    }
    return take_read(c);
}

/* Serves those that are in the line now, each once, within the budget; the others come first in the next
 * turn. */
static void serve_line(struct follows *fs, struct list *line)
{
    size_t work = 0;
    struct list now;

    list_init(&now);
    list_splice_back(&now, line);
    while (!list_empty(&now) && work < FOLLOW_TURN_BYTES && fs->reads < FOLLOW_READS_MAX) {
        struct follow_cursor *c = cursor_at(now.next);

        list_remove(&c->queue);
        work += serve(c);
    }
    list_splice_back(&now, line);
    list_splice_back(line, &now);
}

void follows_turn(struct follows *fs)
{
    fs->in_turn = true;
    serve_line(fs, &fs->live);
    serve_line(fs, &fs->history);
    fs->in_turn = false;
    for (size_t i = 0; i < FOLLOW_SHARED_COUNT; i++)
        shared_drop(&fs->shared[i]);
}

bool follows_pending(const struct follows *fs)
{
    return fs->reads < FOLLOW_READS_MAX && (!list_empty(&fs->live) || !list_empty(&fs->history));
}
