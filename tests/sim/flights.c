/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/flights.h"

#include "base/mem.h"

#define FLIGHTS_MAX 8

/* A read or search under way. */
struct flight {
    struct list link;
    struct part *part;
    struct model_moment began;
    bool is_seek;
    union {
        struct partition_read read;
        struct partition_seek seek;
    };
};

static void flight_free(struct flight *f)
{
    f->part->flight_count--;
    list_remove(&f->link);
    if (f->is_seek)
        partition_seek_end(&f->seek);
    else
        partition_read_end(&f->read);
    mem_free(f);
}

static void flight_check(struct flight *f)
{
    struct part *part = f->part;
    struct world *w = part->w;
    int64_t now_ms = part_cutoff_ms(part);
    if (world_gone(w))
        return;
    if (now_ms < f->began.cutoff_ms)
        f->began.cutoff_ms = now_ms;
    f->began.trouble |= world_reads_suffer(w);
    if (f->is_seek) {
        world_tell(w, "%s: search for %lld: %s, %lld", part->dir, (long long)f->seek.timestamp_ms,
                   err_text(f->seek.err), (long long)f->seek.offset);
        model_check_seek(&part->model, &f->began, &f->seek);
        return;
    }
    world_tell(w, "%s: read at %lld: %s, %zu bytes, %lld..%lld", part->dir,
               (long long)f->read.offset, err_text(f->read.err), f->read.batches.len,
               (long long)f->read.corrupt_from, (long long)f->read.corrupt_to);
    if (f->read.err == ERR_CORRUPT)
        world_deed(w, DEED_READ_CORRUPT);
    if (f->read.err == ERR_RANGE)
        world_deed(w, DEED_READ_OUT_OF_RANGE);
    model_check_read(&part->model, &f->began, &f->read);
}

static void read_done(struct partition_read *read)
{
    struct flight *f = CONTAINER_OF(read, struct flight, read);
    flight_check(f);
    flight_free(f);
}

static void seek_done(struct partition_seek *seek)
{
    struct flight *f = CONTAINER_OF(seek, struct flight, seek);
    flight_check(f);
    flight_free(f);
}

static struct flight *flight_new(struct part *part)
{
    struct flight *f = mem_zalloc(1, sizeof(*f));
    f->part = part;
    list_push_back(&part->flights, &f->link);
    part->flight_count++;
    f->began = model_now(&part->model, part_cutoff_ms(part), world_reads_suffer(part->w));
    return f;
}

static void flight_begun(struct flight *f, enum err err)
{
    if (err == ERR_AGAIN) {
        world_deed(f->part->w, DEED_READ_WAITED);
        return;
    }
    ASSERT(err == ERR_OK);
    flight_check(f);
    flight_free(f);
}

static int64_t some_offset(struct world *w, const struct part *part)
{
    int64_t start = partition_log_start(part->p), next = partition_next_offset(part->p);
    switch (world_below(w, 8)) {
    case 0:
        return start;
    case 1:
        return next;
    case 2:
        return next + (int64_t)world_below(w, 3);
    case 3:
        return start - (int64_t)world_below(w, 3) < 0 ? 0 : start - (int64_t)world_below(w, 3);
    case 4: /* near the end */
        return next - start > 20 ? next - 1 - (int64_t)world_below(w, 20) : start;
    default:
        return start + (int64_t)world_below(w, (uint64_t)(next - start) + 1);
    }
}

void flights_read(struct world *w, struct part *part)
{
    if (part->flight_count >= FLIGHTS_MAX)
        return;
    struct flight *f = flight_new(part);
    world_deed(w, DEED_READ);
    f->read.offset = some_offset(w, part);
    if (f->read.offset < 0)
        f->read.offset = 0;
    f->read.bytes_max = (size_t)world_spread(w, 1, 32768);
    f->read.done = read_done;
    flight_begun(f, partition_read(part->p, &f->read));
}

void flights_seek(struct world *w, struct part *part)
{
    if (part->flight_count >= FLIGHTS_MAX)
        return;
    struct flight *f = flight_new(part);
    world_deed(w, DEED_SEEK);
    f->is_seek = true;
    f->seek.timestamp_ms =
        w->clock.wall_ms - world_spread(w, 0, 4000000) + (int64_t)world_below(w, 1000);
    f->seek.done = seek_done;
    flight_begun(f, partition_seek(part->p, &f->seek));
}

void flights_cancel(struct part *part)
{
    LIST_EACH (it, &part->flights) {
        flight_free(CONTAINER_OF(it, struct flight, link));
    }
}

void flights_cancel_one(struct world *w, struct part *part)
{
    if (list_empty(&part->flights))
        return;
    world_deed(w, DEED_READ_CANCELLED);
    flight_free(CONTAINER_OF(part->flights.next, struct flight, link));
}

void flights_suffer(struct part *part)
{
    LIST_EACH (it, &part->flights) {
        CONTAINER_OF(it, struct flight, link)->began.trouble |= world_reads_suffer(part->w);
    }
}
