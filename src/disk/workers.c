/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker pool. A job goes from its lane's queue to one thread, and from there to the list of
 * finished jobs, which the reactor empties. Whoever holds a job owns its link; the two locks are the
 * only ones in the server, and no job or callback runs under either. */
#include "disk/workers.h"

#include "base/mem.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct lane {
    struct workers *workers; /* borrowed: the pool it is part of */
    const char *name;        /* of its threads, at most 15 bytes */
    unsigned threads_max;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    struct list queue; /* of disk_job, in the order of their submission */
    size_t queued;
    unsigned idle; /* threads that wait for a job */
    unsigned started;
    bool stopping;
    pthread_t threads[WORKERS_PER_LANE_MAX];
};

struct workers {
    struct lane lanes[DISK_LANE_COUNT];
    atomic_size_t under_way;        /* submitted and not yet reaped */
    pthread_mutex_t finished_mutex; /* guards `finished` */
    struct list finished;           /* of disk_job */
    int event_fd; /* owned; becomes readable behind the first that is put into `finished` */
    atomic_bool event_due; /* it is, or is about to be */
};

/* --- what threads do -------------------------------------------------------------------------- */

/* The next job of the lane, after waiting for one; NULL when the thread is to end. */
static struct disk_job *lane_take(struct lane *lane)
{
    struct disk_job *job = NULL;
    pthread_mutex_lock(&lane->mutex);
    while (list_empty(&lane->queue) && !lane->stopping) {
        lane->idle++;
        pthread_cond_wait(&lane->wake, &lane->mutex);
        lane->idle--;
    }
    if (!list_empty(&lane->queue)) {
        job = CONTAINER_OF(lane->queue.next, struct disk_job, link);
        list_remove(&job->link);
        lane->queued--;
    }
    pthread_mutex_unlock(&lane->mutex);
    return job;
}

/* The reactor is woken behind the lock: on the same core it would run into that at once. */
static void finish(struct workers *w, struct disk_job *job)
{
    pthread_mutex_lock(&w->finished_mutex);
    bool first = list_empty(&w->finished);
    list_push_back(&w->finished, &job->link);
    pthread_mutex_unlock(&w->finished_mutex);
    if (!first)
        return;
    atomic_store(&w->event_due, true);
    ssize_t wrote = write(w->event_fd, &(uint64_t){1}, sizeof(uint64_t));
    ASSERT(wrote == (ssize_t)sizeof(uint64_t));
}

static void *thread_main(void *arg)
{
    struct lane *lane = arg;
    pthread_setname_np(pthread_self(), lane->name);
    for (struct disk_job *job; (job = lane_take(lane)) != NULL;) {
        job->run(job);
        finish(lane->workers, job);
    }
    return NULL;
}

/* A fault is of the thread that makes it: blocked, it would end the process without a report. */
static void all_but_faults(sigset_t *set)
{
    sigfillset(set);
    sigdelset(set, SIGSEGV);
    sigdelset(set, SIGBUS);
    sigdelset(set, SIGFPE);
    sigdelset(set, SIGILL);
    sigdelset(set, SIGABRT);
}

/* Under the lane's mutex, or before anyone else knows the lane. */
static enum err lane_start_thread(struct lane *lane)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, WORKERS_STACK_BYTES);

    sigset_t others, before; /* a thread starts with the mask of its maker */
    all_but_faults(&others);
    pthread_sigmask(SIG_SETMASK, &others, &before);
    int errnum = pthread_create(&lane->threads[lane->started], &attr, thread_main, lane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    pthread_attr_destroy(&attr);
    if (errnum != 0)
        return ERR_LIMIT;
    lane->started++;
    return ERR_OK;
}

/* --- life ------------------------------------------------------------------------------------- */

static enum err lane_init(struct lane *lane, struct workers *w, const char *name,
                          unsigned threads_max)
{
    ASSERT(threads_max >= 1 && threads_max <= WORKERS_PER_LANE_MAX);
    *lane = (struct lane){.workers = w, .name = name, .threads_max = threads_max};
    pthread_mutex_init(&lane->mutex, NULL);
    pthread_cond_init(&lane->wake, NULL);
    list_init(&lane->queue);
    return lane_start_thread(lane);
}

/* Ends the lane's threads, which finish its queue first. */
static void lane_deinit(struct lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    lane->stopping = true;
    pthread_cond_broadcast(&lane->wake);
    pthread_mutex_unlock(&lane->mutex);
    for (unsigned i = 0; i < lane->started; i++)
        pthread_join(lane->threads[i], NULL);
    ASSERT(list_empty(&lane->queue));
    pthread_cond_destroy(&lane->wake);
    pthread_mutex_destroy(&lane->mutex);
}

enum err workers_create(const unsigned threads_max[DISK_LANE_COUNT], struct workers **workers)
{
    static const char *const names[DISK_LANE_COUNT] = {
        [DISK_LANE_SYNC] = "echolog-sync", [DISK_LANE_BULK] = "echolog-bulk"};
    int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0)
        return err_from_errno(errno);

    struct workers *w = mem_zalloc(1, sizeof(*w));
    w->event_fd = event_fd;
    pthread_mutex_init(&w->finished_mutex, NULL);
    list_init(&w->finished);
    for (int i = 0; i < DISK_LANE_COUNT; i++) {
        enum err err = lane_init(&w->lanes[i], w, names[i], threads_max[i]);
        if (err == ERR_OK)
            continue;
        for (int made = i; made >= 0; made--)
            lane_deinit(&w->lanes[made]);
        pthread_mutex_destroy(&w->finished_mutex);
        close(event_fd);
        mem_free(w);
        return err;
    }
    *workers = w;
    return ERR_OK;
}

void workers_destroy(struct workers *w)
{
    while (atomic_load(&w->under_way) > 0)
        workers_wait(w);
    for (int i = DISK_LANE_COUNT - 1; i >= 0; i--)
        lane_deinit(&w->lanes[i]);
    ASSERT(list_empty(&w->finished));
    pthread_mutex_destroy(&w->finished_mutex);
    close(w->event_fd);
    mem_free(w);
}

/* --- what the reactor does ---------------------------------------------------------------------- */

void workers_submit(struct workers *w, enum disk_lane lane_id, struct disk_job *job)
{
    struct lane *lane = &w->lanes[lane_id];
    atomic_fetch_add(&w->under_way, 1);
    pthread_mutex_lock(&lane->mutex);
    ASSERT(!lane->stopping);
    list_push_back(&lane->queue, &job->link);
    lane->queued++;
    if (lane->queued > lane->idle && lane->started < lane->threads_max) {
        /* Without another thread the job only waits for those that there are. */
        enum err ignored = lane_start_thread(lane);
        (void)ignored;
    }
    pthread_mutex_unlock(&lane->mutex);
    pthread_cond_signal(&lane->wake); /* behind the lock, as in `finish` */
}

/* Comes before the jobs are taken, so that it stays readable for those that are finished in between. */
static void read_event(struct workers *w)
{
    uint64_t count;
    if (!atomic_load(&w->event_due))
        return;
    atomic_store(&w->event_due, false);
    ssize_t took = read(w->event_fd, &count, sizeof(count));
    if (took >= 0)
        return;
    ASSERT(errno == EAGAIN);
    atomic_store(&w->event_due, true); /* about to be written, or read with another: asked again */
}

size_t workers_reap(struct workers *w)
{
    struct list finished;
    list_init(&finished);
    read_event(w);
    pthread_mutex_lock(&w->finished_mutex);
    list_splice_back(&finished, &w->finished);
    pthread_mutex_unlock(&w->finished_mutex);

    size_t count = 0;
    while (!list_empty(&finished)) {
        struct disk_job *job = CONTAINER_OF(finished.next, struct disk_job, link);
        list_remove(&job->link);
        atomic_fetch_sub(&w->under_way, 1);
        job->done(job);
        count++;
    }
    return count;
}

size_t workers_wait(struct workers *w)
{
    size_t count = 0;
    while (count == 0 && atomic_load(&w->under_way) > 0) {
        struct pollfd finished = {.fd = w->event_fd, .events = POLLIN};
        if (poll(&finished, 1, -1) > 0)
            count = workers_reap(w);
    }
    return count;
}

int workers_fd(const struct workers *w)
{
    return w->event_fd;
}
