/* SPDX-License-Identifier: BSD-3-Clause */
/* Directives: on the command line, in a file, through CONFIG. */
#include "server/harness.h"
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

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

Test(config, topics_that_say_nothing_have_what_the_directives_say)
{
    struct server s =
        server_start("--log-retention-ms", "70001", "--log-retention-bytes", "70002",
                     "--log-segment-bytes", "70003", "--log-segment-ms", "70004", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT_LIKE(c, "*\"70001\"*", "TOPIC CONFIG GET t retention.ms");
    EXPECT_LIKE(c, "*\"70002\"*", "TOPIC CONFIG GET t retention.bytes");
    EXPECT_LIKE(c, "*\"70003\"*", "TOPIC CONFIG GET t segment.bytes");
    EXPECT_LIKE(c, "*\"70004\"*", "TOPIC CONFIG GET t segment.ms");
    EXPECT(c, "+OK", "CONFIG SET log-flush-ms 70005 log-segment-ms 70006");
    EXPECT_LIKE(c, "*\"70005\"*", "TOPIC CONFIG GET t flush.ms");
    EXPECT_LIKE(c, "*\"70006\"*", "TOPIC CONFIG GET t segment.ms");
    redisFree(c);
    server_end(&s);
}

/* The kernel's answer about the listening socket of this port: its backlog stands where a
 * connection's unsent bytes do. */
static unsigned backlog_of(int port)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 ask;
    } request = {
        .head = {.nlmsg_len = sizeof(request),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .ask = {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << 10},
    };
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    cr_assert_geq(fd, 0);
    cr_assert_eq(send(fd, &request, sizeof(request), 0), (ssize_t)sizeof(request));
    for (;;) {
        static _Alignas(struct nlmsghdr) char answer[32768];
        ssize_t got = recv(fd, answer, sizeof(answer), 0);
        cr_assert_gt(got, 0);
        int left = (int)got;
        for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)answer; NLMSG_OK(h, left);
             h = NLMSG_NEXT(h, left)) {
            cr_assert_eq(h->nlmsg_type, SOCK_DIAG_BY_FAMILY, "nobody listens on port %d", port);
            const struct inet_diag_msg *m = NLMSG_DATA(h);
            if (ntohs(m->id.idiag_sport) != port)
                continue;
            close(fd);
            return m->idiag_wqueue;
        }
    }
}

Test(config, a_backlog_is_what_the_kernel_is_told)
{
    struct server s = server_start("--tcp-backlog", "7", NULL);
    cr_assert_eq(backlog_of(s.port), 7);
    server_end(&s);
}

Test(config, percentiles_are_those_that_info_shows)
{
    struct server s = server_start("--latency-tracking-info-percentiles", "12.5 75", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+PONG", "PING");
    EXPECT_LIKE(c, "*latency_percentiles_usec_ping:p12.5=*,p75=*", "INFO latencystats");
    redisFree(c);
    server_end(&s);
}
