/* SPDX-License-Identifier: BSD-3-Clause */
/* Directives: on the command line, in a file, through CONFIG. */
#include "server/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

Test(config, a_low_limit_of_open_files_leaves_half_of_them_to_clients)
{
    struct rlimit limit = {.rlim_cur = 600, .rlim_max = 600};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct server s = server_start(NULL);
    cr_assert(server_has_printed(&s, "maxclients is 300 instead of 10000"));
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"maxclients\", \"300\")", "CONFIG GET maxclients");
    redisFree(c);
    server_end(&s);
}

Test(config, get_answers_by_name_and_pattern)
{
    struct server s = server_start("--maxclients", "77", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"maxclients\", \"77\")", "CONFIG GET maxclients");
    EXPECT(c, "(\"maxclients\", \"77\")", "CONFIG GET MAXcli*");
    EXPECT(c, "()", "CONFIG GET nosuch");
    EXPECT_LIKE(c, "(*\"default-ack\", \"synced\"*)", "CONFIG GET default-*");
    EXPECT_LIKE(c, "(*\"dir\", \"/*/data\"*)", "CONFIG GET dir");
    EXPECT(c, "-ERR wrong number of arguments for 'config|get' command", "CONFIG GET");
    redisFree(c);
    server_end(&s);
}

Test(config, set_changes_all_or_nothing)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET maxclients 50 timeout 100");
    EXPECT(c, "(\"maxclients\", \"50\")", "CONFIG GET maxclients");
    EXPECT(c, "(\"timeout\", \"100\")", "CONFIG GET timeout");
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't "
           "be parsed into an integer",
           "CONFIG SET timeout 5 maxclients abc");
    EXPECT(c, "(\"timeout\", \"100\")", "CONFIG GET timeout");
    EXPECT_LIKE(
        c,
        "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must "
        "be between 1 and *",
        "CONFIG SET maxclients 0");
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - duplicate "
           "parameter",
           "CONFIG SET maxclients 10 maxclients 11");
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'dir') - can't set immutable "
           "config",
           "CONFIG SET dir /tmp");
    EXPECT_LIKE(c, "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'*",
                "CONFIG SET nosuch 1");
    EXPECT(c, "(\"maxclients\", \"50\")", "CONFIG GET maxclients");
    redisFree(c);
    server_end(&s);
}

/* Longer ones could not be named in an error. */
Test(config, an_argument_of_two_gigabytes_cannot_be_allowed)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET proto-max-bulk-len 1gb");
    EXPECT_LIKE(c, "-ERR CONFIG SET failed*between 1048576 and 1073741824 inclusive",
                "CONFIG SET proto-max-bulk-len 2gb");
    redisFree(c);
    server_end(&s);
}

Test(config, a_changed_default_is_in_force_at_once)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET default-ack none default-partitions 3");
    EXPECT(c, "(2, -1)", "PRODUCE t v PARTITION 2");
    EXPECT(c, "+OK", "CONFIG SET requirepass sesame");
    redisContext *other = client_open(&s);
    EXPECT(other, "-NOAUTH Authentication required.", "PING");
    EXPECT(other, "+OK", "AUTH sesame");
    redisFree(other);
    redisFree(c);
    server_end(&s);
}

Test(config, resetstat_sets_counters_to_zero)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    for (int i = 0; i < 10; i++)
        EXPECT(c, "+PONG", "PING");
    EXPECT_LIKE(c, "*total_commands_processed:1?\\x0d*", "INFO stats");
    EXPECT(c, "+OK", "CONFIG RESETSTAT");
    EXPECT_LIKE(c, "*total_commands_processed:?\\x0d*", "INFO stats");
    redisFree(c);
    server_end(&s);
}
