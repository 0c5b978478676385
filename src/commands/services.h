/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands work with: the parts of the running server. Filled in by the broker (src/server). */
#ifndef ECHOLOG_COMMANDS_SERVICES_H
#define ECHOLOG_COMMANDS_SERVICES_H

#include "access/access_log.h"
#include "access/users.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/timers.h"
#include "base/trace.h"
#include "config/config.h"
#include "groups/groups.h"
#include "net/tls_handshakes.h"
#include "pubsub/pubsub.h"
#include "session/sessions.h"
#include "storage/storage.h"
#include "topics/catalog.h"
#include "topics/recorder.h"

struct config_files;
struct process_figures;
struct command_table;
struct append_holds;
struct insight;

struct services {
    struct config *config; /* all borrowed */
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    struct random *random;
    struct storage *storage;
    struct catalog *catalog;
    struct groups *groups;
    struct users *users;
    struct access_log *access_log;
    struct pubsub *pubsub;
    struct follows *follows;
    struct recorder *recorder;
    struct sessions *sessions;
    struct command_table *commands;
    struct insight *insight;
    struct append_holds *holds; /* replies that wait for a batch; see append_hold.h */

    char run_id[41];         /* 40 hex digits */
    const char *config_file; /* "" when there is none */
    const struct config_files
        *config_files; /* to read and replace it; NULL: as if there were none */
    int port;
    struct tls_handshakes_stats *tls_stats; /* NULL: nobody counts them */
    int64_t started_us;                     /* monotonic */
    int64_t started_wall_ms;
    uint64_t turns; /* of the loop */
    bool stopping;  /* an orderly end has begun: no more commands */

    /* SHUTDOWN, and SHUTDOWN ABORT (false when none is under way). */
    void (*shutdown)(struct services *sv);
    struct list config_parts; /* who must agree to a CONFIG SET; see config/config_part.h */
    /* A directive was changed at run time: all parts agreed, and its value holds. */
    void (*configured)(struct services *sv, const struct directive *d);
    /* Bytes that nobody can guess; from main. False when the system gives none. NULL: never. */
    bool (*secret_bytes)(void *to, size_t len);
    /* Process figures for INFO; from main, since the core asks the system nothing. Must be called on the
     * reactor's thread. */
    void (*process_figures)(struct services *sv, struct process_figures *figures);
    const struct process_ops *process; /* NULL where there is no system around: a simulation */
};

struct process_figures {
    int64_t pid;
    size_t memory_resident;  /* bytes */
    size_t memory_peak;      /* of the resident */
    size_t memory_allocated; /* by the allocator; 0 when unknown */
    size_t
        memory_active; /* pages with something allocated in them; as all of the allocator's 0 when unknown */
    size_t memory_mapped;               /* pages that the allocator holds */
    size_t memory_system;               /* of the machine */
    const char *allocator;              /* "jemalloc-5.3.0", "libc" */
    char allocator_name[32];            /* where `allocator` may point */
    double cpu_sys, cpu_user;           /* seconds */
    double cpu_sys_main, cpu_user_main; /* the same of the reactor's thread */
    char executable[512];
    char os[200]; /* "Linux 6.1.0 x86_64" */
    int64_t threads;
};

/* What the process uses: allocated, or resident where that is not known. */
static inline size_t process_memory_used(const struct process_figures *f)
{
    return f->memory_allocated > 0 ? f->memory_allocated : f->memory_resident;
}

/* What else is asked of the system, rarely. */
struct process_ops {
    void (*sleep_us)(int64_t us); /* holds up everybody */
    bool (*purge)(void); /* gives memory that is not used back to the system; false: it cannot */
    bool (*malloc_report)(struct buf *text); /* the allocator's own; false: it has none */
    size_t (*memory_allocated)(void);        /* as in the figures, at little cost */
};

#endif
