/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of the server's directives. conf/echolog.conf says the same for people: a test compares
 * the two. */
#include "config/config.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/trace.h"
#include "base/words.h"
#include "config/value_text.h"
#include "net/tls.h"
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <syslog.h>

#define KB (INT64_C(1) << 10)
#define MB (INT64_C(1) << 20)
#define GB (INT64_C(1) << 30)
#define PORT_MAX 65535
#define PERM_MAX 0777

/* Takes the next blank-separated word off the front of `text`; false when there is none. */
static bool next_word(struct bytes *text, struct bytes *word)
{
    size_t start = 0, end;

    while (start < text->len && word_is_blank(text->data[start]))
        start++;
    for (end = start; end < text->len && !word_is_blank(text->data[end]);)
        end++;
    if (start == end)
        return false;
    *word = bytes_of(text->data + start, end - start);
    *text = bytes_of(text->data + end, text->len - end);
    return true;
}

/* --- bind ----------------------------------------------------------------------------------- */

static enum err bind_parse(void *target, struct bytes text, struct buf *why)
{
    char **bind = target;
    struct buf joined = {0};
    struct bytes word;
    size_t count = 0;

    while (next_word(&text, &word)) {
        if (count++ > 0)
            buf_append_char(&joined, ' ');
        buf_append_bytes(&joined, word);
    }
    if (count == 0)
        buf_append_string(why, "argument must name at least one address");
    else if (count > CONFIG_BIND_MAX)
        buf_append_string(why, "Too many bind addresses specified.");
    else if (memchr(joined.data, '\0', joined.len) != NULL)
        buf_append_string(why, "argument must not contain a zero byte");
    else {
        mem_free(*bind);
        *bind = mem_strndup(joined.data, joined.len);
        buf_deinit(&joined);
        return ERR_OK;
    }
    buf_deinit(&joined);
    return ERR_INVALID;
}

static void text_format(const void *source, struct buf *text)
{
    buf_append_string(text, *(char *const *)source);
}

static void text_release(void *target)
{
    char **text = target;

    mem_free(*text);
    *text = NULL;
}

/* --- port, tls-port ---------------------------------------------------------------------------- */

static enum err port_parse(void *target, struct bytes text, struct buf *why)
{
    int64_t port;

    if (bytes_is(text, "any")) {
        port = CONFIG_PORT_ANY;
    } else if (!num_parse_i64(text, &port)) {
        buf_append_string(why, "argument couldn't be parsed into an integer");
        return ERR_INVALID;
    } else if (port < 0 || port > PORT_MAX) {
        buf_printf(why, "argument must be between 0 and %d inclusive", PORT_MAX);
        return ERR_INVALID;
    }
    *(int64_t *)target = port;
    return ERR_OK;
}

static void port_format(const void *source, struct buf *text)
{
    int64_t port = *(const int64_t *)source;

    if (port == CONFIG_PORT_ANY)
        buf_append_string(text, "any");
    else
        buf_printf(text, "%" PRId64, port);
}

/* --- unixsocketperm --------------------------------------------------------------------------- */

static enum err perm_parse(void *target, struct bytes text, struct buf *why)
{
    int64_t perm = 0;
    size_t i = 0;

    for (; i < text.len && i < 8 && text.data[i] >= '0' && text.data[i] <= '7'; i++)
        perm = perm * 8 + (text.data[i] - '0');
    if (text.len == 0 || i < text.len) {
        buf_append_string(why, "argument couldn't be parsed as an octal number");
        return ERR_INVALID;
    }
    if (perm > PERM_MAX) {
        buf_printf(why, "argument must be between 0 and %o inclusive", PERM_MAX);
        return ERR_INVALID;
    }
    *(int64_t *)target = perm;
    return ERR_OK;
}

static void perm_format(const void *source, struct buf *text)
{
    buf_printf(text, "%o", (unsigned)*(const int64_t *)source);
}

/* --- client-output-buffer-limit --------------------------------------------------------------- */

struct limit_class {
    const char *name;
    enum config_client_class class; /* CONFIG_CLASS_COUNT: known to Redis, nothing to us */
};

static const struct limit_class limit_classes[] = {
    {"normal", CONFIG_CLASS_NORMAL},
    {"pubsub", CONFIG_CLASS_PUBSUB},
    {"replica", CONFIG_CLASS_COUNT},
    {"slave", CONFIG_CLASS_COUNT},
};

static const struct limit_class *limit_class_find(struct bytes name)
{
    for (size_t i = 0; i < COUNT_OF(limit_classes); i++) {
        if (bytes_is(name, limit_classes[i].name))
            return &limit_classes[i];
    }
    return NULL;
}

/* One class with its three numbers. */
static enum err limit_parse(struct config_output_limit *limits, const struct bytes word[4],
                            struct buf *why)
{
    const struct limit_class *class = limit_class_find(word[0]);
    struct config_output_limit limit;

    if (class == NULL) {
        buf_append_string(why, "Invalid client class specified in buffer limit configuration.");
        return ERR_INVALID;
    }
    if (!num_parse_size(word[1], &limit.hard_bytes) ||
        !num_parse_size(word[2], &limit.soft_bytes) ||
        !num_parse_i64(word[3], &limit.soft_seconds) || limit.soft_seconds < 0 ||
        limit.soft_seconds > INT_MAX) {
        buf_append_string(why, "Error in hard, soft or soft_seconds setting in buffer limit "
                               "configuration.");
        return ERR_INVALID;
    }
    if (class->class != CONFIG_CLASS_COUNT)
        limits[class->class] = limit;
    return ERR_OK;
}

/* Classes that are not named keep their limits; there may be none, as in Redis. */
static enum err limits_parse(void *target, struct bytes text, struct buf *why)
{
    struct config_output_limit limits[CONFIG_CLASS_COUNT];
    struct bytes word[4];
    size_t count = 0;

    memcpy(limits, target, sizeof(limits));
    while (next_word(&text, &word[count % 4])) {
        if (++count % 4 == 0 && limit_parse(limits, word, why) != ERR_OK)
            return ERR_INVALID;
    }
    if (count % 4 != 0) {
        buf_append_string(why, "Wrong number of arguments in buffer limit configuration.");
        return ERR_INVALID;
    }
    memcpy(target, limits, sizeof(limits));
    return ERR_OK;
}

/* A line for each class. */
static void limits_format_lines(const void *source, void (*line)(void *ctx, struct bytes value),
                                void *ctx)
{
    const struct config_output_limit *limits = source;
    struct buf text = {0};

    for (size_t i = 0; i < COUNT_OF(limit_classes); i++) {
        if (limit_classes[i].class == CONFIG_CLASS_COUNT)
            continue;
        const struct config_output_limit *limit = &limits[limit_classes[i].class];
        buf_clear(&text);
        buf_printf(&text, "%s ", limit_classes[i].name);
        value_text_size(limit->hard_bytes, &text);
        buf_append_char(&text, ' ');
        value_text_size(limit->soft_bytes, &text);
        buf_printf(&text, " %" PRId64, limit->soft_seconds);
        line(ctx, buf_bytes(&text));
    }
    buf_deinit(&text);
}

static void limits_format(const void *source, struct buf *text)
{
    const struct config_output_limit *limits = source;

    for (size_t i = 0; i < COUNT_OF(limit_classes); i++) {
        const struct config_output_limit *limit;

        if (limit_classes[i].class == CONFIG_CLASS_COUNT)
            continue;
        limit = &limits[limit_classes[i].class];
        buf_printf(text, "%s%s %" PRId64 " %" PRId64 " %" PRId64, i == 0 ? "" : " ",
                   limit_classes[i].name, limit->hard_bytes, limit->soft_bytes,
                   limit->soft_seconds);
    }
}

/* --- maxmemory-clients ----------------------------------------------------------------------- */

static enum err client_memory_parse(void *target, struct bytes text, struct buf *why)
{
    int64_t value;

    if (text.len > 0 && text.data[text.len - 1] == '%') {
        if (!num_parse_i64(bytes_of(text.data, text.len - 1), &value) || value < 0)
            goto invalid;
        if (value > 100) {
            buf_append_string(why, "percentage argument must be less or equal to 100");
            return ERR_INVALID;
        }
        value = -value;
    } else if (!num_parse_size(text, &value) || value < 0) {
        goto invalid;
    }
    *(int64_t *)target = value;
    return ERR_OK;

invalid:
    buf_append_string(why, "argument must be a memory or percent value");
    return ERR_INVALID;
}

static void client_memory_format(const void *source, struct buf *text)
{
    int64_t value = *(const int64_t *)source;

    if (value < 0)
        buf_printf(text, "%" PRId64 "%%", -value);
    else
        buf_printf(text, "%" PRId64, value);
}

/* --- user ----------------------------------------------------------------------------------- */

/* One more line, or several. */
static enum err users_parse(void *target, struct bytes text, struct buf *why)
{
    char **users = target;
    struct buf all = {0};

    (void)why; /* whether the rules are right is found out when they are applied */
    if (*users != NULL && text.len > 0 && (*users)[0] != '\0')
        buf_printf(&all, "%s\n", *users);
    if (text.len > 0)
        buf_append_bytes(&all, text);
    else if (*users != NULL)
        buf_append_string(&all, *users);
    mem_free(*users);
    *users = mem_strndup(buf_bytes(&all).data, all.len);
    buf_deinit(&all);
    return ERR_OK;
}

static void users_format_lines(const void *source, void (*line)(void *ctx, struct bytes value),
                               void *ctx)
{
    const char *users = *(char *const *)source;

    while (*users != '\0') {
        size_t len = strcspn(users, "\n");

        line(ctx, bytes_of(users, len));
        users += users[len] == '\n' ? len + 1 : len;
    }
}

/* --- dir ------------------------------------------------------------------------------------ */

static enum err dir_check(struct bytes text, struct buf *why)
{
    if (text.len > 0)
        return ERR_OK;
    buf_append_string(why, "argument must name a directory");
    return ERR_INVALID;
}

/* --- latency-tracking-info-percentiles ---------------------------------------------------------- */

/* strtod is for whole, NUL-terminated words. */
static bool percentile_parse(struct bytes word, double *percent)
{
    char text[32], *end;
    if (word.len >= sizeof(text))
        return false;
    memcpy(text, word.data, word.len);
    text[word.len] = '\0';
    *percent = strtod(text, &end);
    return end == text + word.len && isfinite(*percent);
}

static enum err percentiles_parse(void *target, struct bytes text, struct buf *why)
{
    char **percentiles = target;
    struct buf joined = {0};
    struct bytes word;
    const char *wrong = NULL;
    double percent;

    while (wrong == NULL && next_word(&text, &word)) {
        if (!percentile_parse(word, &percent))
            wrong = "Invalid latency-tracking-info-percentiles parameters";
        else if (percent < 0 || percent > 100)
            wrong = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
        else
            buf_printf(&joined, "%s%.10g", joined.len > 0 ? " " : "", percent);
    }
    if (wrong == NULL) {
        mem_free(*percentiles);
        *percentiles = mem_strndup(buf_bytes(&joined).data, joined.len);
    } else {
        buf_append_string(why, wrong);
    }
    buf_deinit(&joined);
    return wrong == NULL ? ERR_OK : ERR_INVALID;
}

/* --- the table ------------------------------------------------------------------------------ */

static const struct directive_word loglevel_words[] = {{"debug", TRACE_DEBUG},
                                                       {"verbose", TRACE_VERBOSE},
                                                       {"notice", TRACE_NOTICE},
                                                       {"warning", TRACE_WARNING},
                                                       {NULL, 0}};

static const struct directive_word facility_words[] = {
    {"user", LOG_USER},     {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7}, {NULL, 0}};

static const struct directive_word supervised_words[] = {{"no", CONFIG_SUPERVISED_NO},
                                                         {"systemd", CONFIG_SUPERVISED_SYSTEMD},
                                                         {"auto", CONFIG_SUPERVISED_AUTO},
                                                         {NULL, 0}};

static const struct directive_word channels_words[] = {
    {"allchannels", CONFIG_CHANNELS_ALL}, {"resetchannels", CONFIG_CHANNELS_NONE}, {NULL, 0}};
static const struct directive_word auth_clients_words[] = {{"no", TLS_AUTH_CLIENTS_NO},
                                                           {"yes", TLS_AUTH_CLIENTS_YES},
                                                           {"optional", TLS_AUTH_CLIENTS_OPTIONAL},
                                                           {NULL, 0}};

static const struct directive_word allow_words[] = {
    {"no", CONFIG_ALLOW_NO}, {"local", CONFIG_ALLOW_LOCAL}, {"yes", CONFIG_ALLOW_YES}, {NULL, 0}};

static const struct directive_word ack_words[] = {{"none", CONFIG_ACK_NONE},
                                                  {"written", CONFIG_ACK_WRITTEN},
                                                  {"synced", CONFIG_ACK_SYNCED},
                                                  {NULL, 0}};

/* clang-format off */
#define COMMON(text, kind, member, options, value, about)                                          \
    .name = (text), .type = DIRECTIVE_##kind, .field = offsetof(struct config, member),            \
    .flags = (options), .initial = (value), .summary = (about)
#define INT(name, member, flags, initial, low, high, about)                                        \
    {COMMON(name, INT, member, flags, initial, about), .min = (low), .max = (high)}
#define SIZE(name, member, flags, initial, low, high, about)                                       \
    {COMMON(name, SIZE, member, flags, initial, about), .min = (low), .max = (high)}
#define BOOL(name, member, flags, initial, about) {COMMON(name, BOOL, member, flags, initial, about)}
#define STRING(name, member, flags, initial, checked, about)                                       \
    {COMMON(name, STRING, member, flags, initial, about), .max = CONFIG_TEXT_BYTES_MAX,            \
     .check = (checked)}
#define ENUM(name, member, flags, initial, list, about)                                            \
    {COMMON(name, ENUM, member, flags, initial, about), .words = (list)}
#define CUSTOM(name, member, flags, initial, parser, formatter, releaser, about)                   \
    {COMMON(name, CUSTOM, member, flags, initial, about), .parse = (parser),                       \
     .format = (formatter), .release = (releaser), .size = sizeof(((struct config *)0)->member)}

#define FIXED DIRECTIVE_FIXED
#define REFERS DIRECTIVE_REFERS

static const struct directive items[] = {
    CUSTOM("bind", bind, DIRECTIVE_WORDS, "127.0.0.1 -::1", bind_parse, text_format,
           text_release, "addresses to listen on"),
    CUSTOM("port", port, 0, "3246", port_parse, port_format, NULL,
           "TCP port; 0 is none, any takes a free one"),
    STRING("unixsocket", unixsocket, FIXED, "", NULL, "path of a socket to listen on; empty is none"),
    CUSTOM("unixsocketperm", unixsocketperm, FIXED, "0", perm_parse, perm_format, NULL,
           "permissions of the socket's file; 0 leaves them to the umask"),
    INT("tcp-backlog", tcp_backlog, FIXED, "511", 0, INT_MAX, "connections that may wait for accept"),
    INT("tcp-keepalive", tcp_keepalive_s, 0, "300", 0, INT_MAX,
        "seconds of silence before a peer is probed; 0 is never"),
    INT("timeout", timeout_s, 0, "0", 0, INT_MAX,
        "seconds after which an idle client is disconnected; 0 is never"),
    INT("maxclients", maxclients, 0, "10000", 1, UINT_MAX, "clients at a time"),
    BOOL("protected-mode", protected_mode, 0, "yes",
         "without a password, answer local clients only"),
    STRING("requirepass", requirepass, DIRECTIVE_SECRET, "", NULL,
           "the password of the user \"default\"; empty is none"),
    {COMMON("user", CUSTOM, users, FIXED | DIRECTIVE_WORDS | DIRECTIVE_LINES | DIRECTIVE_HIDDEN | DIRECTIVE_SECRET,
            "", "a user and what he may do"),
     .parse = users_parse, .format = text_format, .format_lines = users_format_lines,
     .release = text_release, .size = sizeof(((struct config *)0)->users)},
    STRING("aclfile", aclfile, FIXED, "", NULL, "the file that users are kept in; empty is none"),
    ENUM("acl-pubsub-default", acl_pubsub_default, 0, "resetchannels", channels_words,
         "which channels new users have"),
    INT("acllog-max-len", acllog_max_len, 0, "128", 0, INT64_MAX, "entries of ACL LOG"),

    CUSTOM("metrics-bind", metrics_bind, FIXED | DIRECTIVE_WORDS, "127.0.0.1 -::1", bind_parse,
           text_format, text_release, "addresses of the HTTP port for metrics"),
    CUSTOM("metrics-port", metrics_port, FIXED, "0", port_parse, port_format, NULL,
           "HTTP port for metrics; 0 is none, any takes a free one"),
    INT("metrics-topics-max", metrics_topics_max, 0, "100", 0, 10000,
        "topics with metrics of their own: the largest"),
    INT("metrics-groups-max", metrics_groups_max, 0, "100", 0, 10000,
        "groups with metrics of their own: those that lag most"),
    CUSTOM("tls-port", tls_port, 0, "0", port_parse, port_format, NULL,
           "TLS port; 0 is none, any takes a free one"),
    STRING("tls-cert-file", tls_cert_file, REFERS, "", NULL, "the server's certificate and its chain"),
    STRING("tls-key-file", tls_key_file, REFERS, "", NULL, "the certificate's private key"),
    STRING("tls-key-file-pass", tls_key_file_pass, DIRECTIVE_SECRET, "", NULL,
           "the password of the private key's file"),
    STRING("tls-ca-cert-file", tls_ca_cert_file, REFERS, "", NULL,
           "certificates of those who sign clients' certificates"),
    STRING("tls-ca-cert-dir", tls_ca_cert_dir, REFERS, "", NULL,
           "the same, in a directory that openssl rehash has seen"),
    ENUM("tls-auth-clients", tls_auth_clients, 0, "yes", auth_clients_words,
         "whether clients must show a certificate"),
    STRING("tls-protocols", tls_protocols, 0, "", NULL, "versions of TLS; empty is 1.2 and 1.3"),
    STRING("tls-ciphers", tls_ciphers, 0, "", NULL, "ciphers up to TLS 1.2; empty is OpenSSL's choice"),
    STRING("tls-ciphersuites", tls_ciphersuites, 0, "", NULL,
           "ciphers of TLS 1.3; empty is OpenSSL's choice"),
    BOOL("tls-prefer-server-ciphers", tls_prefer_server_ciphers, 0, "no",
         "whether the server's order of ciphers counts"),
    BOOL("tls-session-caching", tls_session_caching, 0, "yes",
         "whether clients may resume a session"),
    INT("tls-session-cache-size", tls_session_cache_size, 0, "20480", 0, INT_MAX,
        "sessions that are kept; 0 is any number"),
    INT("tls-session-cache-timeout", tls_session_cache_timeout_s, 0, "300", 0, INT_MAX,
        "seconds for which a session may be resumed"),
    STRING("tls-dh-params-file", tls_dh_params_file, REFERS, "", NULL,
           "parameters of Diffie-Hellman, for old clients"),

    /* At most what an int can count: "%.*s" shows arguments in errors. */
    SIZE("proto-max-bulk-len", proto_max_bulk_len, 0, "512mb", MB, GB,
         "the longest single argument of a command"),
    SIZE("client-query-buffer-limit", client_query_buffer_limit, 0, "1gb", MB, INT64_MAX,
         "input of one client that is not executed yet"),
    SIZE("maxmemory", maxmemory, 0, "0", 0, INT64_MAX,
         "what other limits may be percentages of; 0 says nothing"),
    CUSTOM("maxmemory-clients", maxmemory_clients, 0, "0", client_memory_parse, client_memory_format,
           NULL, "memory of all clients together, in bytes or percent of maxmemory; 0 is no limit"),
    {COMMON("client-output-buffer-limit", CUSTOM, output_limits, DIRECTIVE_WORDS,
            "normal 0 0 0 pubsub 32mb 8mb 60", "output that may wait for a client, by class"),
     .parse = limits_parse, .format = limits_format, .format_lines = limits_format_lines,
     .size = sizeof(((struct config *)0)->output_limits)},
    STRING("follow-prefix", follow_prefix, 0, "log:", NULL,
           "what patterns begin with that follow topics; empty: none do"),
    INT("client-replies-max", client_replies_max, 0, "100000", 1, INT_MAX,
        "replies of one client that may wait for their commit"),
    SIZE("pending-bytes-max", pending_bytes_max, 0, "256mb", MB, INT64_MAX,
         "appended bytes that may wait to be written"),

    STRING("dir", dir, FIXED, "./echolog-data", dir_check, "the data directory"),
    ENUM("loglevel", loglevel, 0, "notice", loglevel_words, "what is traced"),
    STRING("logfile", logfile, FIXED, "", NULL, "where the trace goes; empty is standard output"),
    BOOL("syslog-enabled", syslog_enabled, FIXED, "no", "whether the trace goes to the system's logger too"),
    STRING("syslog-ident", syslog_ident, FIXED, "echolog", NULL, "the name lines have there"),
    ENUM("syslog-facility", syslog_facility, FIXED, "local0", facility_words, "the facility they have there"),
    BOOL("crash-log-enabled", crash_log_enabled, 0, "yes", "whether a fatal signal is reported before the end"),
    BOOL("daemonize", daemonize, FIXED, "no", "whether to go to the background"),
    STRING("pidfile", pidfile, FIXED, "", NULL,
           "the file for the number of the process; empty is none"),
    ENUM("supervised", supervised, FIXED, "no", supervised_words, "who is told of start, stop and life"),

    ENUM("enable-debug-command", enable_debug_command, FIXED, "no", allow_words,
         "who may use DEBUG"),
    INT("slowlog-log-slower-than", slowlog_log_slower_than_us, 0, "10000", -1, INT64_MAX,
        "microseconds from which on a command is put in the slow log; -1 is never"),
    INT("slowlog-max-len", slowlog_max_len, 0, "128", 0, INT64_MAX, "commands that the slow log holds"),
    INT("latency-monitor-threshold", latency_monitor_threshold_ms, 0, "0", 0, INT64_MAX,
        "milliseconds from which on LATENCY notes an event; 0 is never"),
    BOOL("latency-tracking", latency_tracking, 0, "yes", "a histogram of durations per command"),
    CUSTOM("latency-tracking-info-percentiles", latency_percentiles, DIRECTIVE_WORDS, "50 99 99.9",
           percentiles_parse, text_format, text_release, "what INFO latencystats shows"),

    INT("default-partitions", default_partitions, 0, "1", 1, CONFIG_PARTITIONS_MAX,
        "partitions of a topic that is created without saying"),
    BOOL("auto-create-topics", auto_create_topics, 0, "yes",
         "whether the first record makes its topic"),
    ENUM("default-ack", default_ack, 0, "synced", ack_words,
         "what an acknowledgement means where nothing is said"),
    INT("log-retention-ms", log_retention_ms, 0, "604800000", -1, CONFIG_MS_MAX,
        "age at which records go; -1 is never"),
    SIZE("log-retention-bytes", log_retention_bytes, 0, "-1", -1, INT64_MAX,
         "bytes a partition keeps; -1 is all"),
    SIZE("log-segment-bytes", log_segment_bytes, 0, "1gb", KB, INT32_MAX,
         "bytes at which a log file is closed and a new one begun"),
    INT("log-segment-ms", log_segment_ms, 0, "604800000", 1, CONFIG_MS_MAX,
        "age at which a log file is closed and a new one begun"),
    INT("log-flush-ms", log_flush_ms, 0, "1000", 1, CONFIG_MS_MAX,
        "how long written records may stay unsynced"),
    SIZE("log-journal-max-bytes", log_journal_max_bytes, FIXED, "64mb", 0, INT64_MAX,
         "what the journal that syncs many partitions at once may take on the device; 0 is none"),
    SIZE("message-max-bytes", message_max_bytes, 0, "1048588", 1, INT32_MAX / 2,
         "the largest batch of records"),
    INT("log-retention-check-ms", log_retention_check_ms, 0, "10000", 1, CONFIG_MS_MAX,
        "how often retention is applied"),
    INT("offsets-retention-ms", offsets_retention_ms, 0, "604800000", 1, CONFIG_MS_MAX,
        "how long a group without members keeps its offsets"),
    SIZE("tail-cache-bytes", tail_cache_bytes, 0, "64mb", 0, INT64_MAX,
         "memory for the newest records"),
    INT("open-files-max", open_files_max, FIXED, "512", 16, 1000000,
        "open files of log segments"),
    INT("disk-sync-threads", disk_sync_threads, FIXED, "4", 1, CONFIG_DISK_THREADS_MAX,
        "threads that sync"),
    INT("disk-bulk-threads", disk_bulk_threads, FIXED, "2", 1, CONFIG_DISK_THREADS_MAX,
        "threads for reads from the device and for upkeep"),
};
/* clang-format on */

const struct directive_table config_table = {items, COUNT_OF(items)};

void config_init(struct config *c)
{
    directives_init(&config_table, c);
}

void config_deinit(struct config *c)
{
    directives_deinit(&config_table, c);
}
