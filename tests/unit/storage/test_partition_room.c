/* SPDX-License-Identifier: BSD-3-Clause */
/* Many partitions that are written to, and few files that may be open. */
#include "bench.h"
#include "storage/partition_internal.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define PARTITIONS 20
#define FILES_MAX (4 * FILES_PER_WRITABLE_SEGMENT)

static void nothing(struct partition *p, void *ctx, uint64_t batch)
{
    (void)p, (void)ctx, (void)batch;
}

static void refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    unsigned *refusals = ctx;
    (void)p, (void)first, (void)last, (void)why;
    ++*refusals;
}

static const struct partition_events events = {
    .written = nothing, .synced = nothing, .refused = refused};

struct crowd {
    struct bench b;
    struct partition *partitions[PARTITIONS];
    unsigned refusals;
};

/* All are there and have nothing open; then the bound is drawn. */
static void crowd_open(struct crowd *c)
{
    char name[32];
    *c = (struct crowd){0};
    bench_init(&c->b);
    c->b.config.flush_ms = 3600 * 1000; /* nothing is synced by itself */
    for (size_t i = 0; i < PARTITIONS; i++) {
        snprintf(name, sizeof(name), "many-%zu", i);
        c->partitions[i] = partition_create(c->b.st, name, &c->b.config, &events, &c->refusals);
    }
    bench_settle(&c->b);
    files_close_idle(&c->b.st->files);
    c->b.st->options.files_written_max = FILES_MAX;
}

static void crowd_close(struct crowd *c)
{
    for (size_t i = 0; i < PARTITIONS; i++)
        if (c->partitions[i] != NULL)
            cr_assert_eq(partition_close(c->partitions[i]), ERR_OK);
    bench_deinit(&c->b);
}

static void append(struct crowd *c, size_t i)
{
    struct record record = {.value = BYTES_LITERAL("x"), .timestamp_ms = c->b.clock.wall_ms};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(c->partitions[i], &record, 1, &offset, &batch), ERR_OK);
    partition_commit(c->partitions[i]);
}

Test(room, those_beyond_the_bound_are_written_when_others_are_synced)
{
    struct crowd c;
    crowd_open(&c);
    for (size_t i = 0; i < PARTITIONS; i++)
        append(&c, i);
    while (fake_disk_waiting(c.b.disk) > 0) {
        disk_reap(&c.b.disk->disk);
        cr_assert_leq(c.b.st->stats.open_files, FILES_MAX);
    }
    for (size_t i = 0; i < PARTITIONS; i++)
        cr_assert_eq(c.partitions[i]->next_offset, 1, "partition %zu", i);
    cr_assert_eq(c.refusals, 0);
    crowd_close(&c);
}

Test(room, the_bound_holds_while_all_are_written_to_again_and_again)
{
    struct crowd c;
    crowd_open(&c);
    for (size_t round = 0; round < 5; round++)
        for (size_t i = 0; i < PARTITIONS; i++) {
            append(&c, i);
            if (i % 3 == 0)
                disk_reap(&c.b.disk->disk);
            cr_assert_leq(c.b.st->stats.open_files, FILES_MAX);
        }
    bench_settle(&c.b);
    for (size_t i = 0; i < PARTITIONS; i++)
        cr_assert_eq(c.partitions[i]->next_offset, 5, "partition %zu", i);
    cr_assert_eq(c.refusals, 0);
    crowd_close(&c);
}

Test(room, one_that_waits_is_written_when_it_is_closed)
{
    struct crowd c;
    crowd_open(&c);
    c.b.disk->hold = true; /* nobody gets on */
    for (size_t i = 0; i < PARTITIONS; i++)
        append(&c, i);
    struct partition *last = c.partitions[PARTITIONS - 1];
    cr_assert_not(list_empty(&last->room_link));
    c.b.disk->hold = false;
    cr_assert_eq(partition_close(last), ERR_OK);
    struct partition_recovery recovery;
    cr_assert_eq(partition_open(c.b.st, "many-19", &c.b.config, &events, &c.refusals, &recovery,
                                &c.partitions[PARTITIONS - 1]),
                 ERR_OK);
    cr_assert_eq(c.partitions[PARTITIONS - 1]->next_offset, 1);
    crowd_close(&c);
}

Test(room, those_who_wait_go_on_when_the_others_are_deleted)
{
    struct crowd c;
    crowd_open(&c);
    for (size_t i = 0; i < 4; i++)
        append(&c, i);
    while (fake_disk_run_one(c.b.disk) || !list_empty(&c.b.disk->finished))
        disk_reap(&c.b.disk->disk);
    c.b.disk->hold = true;
    append(&c, 4);
    cr_assert_not(list_empty(&c.partitions[4]->room_link));
    for (size_t i = 0; i < 4; i++) {
        partition_delete(c.partitions[i]);
        c.partitions[i] = NULL;
    }
    c.b.disk->hold = false;
    bench_settle(&c.b);
    cr_assert_eq(c.partitions[4]->next_offset, 1);
    cr_assert_eq(c.refusals, 4); /* of those that are gone */
    crowd_close(&c);
}

Test(room, with_nobody_to_wait_for_files_are_opened_beyond_the_bound)
{
    struct crowd c;
    crowd_open(&c);
    c.b.st->options.files_written_max = 1;
    append(&c, 0);
    bench_settle(&c.b);
    cr_assert_eq(c.partitions[0]->next_offset, 1);
    crowd_close(&c);
}
