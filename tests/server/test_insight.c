/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server tells about itself: the parts that come from the machine it runs on. */
#include "server/harness.h"
#include <stdlib.h>
#include <string.h>

/* The number behind "name:" in INFO. */
static double figure(redisContext *c, const char *section, const char *name)
{
    redisReply *reply = redisCommand(c, "INFO %s", section);
    cr_assert_not_null(reply);
    char *line = strstr(reply->str, name);
    cr_assert_not_null(line, "INFO %s has no %s", section, name);
    double value = strtod(line + strlen(name) + 1, NULL);
    freeReplyObject(reply);
    return value;
}

Test(insight, memory_and_cpu_are_those_of_the_process)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    cr_expect_eq((pid_t)figure(c, "server", "process_id"), s.pid);
    cr_expect_gt(figure(c, "memory", "used_memory_rss"), 1024 * 1024);
    cr_expect_gt(figure(c, "memory", "used_memory"), 100 * 1024);
    cr_expect_geq(figure(c, "memory", "used_memory_peak"),
                  figure(c, "memory", "used_memory_startup"));
    cr_expect_gt(figure(c, "memory", "total_system_memory"),
                 figure(c, "memory", "used_memory_rss"));
    /* First: all of them only grow. How a time is split into its two parts the kernel estimates, for the process and for the
     * thread each by itself; their sums are exact. */
    double main_thread = figure(c, "cpu", "used_cpu_user_main_thread") +
                         figure(c, "cpu", "used_cpu_sys_main_thread");
    cr_expect_geq(figure(c, "cpu", "used_cpu_user") + figure(c, "cpu", "used_cpu_sys"),
                  main_thread);
    EXPECT_LIKE(c, "*executable:/*echolog-server*", "INFO server");
    redisFree(c);
    server_end(&s);
}

Test(insight, commands_take_time_that_is_counted)
{
    struct server s =
        server_start("--enable-debug-command", "yes", "--latency-monitor-threshold", "20", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CLIENT SETNAME sleeper");
    EXPECT(c, "+OK", "DEBUG SLEEP 0.03");
    EXPECT_LIKE(c, "((0, *, *, (\"DEBUG\", \"SLEEP\", \"0.03\"), \"127.0.0.1:*\", \"sleeper\"))",
                "SLOWLOG GET");
    EXPECT_LIKE(c, "((\"command\", *, *, *), (\"tick\", *, *, *))", "LATENCY LATEST");
    EXPECT_LIKE(c, "*command: 1 latency spikes*", "LATENCY DOCTOR");
    cr_expect_geq(figure(c, "commandstats", "cmdstat_debug:calls=1,usec"), 30000);
    EXPECT_LIKE(c, "(\"debug\", (\"calls\", 1, \"histogram_usec\", (*, 1)))",
                "LATENCY HISTOGRAM debug");
    EXPECT(c, "+OK", "CONFIG RESETSTAT");
    EXPECT(c, "()", "LATENCY HISTOGRAM debug");
    redisFree(c);
    server_end(&s);
}

Test(insight, writes_and_syncs_are_timed)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t hello");
    cr_expect_gt(figure(c, "log", "log_syncs"), 0);
    cr_expect_gt(figure(c, "log", "log_write_usec"), 0);
    cr_expect_gt(figure(c, "log", "log_sync_usec"), 0);
    redisFree(c);
    server_end(&s);
}

Test(insight, the_allocator_is_asked)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    bool jemalloc = figure(c, "memory", "allocator_allocated") > 0;
    EXPECT_LIKE(c, jemalloc ? "+OK" : "-ERR *", "MEMORY PURGE");
    EXPECT_LIKE(c, jemalloc ? "*jemalloc statistics*" : "*not supported*", "MEMORY MALLOC-STATS");
    /* The sanitizers' allocator is large from the beginning. */
    EXPECT_LIKE(c, jemalloc ? "*nothing to judge*" : "*memory*", "MEMORY DOCTOR");
    EXPECT_LIKE(c, "(\"peak.allocated\", *)", "MEMORY STATS");
    redisFree(c);
    server_end(&s);
}

Test(insight, monitors_see_what_others_do)
{
    struct server s = server_start(NULL);
    redisContext *monitor = client_open(&s), *c = client_open(&s);
    EXPECT(monitor, "+OK", "MONITOR");
    EXPECT(c, "0", "PUBLISH channel message");
    EXPECT_NEXT_LIKE(monitor, "+*.* [[]0 127.0.0.1:*] \"PUBLISH\" \"channel\" \"message\"");
    redisFree(c);
    redisFree(monitor);
    server_end(&s);
}

Test(insight, debug_is_refused_unless_it_was_allowed_at_the_start)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT_LIKE(c, "-ERR DEBUG command not allowed.*", "DEBUG SLEEP 0");
    EXPECT_LIKE(c, "-ERR CONFIG SET failed*", "CONFIG SET enable-debug-command yes");
    redisFree(c);
    server_end(&s);
}
