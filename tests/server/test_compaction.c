/* SPDX-License-Identifier: BSD-3-Clause */
/* cleanup.policy compact, from the outside. */
#include "server/harness.h"

/* Records of keys a and b in turn, and then so many of another key that their files are sealed. */
static void fill(redisContext *c)
{
    EXPECT(c, "+OK",
           "TOPIC CREATE t CONFIG cleanup.policy compact segment.bytes 1024 "
           "min.cleanable.dirty.ratio 0");
    for (int i = 0; i < 20; i++)
        EXPECT_LIKE(c, "(0, *)", "PRODUCE t value-%d KEY %s", i, i % 2 == 0 ? "a" : "b");
    for (int i = 0; i < 30; i++)
        EXPECT_LIKE(c, "(0, *)", "PRODUCE t %s KEY filler",
                    "something long enough to fill the files of this topic soon");
}

Test(compaction, the_last_record_of_each_key_stays_at_its_offset)
{
    struct server s = server_start("--log-retention-check-ms", "20", NULL);
    redisContext *c = client_open(&s);
    fill(c);
    client_await(c, "((18, *value-18*", "FETCH t 0 0 COUNT 1");
    EXPECT_LIKE(c, "((19, *value-19*", "FETCH t 0 19 COUNT 1");
    EXPECT(c, "((0, 0, -1))", "TOPIC OFFSETS t EARLIEST");
    EXPECT(c, "((0, 50, -1))", "TOPIC OFFSETS t LATEST");
    client_await(c, "*log_compactions:?*log_compaction_bytes_before:*", "INFO log");
    redisFree(c);
    server_kill(&s);
    server_again(&s);
    c = client_open(&s);
    EXPECT_LIKE(c, "((18, *value-18*", "FETCH t 0 0 COUNT 1");
    EXPECT_LIKE(c, "*log_corrupt_ranges:0*", "INFO log");
    EXPECT(c, "(0, 50)", "PRODUCE t more KEY a");
    redisFree(c);
    server_end(&s);
}
