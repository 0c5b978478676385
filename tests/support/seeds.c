/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/seeds.h"

#include "base/check.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct slot {
    pid_t pid; /* 0: free */
    uint64_t seed;
    uint64_t *counters; /* shared with the child */
};

static void start_seed(struct seeds *s, struct slot *slot, uint64_t seed)
{
    slot->seed = seed;
    memset(slot->counters, 0, s->counter_count * sizeof(*slot->counters));
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(2);
    }
    if (pid == 0) {
        alarm(s->seconds_max);
        s->run(s->ctx, seed, slot->counters);
        fflush(stdout);
        _exit(0);
    }
    slot->pid = pid;
}

static void end_seed(struct seeds *s, struct slot *slots)
{
    int status;
    pid_t pid = wait(&status);
    for (unsigned i = 0; i < s->jobs; i++) {
        struct slot *slot = &slots[i];
        if (slot->pid != pid)
            continue;
        slot->pid = 0;
        for (size_t j = 0; j < s->counter_count; j++)
            s->sums[j] += slot->counters[j];
        bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        s->passed += good;
        s->failed += !good;
        if (WIFSIGNALED(status))
            printf("seed %llu: ended by signal %d (%s)\n", (unsigned long long)slot->seed,
                   WTERMSIG(status), strsignal(WTERMSIG(status)));
        return;
    }
}

void seeds_run(struct seeds *s)
{
    ASSERT(s->jobs > 0 && s->jobs <= SEEDS_JOBS_MAX);
    size_t each = s->counter_count * sizeof(uint64_t);
    char *shared =
        mmap(NULL, each * s->jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    struct slot slots[SEEDS_JOBS_MAX] = {0};
    for (unsigned i = 0; i < s->jobs; i++)
        slots[i].counters = (uint64_t *)(void *)(shared + i * each);
    uint64_t next = s->first, end = s->first + s->count;
    unsigned running = 0;
    while (running > 0 || (next < end && s->failed < SEEDS_FAILURES_SHOWN_MAX)) {
        if (next < end && running < s->jobs && s->failed < SEEDS_FAILURES_SHOWN_MAX) {
            struct slot *slot = slots;
            while (slot->pid != 0)
                slot++;
            start_seed(s, slot, next++);
            running++;
        } else {
            end_seed(s, slots);
            running--;
        }
    }
    munmap(shared, each * s->jobs);
}

void seeds_print(const char *title, const char *const *names, const uint64_t *counts, size_t count)
{
    printf("%s\n", title);
    for (size_t i = 0; i < count; i++)
        printf("  %-46s %12llu%s\n", names[i], (unsigned long long)counts[i],
               counts[i] == 0 ? "   never" : "");
}
