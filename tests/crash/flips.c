/* SPDX-License-Identifier: BSD-3-Clause */
/* Damage at rest: a server is loaded and stopped, bits are flipped in its files, and it is started again. Each
 * record then comes back right, or is in a range that was reported; nothing wrong is ever returned. */
#include "crash/check.h"
#include "crash/files.h"
#include "crash/load.h"
#include "crash/process.h"
#include "crash/rounds.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROBER (WRITERS_MAX - 1)
#define RECORDS 3000
#define LOAD_MS_MAX 10000
#define FLIPS_PER_DATA 20 /* then other data */

struct flips {
    struct process process;
    struct ledger ledger;
    struct load load;
    struct random random;
    struct topic topics[TOPIC_NAMES]; /* as they were before the flips */
    char pristine[PROCESS_PATH_MAX + 16];
};

static void flip_bit(struct random *r, const struct stored_file *file)
{
    unsigned char byte = 0;
    off_t at = (off_t)(random_next(r) % (uint64_t)file->size);
    int fd = open(file->path, O_RDWR);
    if (fd < 0 || pread(fd, &byte, 1, at) != 1)
        abort();
    byte ^= (unsigned char)(1u << random_below(r, 8));
    if (pwrite(fd, &byte, 1, at) != 1)
        abort();
    close(fd);
    printf("    a bit in byte %lld of %s\n", (long long)at, file->path);
}

/* Some bits of some files; half of the time it is a log. */
static void flip_bits(struct flips *f)
{
    struct random *r = &f->random;
    uint32_t bits = random_between(r, 1, 4), count;
    struct stored_file *files = list_files(f->process.dir, &count);
    while (bits > 0 && count > 0) {
        const struct stored_file *file = &files[random_below(r, count)];
        if (file->size == 0 || (random_chance(r, 50) && !is_log(file)))
            continue;
        flip_bit(r, file);
        bits--;
    }
    free(files);
}

/* --- the data ----------------------------------------------------------------------------------- */

/* Fills the server; ends it. */
static void load_and_end(struct flips *f, int signal)
{
    struct process *p = &f->process;
    struct load_options options = {
        .seed = random_next(&f->random),
        .port = p->port,
        .level = LEVEL_ALL,
        .records_max = RECORDS,
        .calm = true,
    };
    load_begin(&f->load, &f->ledger, &options);
    load_run(&f->load, now_ms() + LOAD_MS_MAX, true);
    process_signal(p, signal);
    load_run(&f->load, now_ms() + LOAD_MS_MAX, false);
    load_end(&f->load);
    process_wait(p);
}

static bool start(struct flips *f)
{
    if (process_start(&f->process))
        return true;
    char *text = process_output(&f->process);
    ledger_fail(&f->ledger, LEVEL_ALL, "the server does not start:\n%s", text);
    free(text);
    return false;
}

/* What a server left behind that was stopped, or killed; keeps a copy of it. */
static void make_data(struct flips *f)
{
    struct process *p = &f->process;
    bool killed = random_chance(&f->random, 50);
    process_init(p);
    ledger_init(&f->ledger, random_next(&f->random));
    snprintf(f->pristine, sizeof(f->pristine), "%s/pristine", p->scratch);
    if (!start(f))
        return;
    load_and_end(f, SIGTERM);
    if (killed && start(f))
        load_and_end(f, SIGKILL);
    if (!run("cp -a '%s' '%s'", p->dir, f->pristine))
        ledger_fail(&f->ledger, LEVEL_ALL, "the data cannot be copied");
    if (start(f)) {
        check(&f->ledger, p, killed ? CHECK_KILLED : CHECK_STOPPED, &f->random);
        process_kill(p);
    }
    printf("data of a server that was %s: %llu records\n", killed ? "killed" : "stopped",
           (unsigned long long)f->ledger.found);
}

static void end_data(struct flips *f, bool keep)
{
    if (keep && ledger_failures(&f->ledger) > 0)
        printf("    kept: %s\n", f->process.scratch);
    else
        process_deinit(&f->process);
    ledger_deinit(&f->ledger);
}

/* --- one ------------------------------------------------------------------------------------------ */

/* Appends a record to each partition: its offset was nobody's before. */
static void append_probes(struct flips *f)
{
    struct ledger *l = &f->ledger;
    redisContext *c = redisConnect("127.0.0.1", f->process.port);
    for (uint32_t i = 0; c != NULL && i < l->topic_count; i++) {
        struct topic *t = &l->topics[i];
        for (int32_t n = 0; is_readable(l, i) && n < t->partitions; n++) {
            struct sent like = {.topic = i, .partition = n, .level = LEVEL_SYNCED};
            int64_t end = t->ends[n];
            uint32_t sequence = ledger_send(l, PROBER, &like, 1);
            item_make(l->seed, PROBER, sequence, &l->item);
            redisReply *r = redisCommand(c, "PRODUCE %s %b PARTITION %d", t->name, l->item.value,
                                         l->item.value_len, n);
            if (r != NULL && r->type == REDIS_REPLY_ARRAY) {
                ledger_acknowledge(l, PROBER, sequence, r->element[0]->integer,
                                   r->element[1]->integer);
                if (r->element[1]->integer < end)
                    ledger_fail(l, LEVEL_ALL, "%s-%d: offset %lld was given out before", t->name, n,
                                r->element[1]->integer);
            } else {
                ledger_fail(l, LEVEL_ALL, "%s-%d takes no records: %s", t->name, n,
                            r != NULL ? r->str : "no reply");
            }
            freeReplyObject(r);
        }
    }
    if (c != NULL)
        redisFree(c);
}

/* The data is put back: what was appended to it is gone. */
static void forget_probes(struct flips *f)
{
    struct ledger *l = &f->ledger;
    for (uint32_t i = 0; i < l->writers[PROBER].count; i++)
        ledger_sent(l, PROBER, i)->flags = SENT_GONE;
    memcpy(l->topics, f->topics, l->topic_count * sizeof(*l->topics));
}

static void end_server(struct flips *f)
{
    bool killed = random_chance(&f->random, 50);
    process_signal(&f->process, killed ? SIGKILL : SIGTERM);
    int status = process_wait(&f->process);
    if (status != (killed ? 128 + SIGKILL : 0))
        ledger_fail(&f->ledger, LEVEL_ALL, "the server ended with status %d", status);
}

static void start_damaged(struct flips *f, struct sums *sums)
{
    struct process *p = &f->process;
    struct ledger *l = &f->ledger;
    if (!start(f))
        return;
    check(l, p, CHECK_DAMAGED, &f->random);
    bool cut = process_printed(p, "cut a torn tail");
    printf("    %llu records right, %zu ranges reported%s\n", (unsigned long long)l->found,
           l->damage_count, cut ? ", a tail cut" : "");
    if (l->damage_count > 0 || cut)
        sums->flips_reported++;
    else
        sums->flips_harmless++;
    append_probes(f);
    end_server(f);
    /* What a start has cut the next one does not know of. */
    if (start(f) && !cut)
        check(l, p, CHECK_DAMAGED, &f->random);
    if (p->pid != 0)
        end_server(f);
}

static void run_flip(struct flips *f, struct sums *sums)
{
    struct ledger *l = &f->ledger;
    uint64_t before = ledger_failures(l);
    run("rm -rf '%s' && cp -a '%s' '%s'", f->process.dir, f->pristine, f->process.dir);
    flip_bits(f);
    if (l->topic_count > TOPIC_NAMES)
        abort();
    memcpy(f->topics, l->topics, l->topic_count * sizeof(*f->topics));
    start_damaged(f, sums);
    forget_probes(f);
    uint64_t failures = ledger_failures(l) - before;
    sums->flips++;
    sums->lost[LEVEL_ALL] += failures;
    if (failures == 0)
        sums->passed++;
    else
        sums->failed++;
}

void run_flips(uint64_t seed, uint64_t flips, bool keep, struct sums *sums)
{
    struct random r = {seed};
    struct flips *f = calloc(1, sizeof(*f));
    for (uint64_t i = 0; i < flips; i += FLIPS_PER_DATA) {
        f->random.state = random_next(&r);
        make_data(f);
        for (size_t n = 0; n < LEVEL_COUNT; n++)
            sums->acknowledged[n] += f->ledger.acknowledged[n];
        bool made = ledger_failures(&f->ledger) == 0;
        sums->failed += !made;
        for (uint64_t n = i; made && n < flips && n < i + FLIPS_PER_DATA; n++) {
            printf("flip %llu:\n", (unsigned long long)n + 1);
            run_flip(f, sums);
            fflush(stdout);
        }
        end_data(f, keep);
    }
    free(f);
}
