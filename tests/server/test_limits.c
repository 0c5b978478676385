/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of a running server: how many clients, how much may wait for each, what becomes of those over it. */
#include "server/harness.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- maxclients ------------------------------------------------------------------------------- */

Test(limits, maxclients_over_what_the_system_allows_is_refused_with_what_it_allows)
{
    struct rlimit limit = {.rlim_cur = 2000, .rlim_max = 2000};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(setuid(65534), 0, "the superuser may raise it again");
    struct server s = server_start("--open-files-max", "64", "--maxclients", "100", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating "
           "system is "
           "not able to handle the specified number of clients, try with 912",
           "CONFIG SET maxclients 100000");
    EXPECT(c, "(\"maxclients\", \"100\")", "CONFIG GET maxclients");
    EXPECT(c, "+OK", "CONFIG SET maxclients 912");
    redisFree(c);
    server_end(&s);
}

Test(limits, maxclients_is_lowered_at_start_where_the_system_allows_less)
{
    struct rlimit limit = {.rlim_cur = 2000, .rlim_max = 2000};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(setuid(65534), 0);
    struct server s = server_start("--open-files-max", "64", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"maxclients\", \"1000\")", "CONFIG GET maxclients");
    cr_assert(server_has_printed(&s, "maxclients is 1000 instead of 10000"));
    redisFree(c);
    server_end(&s);
}

Test(limits, maxclients_set_lower_turns_new_ones_away_and_keeps_those_there)
{
    struct server s = server_start(NULL);
    redisContext *a = client_open(&s), *b = client_open(&s);
    EXPECT(a, "+OK", "CONFIG SET maxclients 1");
    int fd = raw_open(&s);
    raw_expect(fd, "-ERR max number of clients reached\r\n");
    raw_expect_closed(fd);
    close(fd);
    EXPECT(b, "+PONG", "PING");
    EXPECT_LIKE(a, "*rejected_connections:1\\x0d*", "INFO stats");
    EXPECT(a, "+OK", "CONFIG SET maxclients 3");
    redisContext *c = client_open(&s);
    EXPECT(c, "+PONG", "PING");
    redisFree(a);
    redisFree(b);
    redisFree(c);
    server_end(&s);
}

/* --- output ------------------------------------------------------------------------------------ */

#define MESSAGE_BYTES 100000

/* Publishes until nobody hears it any more. */
static void publish_until_cut_off(redisContext *c)
{
    char *message = calloc(1, MESSAGE_BYTES);
    for (int i = 0; i < 10000; i++) {
        char *reply = client_ask(c, "PUBLISH news %b", message, (size_t)MESSAGE_BYTES);
        bool heard = strcmp(reply, "1") == 0;
        free(reply);
        if (!heard) {
            free(message);
            return;
        }
    }
    cr_assert_fail("a subscriber that reads nothing was never cut off");
}

Test(limits, a_subscriber_that_reads_nothing_is_cut_off_and_logged)
{
    struct server s = server_start("--client-output-buffer-limit", "pubsub 1mb 0 0", NULL);
    redisContext *c = client_open(&s);
    int slow = raw_open(&s);
    RAW_SEND(slow, "CLIENT SETNAME sloth\r\nSUBSCRIBE news\r\n");
    raw_expect(slow, "+OK\r\n*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    publish_until_cut_off(c);
    EXPECT_LIKE(c,
                "((\"count\", 1, \"reason\", \"output-hard-limit\", *\"dropped-messages\", 1?, "
                "*name=sloth*))",
                "CLIENT LOG");
    EXPECT_LIKE(c, "*client_output_buffer_limit_disconnections:1\\x0d*", "INFO stats");
    cr_assert(server_has_printed(&s, "output-hard-limit"));
    EXPECT(c, "+OK", "CLIENT LOG RESET");
    EXPECT(c, "()", "CLIENT LOG");
    close(slow);
    redisFree(c);
    server_end(&s);
}

Test(limits, of_the_class_replica_are_taken_and_mean_nothing)
{
    struct server s = server_start("--client-output-buffer-limit", "replica 256mb 64mb 60", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET client-output-buffer-limit %s", "slave 1mb 1mb 1");
    EXPECT_LIKE(c, "(\"client-output-buffer-limit\", *)", "CONFIG GET client-output-buffer-limit");
    redisFree(c);
    server_end(&s);
}

/* --- memory of all ----------------------------------------------------------------------------- */

Test(limits, over_the_memory_of_all_clients_the_largest_is_evicted)
{
    struct server s = server_start("--maxmemory-clients", "2mb", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CLIENT NO-EVICT ON");
    int large = raw_open(&s), small = raw_open(&s);
    RAW_SEND(small, "PING\r\n");
    raw_expect(small, "+PONG\r\n");
    RAW_SEND(large, "CLIENT SETNAME hog\r\nMULTI\r\n");
    raw_expect(large, "+OK\r\n+OK\r\n");
    char *argument = calloc(1, 600000);
    static const char head[] = "*2\r\n$4\r\nECHO\r\n$600000\r\n";
    for (int i = 0; i < 4; i++) { /* it may be gone before all of that is sent */
        raw_send_while_open(large, head, sizeof(head) - 1);
        raw_send_while_open(large, argument, 600000);
        raw_send_while_open(large, "\r\n", 2);
    }
    free(argument);
    client_await(c, "*evicted_clients:1\\x0d*", "INFO stats");
    EXPECT_LIKE(c, "((\"count\", 1, \"reason\", \"evicted\", *name=hog*))", "CLIENT LOG");
    RAW_SEND(small, "PING\r\n");
    raw_expect(small, "+PONG\r\n");
    EXPECT(c, "(\"maxmemory-clients\", \"2097152\")", "CONFIG GET maxmemory-clients");
    EXPECT(c, "+OK", "CONFIG SET maxmemory-clients 5%%");
    EXPECT(c, "(\"maxmemory-clients\", \"5%\")", "CONFIG GET maxmemory-clients");
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage "
           "argument must be less or equal to 100",
           "CONFIG SET maxmemory-clients 101%%");
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument "
           "must be "
           "a memory or percent value",
           "CONFIG SET maxmemory-clients x");
    close(large);
    close(small);
    redisFree(c);
    server_end(&s);
}

/* --- killed while something is under way --------------------------------------------------------- */

Test(limits, a_client_killed_while_its_reply_waits_for_a_sync_loses_only_the_reply)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s), *victim = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    char *id = client_ask(victim, "CLIENT ID");
    client_send(victim, "PRODUCE t value ACK SYNCED");
    EXPECT_LIKE(c, "?", "CLIENT KILL ID %s", id);
    /* Executed before it was killed or not at all; in either case the server goes on and nothing is torn. */
    EXPECT_LIKE(c, "(*, *)", "PRODUCE t next ACK SYNCED");
    free(id);
    redisFree(c);
    redisFree(victim);
    server_end(&s);
}
