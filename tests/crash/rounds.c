/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/rounds.h"
#include "crash/check.h"
#include "crash/files.h"
#include "crash/load.h"
#include "crash/process.h"
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define LOAD_MS_MAX 250
#define RECORDS_MAX 8000 /* per round */

/* How a round ends. */
enum ending { KILL, STOP, KILL_WHILE_STOPPING, ENDING_COUNT };
static const char *const ending_names[ENDING_COUNT] = {"kill -9", "stop", "stop, then kill -9"};

/* A data directory from its first start on, over some rounds. */
struct life {
    struct process process;
    struct ledger ledger;
    struct load load;
    uint32_t rounds_left;
};

static void argue(struct life *life, size_t *count, const char *directive, const char *value)
{
    life->process.arguments[(*count)++] = directive;
    life->process.arguments[(*count)++] = value;
}

static void life_begin(struct life *life, struct random *r)
{
    process_init(&life->process);
    size_t count = 0;
    argue(life, &count, "--auto-create-topics", "no");
    if (random_chance(r, 25)) { /* what is read comes from files, or with many files from a few */
        argue(life, &count, "--tail-cache-bytes", "0");
        argue(life, &count, "--open-files-max", "16");
    }
    if (random_chance(r, 50)) /* the journal goes from file to file, or there is none */
        argue(life, &count, "--log-journal-max-bytes", random_chance(r, 70) ? "65536" : "0");
    ledger_init(&life->ledger, random_next(r));
    life->rounds_left = random_between(r, 2, 8);
    if (!process_start(&life->process)) {
        char *text = process_output(&life->process);
        ledger_fail(&life->ledger, LEVEL_ALL, "the server does not start:\n%s", text);
        free(text);
    }
}

static void life_end(struct life *life, bool keep)
{
    if (life->process.pid != 0)
        process_kill(&life->process);
    if (keep && ledger_failures(&life->ledger) > 0)
        printf("    kept: %s\n", life->process.scratch);
    else
        process_deinit(&life->process);
    ledger_deinit(&life->ledger);
}

/* --- one round -------------------------------------------------------------------------------- */

struct round {
    uint64_t number;
    enum level level; /* LEVEL_ALL: mixed */
    enum ending ending;
    double load_ms;
    uint32_t starts_killed;
    bool torn; /* writes end midway: a kill seldom comes there by itself */
};

static struct round draw_round(uint64_t number, struct random *r)
{
    static const double shortest_ms = 2;
    struct round round = {.number = number, .level = LEVEL_ALL};
    uint32_t ending = random_below(r, 100);
    if (random_chance(r, 30))
        round.level = (enum level)random_below(r, LEVEL_COUNT);
    round.ending = ending < 80 ? KILL : ending < 92 ? STOP : KILL_WHILE_STOPPING;
    /* As many short ones as long ones. */
    double scale = (double)random_below(r, 1000) / 1000;
    round.load_ms = shortest_ms * pow(LOAD_MS_MAX / shortest_ms, scale);
    if (round.ending != STOP && random_chance(r, 30))
        round.starts_killed = random_between(r, 1, 3);
    round.torn = round.ending != STOP && random_chance(r, 40);
    return round;
}

/* Ends the server in the middle of its load. True: it says that it stopped cleanly. */
static bool end_server(struct life *life, const struct round *round, struct random *r)
{
    struct process *p = &life->process;
    struct ledger *l = &life->ledger;
    if (round->ending != KILL) {
        process_signal(p, SIGTERM);
        double wait = round->ending == STOP ? PROCESS_DEADLINE_MS : random_below(r, 30);
        load_run(&life->load, now_ms() + wait, false); /* till it closes the connections */
    }
    int status = round->ending == STOP ? process_wait(p) : process_kill(p) ? 128 + SIGKILL : 0;
    load_end(&life->load);
    if (round->ending != STOP)
        return false;
    if (status != 0 || !process_printed(p, "Everything is on disk")) {
        char *text = process_output(p);
        ledger_fail(l, LEVEL_ALL, "the server stopped with status %d:\n%s", status, text);
        free(text);
    }
    return true;
}

/* Starts it again, killed in the middle of that at first. False: it does not. */
static bool restart(struct life *life, const struct round *round, struct random *r)
{
    struct process *p = &life->process;
    for (uint32_t i = 0; i < round->starts_killed; i++) {
        process_spawn(p);
        sleep_ms((double)random_below(r, 12000) / 1e3);
        process_kill(p);
    }
    if (process_start(p))
        return true;
    char *text = process_output(p);
    ledger_fail(&life->ledger, LEVEL_ALL, "the server does not start again:\n%s", text);
    free(text);
    return false;
}

static void run_round(struct life *life, const struct round *round, struct random *r,
                      struct sums *sums)
{
    struct ledger *l = &life->ledger;
    struct load_options options = {
        .seed = random_next(r),
        .port = life->process.port,
        .level = round->level,
        .records_max = RECORDS_MAX,
    };
    if (!load_begin(&life->load, l, &options))
        ledger_fail(l, LEVEL_ALL, "the server does not accept connections");
    if (random_chance(r, 80)) /* else the end may come while the first are being made */
        load_await_topics(&life->load);
    load_run(&life->load, now_ms() + round->load_ms, false);
    bool stopped = end_server(life, round, r);
    sums->journals += has_journal(life->process.dir);
    if (round->torn)
        sums->torn += tear_logs(life->process.dir, r);
    if (restart(life, round, r))
        check(l, &life->process, stopped ? CHECK_STOPPED : CHECK_KILLED, r);
}

/* A verdict per level. */
static void judge_round(const struct ledger *before, const struct ledger *after,
                        const struct round *round, struct sums *sums)
{
    uint64_t of_all = after->failures[LEVEL_ALL] - before->failures[LEVEL_ALL];
    printf("round %llu: %s for %.0f ms, %s, %u starts killed:", (unsigned long long)round->number,
           round->level == LEVEL_ALL ? "all levels" : level_names[round->level], round->load_ms,
           ending_names[round->ending], round->starts_killed);
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        uint64_t acknowledged = after->acknowledged[i] - before->acknowledged[i];
        uint64_t failures = after->failures[i] - before->failures[i];
        sums->acknowledged[i] += acknowledged;
        sums->lost[i] += failures;
        if (round->level != LEVEL_ALL && round->level != i && failures == 0)
            continue;
        printf(" %llu %s", (unsigned long long)acknowledged, level_names[i]);
        if (failures + of_all == 0)
            sums->passed++;
        else
            sums->failed++;
    }
    sums->lost[LEVEL_ALL] += of_all;
    sums->seen += after->seen - before->seen;
    sums->found += after->found;
    sums->kills += round->starts_killed + (round->ending != STOP);
    sums->stops += round->ending == STOP;
    printf("; %llu read back\n", (unsigned long long)after->found);
    fflush(stdout);
}

void run_rounds(uint64_t seed, uint64_t rounds, bool keep, struct sums *sums)
{
    struct random r = {seed};
    struct life *life = calloc(1, sizeof(*life));
    for (uint64_t i = 1; i <= rounds; i++) {
        struct random of_round = {random_next(&r)};
        if (life->rounds_left == 0)
            life_begin(life, &of_round);
        struct ledger before = life->ledger;
        struct round round = draw_round(i, &of_round);
        if (life->process.pid != 0)
            run_round(life, &round, &of_round, sums);
        judge_round(&before, &life->ledger, &round, sums);
        life->rounds_left--;
        if (i == rounds || ledger_failures(&life->ledger) > 0)
            life->rounds_left = 0;
        if (life->rounds_left == 0)
            life_end(life, keep);
    }
    free(life);
}
