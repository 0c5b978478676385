/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulator of the storage library. Runs seeds, each in a process of its own, prints what was tried
 * and which faults were met, and ends with one line: N passed, N failed. */
#include "base/num.h"
#include "sim/sim_log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 64
#define STEPS_DEFAULT 400
#define SECONDS_PER_SEED_MAX 20
#define FAILURES_SHOWN_MAX 60
#define SEEDS_THAT_MEET_ALL 2000 /* so many must */

struct slot {
    pid_t pid; /* 0: free */
    uint64_t seed;
    struct sim_report report;
};

struct program {
    struct sim_options options;
    uint64_t seeds;
    unsigned jobs;
    bool one;           /* replays one seed in this process */
    struct slot *slots; /* shared with the children */
    struct sim_report sum;
    uint64_t passed, failed;
};

/* What a failing child says it with; set before it runs. */
static const struct sim_options *running;
static const struct sim_report *running_report;

static void say_failed(const char *text)
{
    printf("seed %llu, step %llu: %s\n", (unsigned long long)running->seed,
           (unsigned long long)running_report->step, text);
    fflush(stdout);
}

static void run_seed(const struct sim_options *options, struct sim_report *report)
{
    running = options;
    running_report = report;
    model_fail_sink = say_failed;
    sim_log_run(options, report);
}

static void start_seed(struct program *g, struct slot *slot, uint64_t seed)
{
    *slot = (struct slot){.seed = seed};
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(2);
    }
    if (pid == 0) {
        struct sim_options options = g->options;
        options.seed = seed;
        alarm(SECONDS_PER_SEED_MAX);
        run_seed(&options, &slot->report);
        exit(0);
    }
    slot->pid = pid;
}

static void add_report(struct sim_report *sum, const struct sim_report *r)
{
    for (size_t i = 0; i < DEED_COUNT; i++)
        sum->deeds[i] += r->deeds[i];
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++)
        sum->faults[i] += r->faults[i];
}

/* Waits for one child to end. */
static void end_seed(struct program *g)
{
    int status;
    pid_t pid = wait(&status);
    for (unsigned i = 0; i < g->jobs; i++) {
        struct slot *slot = &g->slots[i];
        if (slot->pid != pid)
            continue;
        slot->pid = 0;
        add_report(&g->sum, &slot->report);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            g->passed++;
            return;
        }
        g->failed++;
        if (WIFSIGNALED(status))
            printf("seed %llu, step %llu: ended by signal %d (%s)\n",
                   (unsigned long long)slot->seed, (unsigned long long)slot->report.step,
                   WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
}

static void run_seeds(struct program *g)
{
    uint64_t next = g->options.seed, end = next + g->seeds;
    unsigned running_count = 0;
    while (next < end || running_count > 0) {
        if (next < end && running_count < g->jobs && g->failed < FAILURES_SHOWN_MAX) {
            struct slot *slot = g->slots;
            while (slot->pid != 0)
                slot++;
            start_seed(g, slot, next++);
            running_count++;
            continue;
        }
        if (running_count == 0)
            break; /* too many failed */
        end_seed(g);
        running_count--;
    }
}

static void print_table(const char *title, const char *const *names, const uint64_t *counts,
                        size_t count)
{
    printf("%s\n", title);
    for (size_t i = 0; i < count; i++)
        printf("  %-46s %12llu%s\n", names[i], (unsigned long long)counts[i],
               counts[i] == 0 ? "   never" : "");
}

/* Of what so many seeds must meet, nothing was left out: else the test is not what it was. */
static bool all_met(const struct program *g)
{
    bool all = true;
    if (g->seeds < SEEDS_THAT_MEET_ALL || g->options.steps < STEPS_DEFAULT)
        return true;
    for (size_t i = 0; i < DEED_COUNT; i++) {
        bool may_miss = i == DEED_LOG_GIVEN_UP || /* it takes more than one misfortune */
                        (i == DEED_CHECKPOINT_SPOILED && !g->options.rules.checkpoint_rot);
        if (g->sum.deeds[i] > 0 || may_miss)
            continue;
        printf("never done: %s\n", sim_deed_names[i]);
        all = false;
    }
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++)
        if (g->sum.faults[i] == 0) {
            printf("never met: %s\n", sim_fault_names[i]);
            all = false;
        }
    return all;
}

/* --- options -------------------------------------------------------------------------------- */

struct flag {
    const char *name;
    uint64_t *number; /* or */
    bool *on;
};

static void usage(void)
{
    printf("usage: sim [--seeds N] [--base K] [--steps N] [--jobs N]   N seeds from K on\n"
           "       sim --seed K [--steps N] [--verbose]                one, in this process\n"
           "Promises that are not held against the storage with =off:\n"
           "       --reserved --log-start --checkpoint-rot --forgotten\n"
           "and one that is not held against it without:\n"
           "       --both-slots\n");
}

static bool set_flag(const struct flag *f, const char *value)
{
    if (f->on != NULL) {
        *f->on = value == NULL || strcmp(value, "on") == 0;
        return value == NULL || *f->on || strcmp(value, "off") == 0;
    }
    return value != NULL && num_parse_u64(bytes_of_string(value), f->number);
}

/* `--name value`, `--name=value` or `--name`. False: not understood. */
static bool read_options(int argc, char **argv, const struct flag *flags, size_t count)
{
    for (int i = 1; i < argc; i++) {
        const struct flag *found = NULL;
        const char *equals = strchr(argv[i], '=');
        size_t len = equals == NULL ? strlen(argv[i]) : (size_t)(equals - argv[i]);
        for (size_t j = 0; j < count; j++)
            if (strlen(flags[j].name) == len && strncmp(flags[j].name, argv[i], len) == 0)
                found = &flags[j];
        if (found == NULL)
            return false;
        const char *value = equals == NULL ? NULL : equals + 1;
        if (value == NULL && found->number != NULL)
            value = ++i < argc ? argv[i] : NULL;
        if (!set_flag(found, value))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static const uint64_t none = UINT64_MAX;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t seed = none, jobs = cores < 1 ? 1 : (uint64_t)cores;
    struct program g = {.options = {.seed = 1,
                                    .steps = STEPS_DEFAULT,
                                    .rules = {.reserved = true,
                                              .log_start = true,
                                              .checkpoint_rot = true,
                                              .forgotten = true}},
                        .seeds = 100};
    struct model_rules *rules = &g.options.rules;
    const struct flag flags[] = {
        {"--seeds", &g.seeds, NULL},
        {"--base", &g.options.seed, NULL},
        {"--seed", &seed, NULL},
        {"--steps", &g.options.steps, NULL},
        {"--jobs", &jobs, NULL},
        {"--verbose", NULL, &g.options.verbose},
        {"--reserved", NULL, &rules->reserved},
        {"--log-start", NULL, &rules->log_start},
        {"--checkpoint-rot", NULL, &rules->checkpoint_rot},
        {"--both-slots", NULL, &rules->both_slots},
        {"--forgotten", NULL, &rules->forgotten},
    };
    if (!read_options(argc, argv, flags, COUNT_OF(flags)) || jobs == 0 || jobs > JOBS_MAX) {
        usage();
        return 2;
    }
    if (seed != none) {
        struct sim_report report = {0};
        g.options.seed = seed;
        run_seed(&g.options, &report);
        printf("1 passed, 0 failed\n");
        return 0;
    }
    g.jobs = (unsigned)jobs;
    g.slots = mmap(NULL, sizeof(struct slot) * g.jobs, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (g.slots == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    run_seeds(&g);
    print_table("What was done", sim_deed_names, g.sum.deeds, DEED_COUNT);
    print_table("Faults that were met", sim_fault_names, g.sum.faults, SIM_FAULT_COUNT);
    bool all = all_met(&g);
    printf("%llu passed, %llu failed\n", (unsigned long long)g.passed,
           (unsigned long long)g.failed);
    return g.failed == 0 && all ? 0 : 1;
}
