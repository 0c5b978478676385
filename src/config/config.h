/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's directives: their values, defaults and limits. Names follow Redis where Redis has the
 * same thing, Kafka's server properties (with dashes) where Kafka has it. */
#ifndef ECHOLOG_CONFIG_CONFIG_H
#define ECHOLOG_CONFIG_CONFIG_H

#include "config/directive.h"

#define CONFIG_PORT_DEFAULT 3246
#define CONFIG_PORT_ANY (-1) /* "any": the system chooses one */
#define CONFIG_BIND_MAX 16
#define CONFIG_PIDFILE_DEFAULT "/var/run/echolog.pid"
#define CONFIG_TEXT_BYTES_MAX 512    /* dir, logfile, requirepass */
#define CONFIG_PARTITIONS_MAX 100000 /* of one server */
#define CONFIG_DISK_THREADS_MAX 16   /* of one kind */
/* Leaves room to add a time of the clock and to count in microseconds. */
#define CONFIG_MS_MAX (INT64_MAX / 1000000)

enum config_channels { CONFIG_CHANNELS_NONE, CONFIG_CHANNELS_ALL };
enum config_ack { CONFIG_ACK_NONE, CONFIG_ACK_WRITTEN, CONFIG_ACK_SYNCED };

enum config_supervised { CONFIG_SUPERVISED_NO, CONFIG_SUPERVISED_SYSTEMD, CONFIG_SUPERVISED_AUTO };

/* As Redis's client-output-buffer-limit. 0 means no limit. */
struct config_output_limit {
    int64_t hard_bytes;
    int64_t soft_bytes;
    int64_t soft_seconds;
};
enum config_client_class { CONFIG_CLASS_NORMAL, CONFIG_CLASS_PUBSUB, CONFIG_CLASS_COUNT };

/* Who may use a command that is dangerous in itself. */
enum config_allow { CONFIG_ALLOW_NO, CONFIG_ALLOW_LOCAL, CONFIG_ALLOW_YES };

struct config {
    /* network */
    /* 1 to CONFIG_BIND_MAX addresses with single spaces between. "*" is all IPv4, "::*" all IPv6; "-"
     * before one: no error if it is not there. */
    char *bind;
    int64_t port;     /* 0 is none, as long as there is another way in; or CONFIG_PORT_ANY */
    char *unixsocket; /* "" is none */
    int64_t unixsocketperm;
    int64_t tcp_backlog;
    int64_t tcp_keepalive_s;
    int64_t timeout_s; /* idle clients; 0: never */
    int64_t maxclients;
    bool protected_mode;
    /* metrics */
    char *metrics_bind;         /* as bind */
    int64_t metrics_port;       /* 0 is none; or CONFIG_PORT_ANY */
    int64_t metrics_topics_max; /* with series of their own */
    int64_t metrics_groups_max;
    /* access */
    char *requirepass;      /* "" is none */
    char *aclfile;          /* where users are kept; "" is nowhere */
    char *users;            /* what stands behind "user", a line each */
    int acl_pubsub_default; /* enum config_channels: what new users may listen to */
    int64_t acllog_max_len;
    /* TLS; "" is not given */
    int64_t tls_port; /* 0 is none; or CONFIG_PORT_ANY */
    char *tls_cert_file;
    char *tls_key_file;
    char *tls_key_file_pass;
    char *tls_ca_cert_file;
    char *tls_ca_cert_dir;
    int tls_auth_clients; /* enum tls_auth_clients */
    char *tls_protocols;
    char *tls_ciphers;
    char *tls_ciphersuites;
    bool tls_prefer_server_ciphers;
    bool tls_session_caching;
    int64_t tls_session_cache_size;
    int64_t tls_session_cache_timeout_s;
    char *tls_dh_params_file;
    /* limits */
    int64_t proto_max_bulk_len;
    int64_t client_query_buffer_limit;
    int64_t maxmemory; /* what percentages are of; 0: nothing is said */
    int64_t
        maxmemory_clients; /* bytes of all clients together; -1 to -100: percent of maxmemory; 0: no limit */
    struct config_output_limit output_limits[CONFIG_CLASS_COUNT];
    char *follow_prefix;        /* of patterns that follow topics; "" is none */
    int64_t client_replies_max; /* replies of one connection that may wait for their commit */
    int64_t pending_bytes_max;  /* appended, not yet written, over all partitions */
    /* general */
    char *dir;
    int loglevel;  /* enum trace_level */
    char *logfile; /* "" is standard output */
    bool syslog_enabled;
    char *syslog_ident;
    int syslog_facility; /* as in <syslog.h> */
    bool crash_log_enabled;
    bool daemonize;
    char *pidfile;  /* "" is none, or CONFIG_PIDFILE_DEFAULT in the background */
    int supervised; /* enum config_supervised */
    /* insight */
    int enable_debug_command;             /* enum config_allow */
    bool latency_tracking;                /* a histogram per command */
    int64_t latency_monitor_threshold_ms; /* 0: events are not noted */
    int64_t slowlog_log_slower_than_us;   /* -1: nothing is */
    int64_t slowlog_max_len;
    char *latency_percentiles; /* shown by INFO latencystats: numbers with single blanks between */
    /* the log */
    int64_t default_partitions;
    bool auto_create_topics;
    int default_ack; /* enum config_ack */
    int64_t log_retention_ms;
    int64_t log_retention_bytes;
    int64_t log_segment_bytes;
    int64_t log_segment_ms;
    int64_t log_flush_ms;
    int64_t log_journal_max_bytes;
    int64_t message_max_bytes;
    int64_t log_retention_check_ms; /* how often retention is applied */
    int64_t offsets_retention_ms;   /* of groups without members */
    int64_t tail_cache_bytes;
    int64_t open_files_max;
    int64_t disk_sync_threads;
    int64_t disk_bulk_threads;
};

extern const struct directive_table config_table;

void config_init(struct config *c); /* the defaults */
void config_deinit(struct config *c);

/* CONFIG SET of several at once: all or nothing. `pairs` holds name, value, name, value …; `parts` is the
 * list of those who must agree (config_part.h), or NULL. ERR_INVALID: nothing changed; `why` is Redis's
 * text behind "ERR " ("CONFIG SET failed (possibly related to argument 'maxclients') - argument must be
 * …", "Unknown option or number of arguments for CONFIG SET - 'x'" with our suggestion). On success
 * `changed`, when not NULL, is called once per directive given, after all have their values. `pair_count`
 * counts pairs. Strings that were not set stay where they are. */
struct list;
MUST_CHECK
enum err config_set(struct config *c, const struct bytes *pairs, size_t pair_count,
                    struct list *parts, void (*changed)(void *ctx, const struct directive *d),
                    void *ctx, struct buf *why);

#endif
