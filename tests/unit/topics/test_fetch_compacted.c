/* SPDX-License-Identifier: BSD-3-Clause */
/* Fetches from offsets whose records compaction has taken. */
#include "rig.h"

#include "base/mem.h"
#include <criterion/criterion.h>

struct bed {
    struct rig rig;
    struct topic_partition *tp;
    struct fetch fetch;
    struct fetch_part part;
    bool done;
};

/* Records 0 to 5 in batches of two. 1 has been compacted away, and its batch still ends with it. */
static void bed_open(struct bed *b)
{
    static const char *const keys[] = {"a", "b", "b", "c", "b", "c"};
    static const char *const values[] = {"0", "1", "2", "3", "4", "5"};
    const struct partition_config config = {.segment_bytes = 100,
                                            .segment_ms = INT64_MAX,
                                            .retention_ms = -1,
                                            .retention_bytes = -1,
                                            .batch_bytes_max = 1000,
                                            .flush_ms = 1000,
                                            .compact = true};
    memset(b, 0, sizeof(*b));
    rig_open(&b->rig);
    b->tp = topic_partition(rig_topic(&b->rig, "t", 1), 0);
    partition_configure(b->tp->log, &config);
    for (size_t i = 0; i < 6; i += 2) {
        rig_append(b->tp, keys[i], values[i], ACK_NONE);
        rig_append(b->tp, keys[i + 1], values[i + 1], ACK_SYNCED);
        while (partition_batch_synced(b->tp->log) <= i / 2)
            rig_turn_and_wait(&b->rig);
    }
    partition_retain(b->tp->log);
    while (storage_stats(b->rig.storage)->compactions == 0)
        rig_turn_and_wait(&b->rig);
    rig_until_idle(&b->rig);
}

static void bed_close(struct bed *b)
{
    fetch_end(&b->fetch);
    rig_close(&b->rig);
}

static void fetch_done(struct fetch *f)
{
    CONTAINER_OF(f, struct bed, fetch)->done = true;
}

static void start(struct bed *b, int64_t offset, int64_t wait_us)
{
    fetch_end(&b->fetch);
    b->part = (struct fetch_part){.tp = b->tp, .from = FETCH_FROM_OFFSET, .value = offset};
    b->fetch = (struct fetch){.parts = &b->part,
                              .part_count = 1,
                              .count_max = FETCH_COUNT_DEFAULT,
                              .bytes_max = FETCH_BYTES_DEFAULT,
                              .wait_us = wait_us,
                              .timers = &b->rig.timers,
                              .clock = &b->rig.clock,
                              .done = fetch_done};
    b->done = fetch_start(&b->fetch) == ERR_OK;
}

/* The first record that comes; "" none. */
static void assert_first(struct bed *b, int64_t offset, int64_t wait_us, const char *expected)
{
    start(b, offset, wait_us);
    if (!b->done)
        rig_until(&b->rig, &b->done);
    char *values = rig_values(&b->part);
    values[strcspn(values, " ")] = '\0';
    cr_assert_str_eq(values, expected, "from offset %d: '%s'", (int)offset, values);
    mem_free(values);
}

Test(fetch_compacted, reads_on_behind_a_batch_that_has_lost_its_last_records)
{
    static const char *const first[] = {"0", "2", "2", "3", "4", "5", ""};
    struct bed b;

    bed_open(&b);
    for (int cold = 0; cold < 2; cold++) {
        rig_fault(&b.rig, cold ? RIG_COLD : RIG_NO_FAULT);
        for (int64_t offset = 0; offset <= 6; offset++)
            assert_first(&b, offset, 0, first[offset]);
    }
    bed_close(&b);
}

Test(fetch_compacted, does_not_wait_while_records_follow)
{
    struct bed b;

    bed_open(&b);
    assert_first(&b, 1, -1, "2");
    start(&b, 6, -1);
    cr_assert_not(b.done);
    bed_close(&b);
}
