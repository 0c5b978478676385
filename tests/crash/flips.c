/* SPDX-License-Identifier: BSD-3-Clause */
/* Damage at rest: a server is loaded and stopped, bits are flipped in its files, and it is started again. Each
 * record then comes back right, or is in a range that was reported; nothing wrong is ever returned. */
#include "crash/check.h"
#include "crash/load.h"
#include "crash/process.h"
#include "crash/rounds.h"
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 4096
#define RECORDS 3000
#define LOAD_MS_MAX 10000
#define FLIPS_PER_DATA 20 /* then other data */

struct flips {
    struct process process;
    struct ledger ledger;
    struct load load;
    struct random random;
    char pristine[PROCESS_PATH_MAX + 16];
};

/* The files of a data directory; nftw takes no argument of ours. */
static struct {
    char *path;
    off_t size;
} files[FILES_MAX];
static size_t file_count;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)walk;
    if (type == FTW_F && st->st_size > 0 && file_count < FILES_MAX) {
        files[file_count].path = strdup(path);
        files[file_count++].size = st->st_size;
    }
    return 0;
}

static void flip_bit(struct random *r, const char *path, off_t size)
{
    unsigned char byte = 0;
    off_t at = (off_t)(random_next(r) % (uint64_t)size);
    int fd = open(path, O_RDWR);
    if (fd < 0 || pread(fd, &byte, 1, at) != 1)
        abort();
    byte ^= (unsigned char)(1u << random_below(r, 8));
    if (pwrite(fd, &byte, 1, at) != 1)
        abort();
    close(fd);
    printf("    a bit in byte %lld of %s\n", (long long)at, path);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Some bits of some files; half of the time it is a log. */
static void flip_bits(struct flips *f)
{
    struct random *r = &f->random;
    uint32_t count = random_between(r, 1, 4);
    file_count = 0;
    nftw(f->process.dir, add_file, 16, FTW_PHYS);
    while (count > 0 && file_count > 0) {
        size_t i = random_below(r, (uint32_t)file_count);
        if (random_chance(r, 50) && !ends_with(files[i].path, ".log"))
            continue;
        flip_bit(r, files[i].path, files[i].size);
        count--;
    }
    for (size_t i = 0; i < file_count; i++)
        free(files[i].path);
}

/* --- the data ----------------------------------------------------------------------------------- */

/* Fills a server and stops it; keeps a copy of what is there then. */
static void make_data(struct flips *f)
{
    struct ledger *l = &f->ledger;
    struct process *p = &f->process;
    process_init(p);
    ledger_init(l, random_next(&f->random));
    snprintf(f->pristine, sizeof(f->pristine), "%s/pristine", p->scratch);
    if (!process_start(p)) {
        ledger_fail(l, LEVEL_ALL, "the server does not start");
        return;
    }
    struct load_options options = {
        .seed = random_next(&f->random),
        .port = p->port,
        .level = LEVEL_ALL,
        .records_max = RECORDS,
        .calm = true,
    };
    load_begin(&f->load, l, &options);
    load_run(&f->load, now_ms() + LOAD_MS_MAX, true);
    process_signal(p, SIGTERM);
    load_run(&f->load, now_ms() + LOAD_MS_MAX, false);
    load_end(&f->load);
    process_wait(p);
    if (!process_start(p)) {
        ledger_fail(l, LEVEL_ALL, "the server does not start again");
        return;
    }
    check(l, p, CHECK_STOPPED, &f->random);
    process_signal(p, SIGTERM);
    if (process_wait(p) != 0)
        ledger_fail(l, LEVEL_ALL, "the server does not stop cleanly");
    if (!run("cp -a '%s' '%s'", p->dir, f->pristine))
        ledger_fail(l, LEVEL_ALL, "the data cannot be copied");
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

/* A start may be refused, with a reason: then nothing wrong is returned either. */
static void start_damaged(struct flips *f, struct sums *sums)
{
    struct process *p = &f->process;
    struct ledger *l = &f->ledger;
    if (!process_start(p)) {
        char *text = process_output(p);
        ledger_fail(l, LEVEL_ALL, "the server does not start:\n%s", text);
        free(text);
        return;
    }
    check(l, p, CHECK_DAMAGED, &f->random);
    if (l->damage_count > 0)
        sums->flips_reported++;
    else
        sums->flips_harmless++;
    process_signal(p, SIGTERM);
    int status = process_wait(p);
    if (status != 0 && status != EXIT_FAILURE)
        ledger_fail(l, LEVEL_ALL, "the server ended with status %d", status);
}

void run_flips(uint64_t seed, uint64_t flips, bool keep, struct sums *sums)
{
    struct flips *f = calloc(1, sizeof(*f));
    f->random.state = seed;
    for (uint64_t i = 0; i < flips; i++) {
        if (i % FLIPS_PER_DATA == 0) {
            if (i > 0)
                end_data(f, keep);
            make_data(f);
            for (size_t n = 0; n < LEVEL_COUNT; n++)
                sums->acknowledged[n] += f->ledger.acknowledged[n];
        }
        uint64_t before = ledger_failures(&f->ledger);
        printf("flip %llu:\n", (unsigned long long)i + 1);
        run("rm -rf '%s' && cp -a '%s' '%s'", f->process.dir, f->pristine, f->process.dir);
        flip_bits(f);
        start_damaged(f, sums);
        printf("    %llu records right, %zu ranges reported\n", (unsigned long long)f->ledger.found,
               f->ledger.damage_count);
        uint64_t failures = ledger_failures(&f->ledger) - before;
        sums->flips++;
        sums->lost[LEVEL_ALL] += failures;
        if (failures == 0)
            sums->passed++;
        else
            sums->failed++;
        fflush(stdout);
    }
    if (flips > 0)
        end_data(f, keep);
    free(f);
}
