/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-server: the machine around the broker. It opens the outside (files, sockets, signals, clock),
 * hands it to the broker, and turns the loop. */
#include "base/mem.h"
#include "disk/posix_disk.h"
#include "net/reactor.h"
#include "net/signals.h"
#include "net/system_clock.h"
#include "server/broker.h"
#include "server/listeners.h"
#include "server/options.h"
#include "server/process.h"
#include "server/trace_file.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Descriptors besides those of clients and sealed segments: listeners, epoll, active segments … */
#define FILES_BESIDE 1024

struct machine {
    struct config config;
    struct trace_file trace;
    struct system_clock clock;
    struct reactor *reactor;
    struct signals *signals;
    struct disk *disk;
    struct reactor_watch disk_watch;
    struct broker *broker;
    struct listeners listeners;
    char *config_file;
};

/* --- events --------------------------------------------------------------------------------- */

static void on_signal(void *ctx, int number)
{
    struct machine *m = ctx;
    TRACE_NOTE(&m->trace.trace, "Received %s", number == SIGINT ? "SIGINT" : "SIGTERM");
    broker_stop(m->broker);
}

static void on_accepted(void *ctx, struct stream *stream)
{
    struct machine *m = ctx;
    broker_accept(m->broker, stream);
}

/* Finished jobs are collected by the broker's turn; waking up is all this is for. */
static void on_disk(struct reactor_watch *watch, unsigned events)
{
    (void)watch;
    (void)events;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static bool fail(struct machine *m, const char *what, const char *why)
{
    TRACE_WARN(&m->trace.trace, "%s: %s", what, why);
    if (m->trace.file != stdout)
        fprintf(stderr, "echolog-server: %s: %s\n", what, why);
    return false;
}

static void fit_file_limit(struct machine *m)
{
    struct config *c = &m->config;
    int64_t beside = c->open_files_max + FILES_BESIDE;
    int64_t limit = process_raise_file_limit(c->maxclients + beside);
    /* Half of what there is, at least: without clients the files are of no use. */
    int64_t room = limit - beside > limit / 2 ? limit - beside : limit / 2;
    if (room >= c->maxclients)
        return;
    TRACE_WARN(&m->trace.trace,
               "The system allows %lld open files: maxclients is %lld instead of %lld. "
               "Raise the limit (ulimit -n) to serve more",
               (long long)limit, (long long)room, (long long)c->maxclients);
    c->maxclients = room;
}

static bool open_disk(struct machine *m)
{
    struct posix_disk_options options = {
        .root = m->config.dir,
        .sync_workers = (unsigned)m->config.disk_sync_threads,
        .bulk_workers = (unsigned)m->config.disk_bulk_threads,
    };
    enum err err = posix_disk_create(&options, &m->disk);
    if (err == ERR_OK)
        return true;
    struct buf what = {0};
    buf_printf(&what, "Cannot use the data directory '%s'", m->config.dir);
    buf_append_char(&what, '\0');
    fail(m, what.data,
         err == ERR_NOT_FOUND ? "its parent directory does not exist" : err_text(err));
    buf_deinit(&what);
    return false;
}

static bool open_broker(struct machine *m)
{
    struct broker_options options = {
        .config = &m->config,
        .disk = m->disk,
        .clock = &m->clock.clock,
        .trace = &m->trace.trace,
        .config_file = m->config_file,
        .process_figures = process_read_figures,
    };
    if (!process_random(&options.seed, sizeof(options.seed)) ||
        !process_random(&options.hash_key, sizeof(options.hash_key)))
        return fail(m, "Cannot start", "the system gives no random bytes");
    enum err err = broker_create(&options, &m->broker);
    if (err != ERR_OK && m->trace.file != stdout)
        fprintf(stderr, "echolog-server: cannot open the log in '%s': %s\n", m->config.dir,
                err_text(err));
    return err == ERR_OK;
}

static bool open_listeners(struct machine *m)
{
    struct buf why = {0};
    enum err err = listeners_open(&m->listeners, m->reactor, &m->config, on_accepted, m, &why);
    buf_append_char(&why, '\0');
    if (err != ERR_OK)
        fail(m, "Cannot start", why.data);
    buf_deinit(&why);
    return err == ERR_OK;
}

/* Opens all; what was opened is closed by close_machine also after a failure. */
static bool open_machine(struct machine *m)
{
    struct trace *t = &m->trace.trace;
    TRACE_NOTE(t, "Echolog %s, pid %d, data in '%s'", ECHOLOG_VERSION, (int)getpid(),
               m->config.dir);
    fit_file_limit(m);
    if (reactor_create(&m->reactor) != ERR_OK ||
        signals_create(m->reactor, on_signal, m, &m->signals) != ERR_OK)
        return fail(m, "Cannot start", "the system gives no epoll or signal descriptor");
    if (!open_disk(m) || !open_broker(m) || !open_listeners(m))
        return false;
    m->disk_watch.ready = on_disk;
    if (reactor_watch(m->reactor, &m->disk_watch, posix_disk_fd(m->disk), REACTOR_READ) != ERR_OK)
        return fail(m, "Cannot start", "the disk's descriptor cannot be watched");
    broker_set_port(m->broker, m->listeners.port);
    TRACE_NOTE(t, "Ready to accept connections on %.*s", (int)m->listeners.addresses.len,
               m->listeners.addresses.data);
    return true;
}

static bool close_machine(struct machine *m)
{
    enum err err = ERR_OK;
    listeners_close(&m->listeners);
    if (m->broker != NULL)
        err = broker_destroy(m->broker);
    if (m->disk != NULL) {
        if (m->disk_watch.ready != NULL)
            reactor_unwatch(m->reactor, &m->disk_watch);
        posix_disk_destroy(m->disk);
    }
    if (m->signals != NULL)
        signals_destroy(m->signals);
    if (m->reactor != NULL)
        reactor_destroy(m->reactor);
    if (err != ERR_OK)
        TRACE_WARN(&m->trace.trace, "The log could not be closed cleanly: %s", err_text(err));
    return err == ERR_OK;
}

static void turn_until_stopped(struct machine *m)
{
    while (!broker_stopped(m->broker)) {
        reactor_wait(m->reactor, broker_wait_us(m->broker));
        broker_tick(m->broker);
    }
}

int main(int argc, char **argv)
{
    struct machine m = {0};
    config_init(&m.config);
    enum options_result options = options_read(argc, argv, &m.config, &m.config_file);
    int status = options == OPTIONS_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
    if (options != OPTIONS_RUN)
        goto out_config;
    if (!trace_file_open(&m.trace, m.config.logfile, (enum trace_level)m.config.loglevel)) {
        fprintf(stderr, "echolog-server: cannot open the log file '%s': %s\n", m.config.logfile,
                strerror(errno));
        goto out_config;
    }
    system_clock_init(&m.clock);
    bool opened = open_machine(&m);
    if (opened)
        turn_until_stopped(&m);
    bool closed = close_machine(&m);
    if (opened && closed)
        TRACE_NOTE(&m.trace.trace, "Everything is on disk. Bye");
    status = opened && closed ? EXIT_SUCCESS : EXIT_FAILURE;
    trace_file_close(&m.trace);
out_config:
    config_deinit(&m.config);
    mem_free(m.config_file);
    return status;
}
