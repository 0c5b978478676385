/* SPDX-License-Identifier: BSD-3-Clause */
/* Kills the real server in the middle of real work, and reads everything back. The last line is
 * N passed, N failed. What a seed fixes is what is sent and when the server is ended; what the
 * server does with it meanwhile is up to the machine. */
#include "crash/compaction.h"
#include "crash/limits.h"
#include "crash/rounds.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOT_GIVEN UINT64_MAX
#define ROUNDS_USUAL 100
#define FLIPS_USUAL 40
#define COMPACTIONS_USUAL 30

struct options {
    uint64_t seed, rounds, flips, compactions;
    bool limits;
    bool keep;
};

static int usage(void)
{
    printf(
        "usage: crash [--rounds N] [--flips N] [--compactions N] [--limits] [--seed K] [--keep]\n"
        "Rounds of load, kill -9, restart and check, of a topic that is compacted and trimmed too; "
        "flips of\n"
        "bits in stopped data; limits of the system. Without any of these it does some of all.\n"
        "--keep leaves the data of a failed round where it is.\n");
    return 2;
}

static bool set_number(const char *text, uint64_t *number)
{
    char *end = NULL;
    *number = text != NULL ? strtoull(text, &end, 10) : 0;
    return text != NULL && *text != '\0' && *end == '\0';
}

/* `--name`, `--name value` or `--name=value`. False: not understood. */
static bool read_options(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name;
        uint64_t *number; /* or */
        bool *flag;
    } options[] = {
        {"--rounds", &o->rounds, NULL}, {"--flips", &o->flips, NULL},
        {"--seed", &o->seed, NULL},     {"--compactions", &o->compactions, NULL},
        {"--limits", NULL, &o->limits}, {"--keep", NULL, &o->keep},
    };
    for (int i = 1; i < argc; i++) {
        size_t len = strcspn(argv[i], "="), at = 0, count = sizeof(options) / sizeof(*options);
        while (at < count &&
               (strlen(options[at].name) != len || strncmp(options[at].name, argv[i], len) != 0))
            at++;
        if (at == count)
            return false;
        if (options[at].flag != NULL) {
            *options[at].flag = true;
            continue;
        }
        const char *value = argv[i][len] == '=' ? argv[i] + len + 1 : argv[++i];
        if (!set_number(value, options[at].number))
            return false;
    }
    return true;
}

static void print_sums(const struct sums *s)
{
    printf("tried: %llu kills, %llu of them with a journal, %llu torn writes, %llu stops, "
           "%llu bit flips\n",
           (unsigned long long)s->kills, (unsigned long long)s->journals,
           (unsigned long long)s->torn, (unsigned long long)s->stops, (unsigned long long)s->flips);
    for (size_t i = 0; i < LEVEL_COUNT; i++)
        printf("acknowledged at %s: %llu, wrong or lost: %llu\n", level_names[i],
               (unsigned long long)s->acknowledged[i], (unsigned long long)s->lost[i]);
    printf("other failures: %llu\n", (unsigned long long)s->lost[LEVEL_ALL]);
    printf("records seen by readers under load: %llu, read back after restarts: %llu\n",
           (unsigned long long)s->seen, (unsigned long long)s->found);
    if (s->flips > 0)
        printf("bit flips: %llu reported, %llu without effect on records\n",
               (unsigned long long)s->flips_reported, (unsigned long long)s->flips_harmless);
}

int main(int argc, char **argv)
{
    struct options o = {.seed = (uint64_t)time(NULL),
                        .rounds = NOT_GIVEN,
                        .flips = NOT_GIVEN,
                        .compactions = NOT_GIVEN};
    struct sums sums = {0};
    if (!read_options(argc, argv, &o))
        return usage();
    bool usual =
        o.rounds == NOT_GIVEN && o.flips == NOT_GIVEN && o.compactions == NOT_GIVEN && !o.limits;
    if (o.rounds == NOT_GIVEN)
        o.rounds = usual ? ROUNDS_USUAL : 0;
    if (o.flips == NOT_GIVEN)
        o.flips = usual ? FLIPS_USUAL : 0;
    if (o.compactions == NOT_GIVEN)
        o.compactions = usual ? COMPACTIONS_USUAL : 0;
    signal(SIGPIPE, SIG_IGN); /* the server dies while it is written to */
    printf("seed %llu\n", (unsigned long long)o.seed);
    run_rounds(o.seed, o.rounds, o.keep, &sums);
    run_compactions(o.seed, o.compactions, o.keep, &sums);
    run_flips(o.seed, o.flips, o.keep, &sums);
    if (usual || o.limits)
        run_limits(&sums);
    print_sums(&sums);
    printf("%llu passed, %llu failed", (unsigned long long)sums.passed,
           (unsigned long long)sums.failed);
    if (sums.skipped > 0)
        printf(", %llu skipped", (unsigned long long)sums.skipped);
    printf("\n");
    return sums.failed == 0 ? 0 : 1;
}
