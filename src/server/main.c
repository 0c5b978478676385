/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-server: the machine around the broker. It opens the outside (files, sockets, signals, clock),
 * hands it to the broker, and turns the loop. */
#include "base/mem.h"
#include "disk/posix_disk.h"
#include "net/reactor.h"
#include "net/signals.h"
#include "net/system_clock.h"
#include "server/broker.h"
#include "server/config_files.h"
#include "server/crash.h"
#include "server/daemon.h"
#include "server/file_limit.h"
#include "server/listeners.h"
#include "server/metrics_port.h"
#include "server/notify.h"
#include "server/options.h"
#include "server/pidfile.h"
#include "server/process.h"
#include "server/trace_file.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPENING_LOOK_US 50000 /* between two looks at who asks while the log is being opened */

struct machine {
    struct config config;
    struct trace_syslog syslog;
    struct trace_file trace;
    struct daemon daemon;
    struct notify notify;
    struct crash crash;
    struct system_clock clock;
    struct reactor *reactor;
    struct signals *signals;
    struct disk *disk;
    struct reactor_watch disk_watch;
    struct broker *broker;
    struct listeners listeners;
    struct metrics_port *metrics_port; /* NULL: none */
    int64_t next_look_us;              /* at it, while the log is being opened */
    struct config_part file_limit;
    int64_t log_files_max;
    char *config_file;
    char *pidfile; /* owned; NULL: none was written */
    bool stopping;
};

/* The one variable of the program: handlers of signals are handed nothing. */
static struct machine machine;

/* --- signals at any time ---------------------------------------------------------------------- */

static void on_fatal(int number, siginfo_t *info, void *context)
{
    crash_report(&machine.crash, number, info, context);
}

void check_on_fatal(const char *text)
{
    snprintf(machine.crash.reason, sizeof(machine.crash.reason), "%s", text);
}

/* While the log is opened, and when somebody insists: what was acknowledged is as safe as it is in a
 * crash. */
static void on_hasty_signal(int number)
{
    static const char insists[] = "You insist... exiting now.\n";
    static const char starting[] = "Received a signal to stop while starting: exiting now.\n";
    const char *text = machine.stopping ? insists : starting;
    ssize_t written = write(machine.trace.fd, text, strlen(text));
    (void)written;
    (void)number;
    _exit(machine.stopping ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void prepare_signals(struct machine *m)
{
    struct sigaction action = {.sa_handler = on_hasty_signal};
    signals_ignore();
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    crash_init(&m->crash, m->trace.fd);
    m->crash.syslog = m->trace.syslog;
    crash_handle(&m->crash, m->config.crash_log_enabled ? on_fatal : NULL);
}

/* --- events --------------------------------------------------------------------------------- */

static void reload_listeners(struct machine *m)
{
    struct buf why = {0};
    if (listeners_reload(&m->listeners, &why) != ERR_OK)
        TRACE_WARN(&m->trace.trace, "TLS goes on as it was: %.*s", (int)why.len, why.data);
    buf_deinit(&why);
}

/* SIGHUP: what lies in files outside of the log is opened anew. */
static void reload(struct machine *m)
{
    notify_reloading(&m->notify, m->clock.clock.mono_us);
    reload_listeners(m);
    if (!trace_file_reopen(&m->trace))
        TRACE_WARN(&m->trace.trace,
                   "Cannot reopen the log file '%s': %s. Going on with the old one",
                   m->config.logfile, strerror(errno));
    else if (m->config.logfile[0] != '\0')
        TRACE_NOTE(&m->trace.trace, "Received SIGHUP: the log file is open anew");
    notify_ready(&m->notify, "Ready to accept connections");
}

static void on_signal(void *ctx, int number)
{
    struct machine *m = ctx;
    if (number == SIGHUP) {
        reload(m);
        return;
    }
    TRACE_NOTE(&m->trace.trace, "Received %s scheduling shutdown...",
               number == SIGINT ? "SIGINT" : "SIGTERM");
    broker_stop(m->broker);
}

static void on_configured(void *ctx, const struct directive *d)
{
    struct machine *m = ctx;
    if (strcmp(d->name, "crash-log-enabled") == 0)
        crash_handle(&m->crash, m->config.crash_log_enabled ? on_fatal : NULL);
    if (strcmp(d->name, "tcp-keepalive") == 0)
        listeners_set_keepalive(&m->listeners, (int)m->config.tcp_keepalive_s);
}

static void on_opening(void *ctx, size_t partitions)
{
    struct machine *m = ctx;
    clock_update(&m->clock.clock);
    notify_step(&m->notify, m->clock.clock.mono_us, partitions);
    metrics_port_opening(m->metrics_port, partitions);
    if (m->metrics_port != NULL && m->clock.clock.mono_us >= m->next_look_us) {
        m->next_look_us = m->clock.clock.mono_us + OPENING_LOOK_US;
        reactor_wait(m->reactor, 0); /* nobody else is in it yet */
    }
}

static void on_accepted(void *ctx, struct stream *stream)
{
    struct machine *m = ctx;
    broker_accept(m->broker, stream);
}

static bool on_full(void *ctx, size_t unfinished)
{
    const struct machine *m = ctx;
    return broker_services(m->broker)->sessions->count + unfinished >= (size_t)m->config.maxclients;
}

static void on_moved(void *ctx)
{
    struct machine *m = ctx;
    broker_set_port(m->broker, listeners_port(&m->listeners));
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
    if (m->trace.fd != STDOUT_FILENO)
        fprintf(stderr, "echolog-server: %s: %s\n", what, why);
    return false;
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
        .config_files = &config_files,
        .log_files_max = m->log_files_max,
        .process_figures = process_read_figures,
        .secret_bytes = process_random,
        .process = &process_ops,
        .configured = on_configured,
        .opening = on_opening,
        .ctx = m,
    };
    if (!process_random(&options.seed, sizeof(options.seed)) ||
        !process_random(&options.hash_key, sizeof(options.hash_key)))
        return fail(m, "Cannot start", "the system gives no random bytes");
    enum err err = broker_create(&options, &m->broker);
    if (err == ERR_INVALID && m->trace.fd != STDOUT_FILENO)
        fprintf(stderr, "echolog-server: cannot set up the users: '%s' says why\n",
                m->config.logfile);
    else if (err != ERR_OK && m->trace.fd != STDOUT_FILENO)
        fprintf(stderr, "echolog-server: cannot open the log in '%s': %s\n", m->config.dir,
                err_text(err));
    return err == ERR_OK;
}

static bool open_listeners(struct machine *m)
{
    struct listeners_options options = {
        .reactor = m->reactor,
        .config = &m->config,
        .clock = &m->clock.clock,
        .timers = broker_services(m->broker)->timers,
        .trace = &m->trace.trace,
        .accepted = on_accepted,
        .full = on_full,
        .moved = on_moved,
        .ctx = m,
    };
    struct buf why = {0};
    enum err err = listeners_open(&m->listeners, &options, &why);
    buf_append_char(&why, '\0');
    if (err != ERR_OK)
        fail(m, "Cannot start", why.data);
    buf_deinit(&why);
    if (err != ERR_OK)
        return false;
    broker_add_config_part(m->broker, &m->listeners.part);
    broker_set_tls_stats(m->broker, &m->listeners.handshakes.stats);
    on_moved(m);
    return true;
}

static void open_pidfile(struct machine *m)
{
    const char *path = m->config.pidfile;
    if (path[0] == '\0' && m->daemon.ready_fd >= 0)
        path = CONFIG_PIDFILE_DEFAULT;
    if (path[0] == '\0')
        return;
    if (pidfile_write(path))
        m->pidfile = mem_strdup(path);
    else
        TRACE_WARN(&m->trace.trace, "Failed to write PID file '%s': %s", path, strerror(errno));
}

/* Everybody who waits for the server to be there is told. */
static void announce(struct machine *m)
{
    struct buf text = {0};
    buf_append_string(&text, "Ready to accept connections on ");
    listeners_say(&m->listeners, &text);
    buf_append_char(&text, '\0');
    open_pidfile(m);
    listeners_trace(&m->listeners);
    notify_ready(&m->notify, text.data);
    daemon_ready(&m->daemon);
    buf_deinit(&text);
}

static bool open_metrics(struct machine *m)
{
    struct buf why = {0};
    enum err err = metrics_port_open(m->reactor, &m->config, &m->metrics_port, &why);
    buf_append_char(&why, '\0');
    if (err != ERR_OK)
        fail(m, "Cannot start", why.data);
    else if (m->metrics_port != NULL)
        TRACE_NOTE(&m->trace.trace, "Metrics over HTTP on %s",
                   metrics_port_addresses(m->metrics_port));
    buf_deinit(&why);
    return err == ERR_OK;
}

/* Opens all; what was opened is closed by close_machine also after a failure. */
static bool open_machine(struct machine *m)
{
    struct trace *t = &m->trace.trace;
    TRACE_NOTE(t, "Echolog %s, pid %d, data in '%s'", ECHOLOG_VERSION, (int)getpid(),
               m->config.dir);
    m->log_files_max = file_limit_fit(&m->config, t);
    if (reactor_create(&m->reactor) != ERR_OK)
        return fail(m, "Cannot start", "the system gives no epoll descriptor");
    if (!open_metrics(m) || !open_disk(m) || !open_broker(m) || !open_listeners(m))
        return false;
    metrics_port_serve(m->metrics_port, broker_services(m->broker));
    m->crash.broker = m->broker;
    file_limit_part_init(&m->file_limit);
    broker_add_config_part(m->broker, &m->file_limit);
    if (signals_create(m->reactor, on_signal, m, &m->signals) != ERR_OK)
        return fail(m, "Cannot start", "the system gives no signal descriptor");
    m->disk_watch.ready = on_disk;
    if (reactor_watch(m->reactor, &m->disk_watch, posix_disk_fd(m->disk), REACTOR_READ) != ERR_OK)
        return fail(m, "Cannot start", "the disk's descriptor cannot be watched");
    announce(m);
    return true;
}

static bool close_machine(struct machine *m)
{
    enum err err = ERR_OK;
    listeners_close(&m->listeners);
    metrics_port_close(m->metrics_port);
    m->crash.broker = NULL;
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

/* From now on SIGINT ends the process at once. */
static void begin_stop(struct machine *m)
{
    m->stopping = true;
    notify_stopping(&m->notify);
    signals_release(m->signals, SIGINT);
}

static void turn_until_stopped(struct machine *m)
{
    while (!broker_stopped(m->broker)) {
        int64_t wait_us = listeners_pending(&m->listeners) ? 0 : broker_wait_us(m->broker);
        reactor_wait(m->reactor, notify_wait_us(&m->notify, m->clock.clock.mono_us, wait_us));
        listeners_turn(&m->listeners);
        broker_tick(m->broker);
        notify_turn(&m->notify, m->clock.clock.mono_us);
        if (!m->stopping && broker_stopping(m->broker))
            begin_stop(m);
    }
}

/* --- the process ------------------------------------------------------------------------------ */

static bool open_trace(struct machine *m)
{
    const struct config *c = &m->config;
    trace_syslog_init(&m->syslog, TRACE_SYSLOG_PATH, c->syslog_ident, c->syslog_facility);
    if (!trace_file_open(&m->trace, c->logfile, (enum trace_level)c->loglevel,
                         getenv("JOURNAL_STREAM"))) {
        fprintf(stderr, "echolog-server: cannot open the log file '%s': %s\n", c->logfile,
                strerror(errno));
        return false;
    }
    if (c->syslog_enabled)
        m->trace.syslog = &m->syslog;
    return true;
}

static void close_trace(struct machine *m)
{
    trace_file_close(&m->trace);
    trace_syslog_deinit(&m->syslog);
}

static bool is_supervised(const struct config *c)
{
    return c->supervised == CONFIG_SUPERVISED_SYSTEMD ||
           (c->supervised == CONFIG_SUPERVISED_AUTO && getenv("NOTIFY_SOCKET") != NULL);
}

static void open_notify(struct machine *m)
{
    const char *socket = getenv("NOTIFY_SOCKET");
    notify_none(&m->notify);
    if (!is_supervised(&m->config))
        return;
    if (socket == NULL)
        TRACE_WARN(&m->trace.trace,
                   "supervised is systemd, but NOTIFY_SOCKET is not set: nobody is told");
    else if (!notify_open(&m->notify, socket, getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID")))
        TRACE_WARN(&m->trace.trace, "The supervisor's socket '%s' cannot be reached: %s", socket,
                   strerror(errno));
}

/* A life in the process that is to serve. */
static int serve(struct machine *m)
{
    if (!open_trace(m))
        return EXIT_FAILURE;
    system_clock_init(&m->clock);
    prepare_signals(m);
    open_notify(m);
    bool opened = open_machine(m);
    if (opened)
        turn_until_stopped(m);
    bool closed = close_machine(m);
    if (m->pidfile != NULL)
        pidfile_remove(m->pidfile);
    mem_free(m->pidfile);
    if (opened && closed)
        TRACE_NOTE(&m->trace.trace, "Everything is on disk. Bye");
    notify_close(&m->notify);
    close_trace(m);
    return opened && closed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct machine *m = &machine;
    config_init(&m->config);
    daemon_none(&m->daemon);
    enum options_result options = options_read(argc, argv, environ, &m->config, &m->config_file);
    int status = options == OPTIONS_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
    if (options == OPTIONS_RUN) {
        enum daemon_role role = DAEMON_SERVER;
        if (m->config.daemonize && !is_supervised(&m->config))
            role = daemon_detach(&m->daemon, &status);
        if (role == DAEMON_SERVER)
            status = serve(m);
    }
    config_deinit(&m->config);
    mem_free(m->config_file);
    return status;
}
