/* SPDX-License-Identifier: BSD-3-Clause */
/* Recorded channels against what is promised, from seeds: publishers pipeline and wrap in MULTI while a topic begins
 * and ends recording, jobs of the disk run when they like, and the disk is full now and then.
 *
 *   told a number             the listener, who is always there, heard it; once
 *   told an error             nobody heard it
 *   heard on a recorded channel   it is in the log that always records; in any log it stands in the order heard
 *   of one publisher          heard in the order published, on all channels */
#include "base/num.h"
#include "base/random.h"
#include "broker_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISHERS 3
#define LISTENER 3
#define ADMIN 4
#define READER 5
#define STEPS 400
#define MESSAGES_MAX (STEPS * 6)
#define SEEDS 30
#define CHANNELS 6 /* c0 to c3 are recorded in `all`; `some` records what it is told to */
#define RECORDED_CHANNELS 4

enum verdict { NOT_ANSWERED, ACCEPTED, FAILED };

struct told {
    enum verdict verdict;
    int channel;
    int heard_at;         /* place in what the listener heard, from 1; 0: not heard */
    bool in_all, in_some; /* the logs */
};

struct model {
    struct fixture f;
    struct random random;
    struct told told[PUBLISHERS][MESSAGES_MAX];
    int sent[PUBLISHERS], answered[PUBLISHERS];
    int heard_count;
    int heard_last[PUBLISHERS];   /* number, from 1 */
    int failed_count, late_count; /* messages; turns that left some to later ones */
};

static int below(struct model *m, int bound)
{
    return (int)random_below(&m->random, (uint64_t)bound);
}

/* --- publishing ------------------------------------------------------------------------------- */

static void publish_some(struct model *m, int publisher)
{
    int count = 1 + below(m, 5);
    bool multi = below(m, 4) == 0;
    char line[128];
    if (multi)
        memory_client_send(m->f.clients[publisher], "MULTI\r\n");
    for (int i = 0; i < count; i++) {
        int number = m->sent[publisher]++;
        m->told[publisher][number].channel = below(m, CHANNELS);
        snprintf(line, sizeof(line), "PUBLISH c%d %d.%d.\r\n", m->told[publisher][number].channel,
                 publisher, number);
        memory_client_send(m->f.clients[publisher], line);
    }
    if (multi)
        memory_client_send(m->f.clients[publisher], "EXEC\r\n");
}

/* A number or an error answers a message; all else belongs to MULTI. */
static void take_replies(struct model *m, int publisher)
{
    const char *at = fixture_received(&m->f, publisher);
    for (; *at != '\0'; at = strstr(at, "\r\n") + 2) {
        if (*at != ':' && *at != '-')
            continue;
        struct told *t = &m->told[publisher][m->answered[publisher]++];
        t->verdict = *at == ':' ? ACCEPTED : FAILED;
        m->failed_count += t->verdict == FAILED;
        if (*at == ':')
            cr_assert(strncmp(at, ":1\r\n", 4) == 0, "one listens: %.20s", at);
        else
            cr_assert(strncmp(at, "-NOSPACE ", 9) == 0, "%.80s", at);
    }
}

/* --- hearing ---------------------------------------------------------------------------------- */

static struct told *message_at(struct model *m, const char *text, int *publisher, int *number)
{
    cr_assert_eq(sscanf(text, "%d.%d.", publisher, number), 2, "%.40s", text);
    return &m->told[*publisher][*number];
}

static void listen(struct model *m)
{
    const char *at = fixture_received(&m->f, LISTENER);
    while ((at = strstr(at, "$8\r\npmessage\r\n$1\r\n*\r\n$2\r\nc")) != NULL) {
        int publisher, number;
        at += strlen("$8\r\npmessage\r\n$1\r\n*\r\n$2\r\nc");
        struct told *t = message_at(m, strchr(at, '$') + strcspn(strchr(at, '$'), "\n") + 1,
                                    &publisher, &number);
        cr_assert_eq(t->channel, *at - '0');
        cr_assert_eq(t->heard_at, 0, "%d.%d was heard twice", publisher, number);
        cr_assert_gt(number + 1, m->heard_last[publisher], "%d.%d is out of order", publisher,
                     number);
        m->heard_last[publisher] = number + 1;
        t->heard_at = ++m->heard_count;
    }
}

/* --- the disk and the topics -------------------------------------------------------------------- */

static void configure(struct model *m)
{
    static const char *const channels[] = {"c*", "c0", "\"c1 c5\"", "\"\"", "\"c4 c[0-2]\""};
    char line[128];
    snprintf(line, sizeof(line), "TOPIC CONFIG SET some record.channels %s\r\n",
             channels[below(m, (int)COUNT_OF(channels))]);
    memory_client_send(m->f.clients[ADMIN], line);
    (void)fixture_received(&m->f, ADMIN);
}

static void step(struct model *m)
{
    struct fixture *f = &m->f;
    struct recorder_stats stats;
    for (int p = 0; p < PUBLISHERS; p++)
        if (below(m, 2) == 0)
            publish_some(m, p);
    if (below(m, 20) == 0)
        configure(m);
    if (below(m, 30) == 0)
        f->disk->space_left = 0;
    else if (below(m, 5) == 0)
        f->disk->space_left = FAKE_SPACE_ENDLESS;
    fixture_turn(f);
    recorder_stats(broker_services(f->broker)->recorder, &stats);
    m->late_count += stats.waiting_bytes > 0;
    for (int jobs = below(m, 3); jobs > 0 && fake_disk_run_one(f->disk); jobs--)
        continue;
    listen(m);
    for (int p = 0; p < PUBLISHERS; p++)
        take_replies(m, p);
}

/* --- the logs --------------------------------------------------------------------------------- */

/* Per channel the records stand in the order heard; what was not heard was told an error. */
static void check_partition(struct model *m, const char *topic, int partition)
{
    int last[CHANNELS] = {0}, publisher, number;
    char line[128];
    snprintf(line, sizeof(line), "FETCH %s %d EARLIEST COUNT 10000 MAXBYTES 60000000\r\n", topic,
             partition);
    const char *at = fixture_say(&m->f, READER, line);
    while ((at = strstr(at, "\r\n$2\r\nc")) != NULL) {
        at += strlen("\r\n$2\r\nc");
        const char *value = strchr(at, '$');
        struct told *t = message_at(m, strchr(value, '\n') + 1, &publisher, &number);
        bool *there = strcmp(topic, "all") == 0 ? &t->in_all : &t->in_some;
        cr_assert_not(*there, "%d.%d is there twice", publisher, number);
        *there = true;
        if (t->heard_at == 0) {
            cr_assert_eq(t->verdict, FAILED, "%d.%d was not heard", publisher, number);
            continue;
        }
        cr_assert_gt(t->heard_at, last[t->channel], "%d.%d is out of order", publisher, number);
        last[t->channel] = t->heard_at;
    }
}

static void check_messages(const struct model *m)
{
    for (int p = 0; p < PUBLISHERS; p++) {
        cr_assert_eq(m->answered[p], m->sent[p]);
        for (int i = 0; i < m->sent[p]; i++) {
            const struct told *t = &m->told[p][i];
            cr_assert_eq(t->heard_at > 0, t->verdict == ACCEPTED, "%d.%d", p, i);
            if (t->channel < RECORDED_CHANNELS && t->heard_at > 0)
                cr_assert(t->in_all, "%d.%d was heard and is not in the log", p, i);
            cr_assert(t->channel < RECORDED_CHANNELS || !t->in_all);
        }
    }
}

static void run(uint64_t seed)
{
    struct model *m = calloc(1, sizeof(*m));
    random_seed(&m->random, seed);
    fixture_init(&m->f);
    m->f.config.pending_bytes_max = 1 << (10 + below(m, 12));
    (void)fixture_say(&m->f, ADMIN,
                      "TOPIC CREATE all PARTITIONS 3 CONFIG record.channels c[0-3]\r\n"
                      "TOPIC CREATE some CONFIG ack written\r\n");
    (void)fixture_say(&m->f, LISTENER, "PSUBSCRIBE *\r\n");
    m->f.disk->hold = true;
    for (int i = 0; i < STEPS; i++)
        step(m);
    m->f.disk->hold = false;
    m->f.disk->space_left = FAKE_SPACE_ENDLESS;
    for (int i = 0; i < 3; i++) {
        fixture_settle(&m->f);
        listen(m);
        for (int p = 0; p < PUBLISHERS; p++)
            take_replies(m, p);
    }
    for (int i = 0; i < 3; i++)
        check_partition(m, "all", i);
    check_partition(m, "some", 0);
    check_messages(m);
    (void)fprintf(
        stderr, "recorder_model: ECHOLOG_SEED=%llu: %d heard, %d failed, %d turns with late ones\n",
        (unsigned long long)seed, m->heard_count, m->failed_count, m->late_count);
    cr_assert_gt(m->failed_count, 0);
    cr_assert_gt(m->heard_count, STEPS);
    cr_assert_gt(m->late_count, 0);
    fixture_deinit(&m->f);
    free(m);
}

Test(recorder_model, publishers_subscribers_and_logs_agree)
{
    const char *given = getenv("ECHOLOG_SEED");
    uint64_t seed = 0;
    if (given != NULL && num_parse_u64(bytes_of_string(given), &seed)) {
        run(seed);
        return;
    }
    for (seed = 1; seed <= SEEDS; seed++)
        run(seed);
}
