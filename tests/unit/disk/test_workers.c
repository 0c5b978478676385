/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs of the POSIX disk and the pool behind them. */
#include "disk/posix_disk.h"
#include "disk/workers.h"
#include "scratch.h"
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define JOBS 100

struct probe {
    struct disk_job job;
    atomic_int *clock; /* ticks with each run */
    sem_t *gate;       /* waited for in run, or NULL */
    int ran_at;        /* what the clock said */
    int runs, dones;
    pthread_t ran_on, done_on;
    struct disk *again; /* submit once more from inside done, or NULL */
};

static void probe_run(struct disk_job *job)
{
    struct probe *p = CONTAINER_OF(job, struct probe, job);
    if (p->gate != NULL)
        sem_wait(p->gate);
    p->ran_at = atomic_fetch_add(p->clock, 1);
    p->ran_on = pthread_self();
    p->runs++;
}

static void probe_done(struct disk_job *job)
{
    struct probe *p = CONTAINER_OF(job, struct probe, job);
    p->done_on = pthread_self();
    p->dones++;
    struct disk *again = p->again;
    p->again = NULL;
    if (again != NULL)
        disk_submit(again, DISK_LANE_BULK, job);
}

static struct probe probe_of(atomic_int *clock, sem_t *gate)
{
    return (struct probe){
        .job = {.run = probe_run, .done = probe_done}, .clock = clock, .gate = gate};
}

Test(workers, every_job_runs_on_a_worker_and_is_done_once_on_the_reaping_thread)
{
    struct scratch s;
    scratch_open(&s, false);
    atomic_int clock = 0;
    struct probe probes[JOBS];
    for (int i = 0; i < JOBS; i++) {
        probes[i] = probe_of(&clock, NULL);
        disk_submit(s.disk, i % 2 == 0 ? DISK_LANE_SYNC : DISK_LANE_BULK, &probes[i].job);
    }
    scratch_reap(&s, JOBS);
    for (int i = 0; i < JOBS; i++) {
        cr_assert_eq(probes[i].runs, 1);
        cr_assert_eq(probes[i].dones, 1);
        cr_assert_not(pthread_equal(probes[i].ran_on, pthread_self()));
        cr_assert(pthread_equal(probes[i].done_on, pthread_self()));
    }
    cr_assert_eq(disk_reap(s.disk), 0);
    scratch_close(&s);
}

Test(workers, the_jobs_of_a_lane_start_in_order)
{
    struct scratch s;
    scratch_open(&s, true);
    atomic_int clock = 0;
    struct probe probes[JOBS];
    for (int i = 0; i < JOBS; i++) {
        probes[i] = probe_of(&clock, NULL);
        disk_submit(s.disk, DISK_LANE_SYNC, &probes[i].job);
    }
    scratch_reap(&s, JOBS);
    for (int i = 0; i < JOBS; i++)
        cr_assert_eq(probes[i].ran_at, i);
    scratch_close(&s);
}

Test(workers, a_sync_never_waits_behind_bulk_jobs, .timeout = 30)
{
    struct scratch s;
    scratch_open(&s, false);
    atomic_int clock = 0;
    sem_t gate;
    sem_init(&gate, 0, 0);
    struct probe bulk[8];
    for (size_t i = 0; i < COUNT_OF(bulk); i++) {
        bulk[i] = probe_of(&clock, &gate);
        disk_submit(s.disk, DISK_LANE_BULK, &bulk[i].job);
    }
    struct probe sync = probe_of(&clock, NULL);
    disk_submit(s.disk, DISK_LANE_SYNC, &sync.job);
    scratch_reap(&s, 1);
    cr_assert_eq(sync.dones, 1);
    for (size_t i = 0; i < COUNT_OF(bulk); i++)
        sem_post(&gate);
    scratch_reap(&s, COUNT_OF(bulk));
    sem_destroy(&gate);
    scratch_close(&s);
}

/* With reaps in a loop the thread would be on the CPU for as long as the job takes. */
Test(workers, who_waits_for_a_job_sleeps_and_does_not_wait_for_none, .timeout = 30)
{
    struct scratch s;
    scratch_open(&s, false);
    atomic_int clock = 0;
    sem_t gate;
    sem_init(&gate, 0, 0);
    cr_assert_eq(disk_wait(s.disk), 0);
    struct probe slow = probe_of(&clock, &gate), opener = probe_of(&clock, NULL);
    disk_submit(s.disk, DISK_LANE_BULK, &slow.job);
    disk_submit(s.disk, DISK_LANE_SYNC, &opener.job);
    unsigned calls = 0;
    while (opener.dones == 0) {
        cr_assert_gt(disk_wait(s.disk), 0,
                     "it returns when there is something, or nothing to wait for");
        calls++;
    }
    cr_assert_eq(calls, 1);
    sem_post(&gate);
    cr_assert_eq(disk_wait(s.disk), 1);
    cr_assert_eq(slow.dones, 1);
    cr_assert_eq(disk_wait(s.disk), 0);
    sem_destroy(&gate);
    scratch_close(&s);
}

Test(workers, a_lane_runs_as_many_jobs_at_once_as_it_has_workers, .timeout = 30)
{
    struct scratch s;
    scratch_open(&s, false);
    struct posix_disk_options options = {.root = s.root, .sync_workers = 3};
    struct disk *disk;
    CHECK_OK(posix_disk_create(&options, &disk));
    atomic_int clock = 0;
    sem_t gate;
    sem_init(&gate, 0, 0);
    struct probe waiting[2];
    for (size_t i = 0; i < COUNT_OF(waiting); i++) {
        waiting[i] = probe_of(&clock, &gate);
        disk_submit(disk, DISK_LANE_SYNC, &waiting[i].job);
    }
    struct probe third = probe_of(&clock, NULL);
    disk_submit(disk, DISK_LANE_SYNC, &third.job);
    struct pollfd finished = {.fd = posix_disk_fd(disk), .events = POLLIN};
    cr_assert_eq(poll(&finished, 1, -1), 1);
    cr_assert_eq(disk_reap(disk), 1);
    cr_assert_eq(third.dones, 1);
    sem_post(&gate);
    sem_post(&gate);
    posix_disk_destroy(disk);
    cr_assert_eq(waiting[0].dones + waiting[1].dones, 2);
    sem_destroy(&gate);
    scratch_close(&s);
}

Test(workers, a_job_may_be_submitted_again_from_its_own_done)
{
    struct scratch s;
    scratch_open(&s, false);
    atomic_int clock = 0;
    struct probe probe = probe_of(&clock, NULL);
    probe.again = s.disk;
    disk_submit(s.disk, DISK_LANE_SYNC, &probe.job);
    scratch_reap(&s, 2);
    cr_assert_eq(probe.runs, 2);
    cr_assert_eq(probe.dones, 2);
    scratch_close(&s);
}

Test(workers, destroy_finishes_the_jobs_under_way_and_those_they_submit)
{
    struct scratch s;
    scratch_open(&s, true);
    struct posix_disk_options options = {.root = s.root};
    struct disk *disk;
    CHECK_OK(posix_disk_create(&options, &disk));
    atomic_int clock = 0;
    struct probe probes[JOBS];
    for (int i = 0; i < JOBS; i++) {
        probes[i] = probe_of(&clock, NULL);
        probes[i].again = disk;
        disk_submit(disk, DISK_LANE_SYNC, &probes[i].job);
    }
    posix_disk_destroy(disk);
    for (int i = 0; i < JOBS; i++) {
        cr_assert_eq(probes[i].runs, 2);
        cr_assert_eq(probes[i].dones, 2);
        cr_assert(pthread_equal(probes[i].done_on, pthread_self()));
    }
    scratch_close(&s);
}

static void free_done(struct disk_job *job)
{
    free(CONTAINER_OF(job, struct probe, job));
}

Test(workers, done_may_free_the_job)
{
    struct scratch s;
    scratch_open(&s, false);
    atomic_int clock = 0;
    for (int i = 0; i < JOBS; i++) {
        struct probe *probe = malloc(sizeof(*probe));
        *probe = probe_of(&clock, NULL);
        probe->job.done = free_done;
        disk_submit(s.disk, DISK_LANE_BULK, &probe->job);
    }
    scratch_reap(&s, JOBS);
    cr_assert_eq(atomic_load(&clock), JOBS);
    scratch_close(&s);
}

static int readable(const struct scratch *s)
{
    struct pollfd finished = {.fd = posix_disk_fd(s->disk), .events = POLLIN};
    return poll(&finished, 1, 0);
}

Test(workers, the_descriptor_is_readable_exactly_while_finished_jobs_wait)
{
    struct scratch s;
    scratch_open(&s, false);
    cr_assert_eq(readable(&s), 0);
    atomic_int clock = 0;
    struct probe probe = probe_of(&clock, NULL);
    disk_submit(s.disk, DISK_LANE_SYNC, &probe.job);
    struct pollfd finished = {.fd = posix_disk_fd(s.disk), .events = POLLIN};
    cr_assert_eq(poll(&finished, 1, -1), 1);
    cr_assert_eq(readable(&s), 1);
    cr_assert_eq(disk_reap(s.disk), 1);
    cr_assert_eq(readable(&s), 0);
    scratch_close(&s);
}

struct look {
    struct disk_job job;
    char name[16];
    sigset_t blocked;
};

static void look_run(struct disk_job *job)
{
    struct look *look = CONTAINER_OF(job, struct look, job);
    pthread_getname_np(pthread_self(), look->name, sizeof(look->name));
    pthread_sigmask(SIG_BLOCK, NULL, &look->blocked);
}

static void look_done(struct disk_job *job)
{
    (void)job;
}

Test(workers, threads_have_names_and_take_no_signals)
{
    struct scratch s;
    scratch_open(&s, false);
    struct look sync = {.job = {.run = look_run, .done = look_done}};
    struct look bulk = sync;
    disk_submit(s.disk, DISK_LANE_SYNC, &sync.job);
    disk_submit(s.disk, DISK_LANE_BULK, &bulk.job);
    scratch_reap(&s, 2);
    cr_assert_str_eq(sync.name, "echolog-sync");
    cr_assert_str_eq(bulk.name, "echolog-bulk");
    cr_assert(sigismember(&sync.blocked, SIGTERM));
    cr_assert(sigismember(&sync.blocked, SIGINT));
    cr_assert(sigismember(&bulk.blocked, SIGUSR1));
    sigset_t ours;
    pthread_sigmask(SIG_BLOCK, NULL, &ours);
    cr_assert_not(sigismember(&ours, SIGTERM), "ours are as before");
    scratch_close(&s);
}
