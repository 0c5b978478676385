/* SPDX-License-Identifier: BSD-3-Clause */
/* The CONFIG family. */
#include "commands/access_set.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"
#include "commands/insight.h"

#include "base/glob.h"
#include "config/config_rewrite.h"

void cmd_config_help(struct call *c)
{
    reply_help(c);
}

/* What tools for Redis ask every server for, and what is true here. These are no directives: they are
 * answered to who names them, and nothing sets them. */
static const struct known_to_redis {
    const char *name, *value;
} known_to_redis[] = {
    {"appendonly", "no"},               /* redis-benchmark prints it; there is no such file */
    {"databases", "1"},                 /* viewers ask how many SELECT knows */
    {"maxmemory-policy", "noeviction"}, /* job queues refuse to run where data may be evicted */
    {"notify-keyspace-events", ""},     /* session stores look before they subscribe: none */
    {"save", ""},                       /* redis-benchmark prints it; there are no snapshots */
};

/* --- GET ------------------------------------------------------------------------------------ */

static bool is_literal(struct bytes pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (strchr("*?[\\", pattern.data[i]) != NULL)
            return false;
    return true;
}

/* Under which name a directive is answered: a name that was given comes back as it was typed. Null when it
 * is not wanted. */
static struct bytes wanted_as(const struct call *c, const char *name)
{
    struct bytes own = name == NULL ? BYTES_NULL : bytes_of_string(name);
    for (int i = 2; i < c->argc && name != NULL; i++)
        if (glob_match_nocase(c->argv[i], own))
            return is_literal(c->argv[i]) ? c->argv[i] : own;
    return BYTES_NULL;
}

static void write_directive(struct call *c, const struct directive *d, struct bytes name,
                            struct buf *value)
{
    if (bytes_is_null(name))
        return;
    buf_clear(value);
    directive_get(d, c->sv->config, value);
    write_bulk(&c->w, name);
    write_bulk(&c->w, buf_bytes(value));
}

static bool is_named(const struct call *c, const char *name)
{
    for (int i = 2; i < c->argc; i++)
        if (bytes_is(c->argv[i], name))
            return true;
    return false;
}

void cmd_config_get(struct call *c)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(known_to_redis); i++)
        count += is_named(c, known_to_redis[i].name);
    for (size_t i = 0; i < config_table.count; i++) {
        const struct directive *d = &config_table.items[i];
        if (d->flags & DIRECTIVE_HIDDEN)
            continue;
        count += !bytes_is_null(wanted_as(c, d->name));
        count += !bytes_is_null(wanted_as(c, d->alias));
    }
    struct buf value = {0};
    write_map(&c->w, count);
    for (size_t i = 0; i < config_table.count; i++) {
        const struct directive *d = &config_table.items[i];
        if (d->flags & DIRECTIVE_HIDDEN)
            continue;
        write_directive(c, d, wanted_as(c, d->name), &value);
        write_directive(c, d, wanted_as(c, d->alias), &value);
    }
    buf_deinit(&value);
    for (size_t i = 0; i < COUNT_OF(known_to_redis); i++) {
        if (!is_named(c, known_to_redis[i].name))
            continue;
        write_bulk_string(&c->w, known_to_redis[i].name);
        write_bulk_string(&c->w, known_to_redis[i].value);
    }
}

/* --- SET ------------------------------------------------------------------------------------ */

/* What sessions took over from the configuration when they began. Where no password is asked for any
 * more, everybody is in. */
static void update_sessions(struct services *sv)
{
    sessions_configured(sv->sessions);
    LIST_EACH (it, &sv->sessions->all) {
        struct session *s = CONTAINER_OF(it, struct session, in_all);
        s->request.bulk_bytes_max = sv->config->proto_max_bulk_len;
    }
}

static void on_changed(void *ctx, const struct directive *d)
{
    struct services *sv = ctx;
    sv->configured(sv, d);
}

void cmd_config_set(struct call *c)
{
    if (c->argc % 2 != 0) {
        reply_syntax_error(c);
        return;
    }
    struct buf why = {0};
    enum err err = config_set(c->sv->config, c->argv + 2, (size_t)(c->argc - 2) / 2,
                              &c->sv->config_parts, on_changed, c->sv, &why);
    if (err == ERR_OK) {
        update_sessions(c->sv);
        write_ok(&c->w);
    } else {
        write_error(&c->w, "ERR %.*s", (int)why.len, buf_bytes(&why).data);
    }
    buf_deinit(&why);
}

/* --- REWRITE -------------------------------------------------------------------------------- */

static enum err rewrite(struct services *sv, struct buf *why)
{
    struct buf text = {0};
    access_tell_config(sv);
    enum err err = config_rewrite(sv->config, sv->config_file, sv->config_files, &text, why);
    if (err == ERR_OK)
        err = sv->config_files->replace(sv->config_files, sv->config_file, buf_bytes(&text), why);
    buf_deinit(&text);
    return err;
}

void cmd_config_rewrite(struct call *c)
{
    struct services *sv = c->sv;
    if (sv->config_file[0] == '\0' || sv->config_files == NULL) {
        write_error(&c->w, "ERR The server is running without a config file");
        return;
    }
    struct buf why = {0};
    if (rewrite(sv, &why) == ERR_OK) {
        TRACE_NOTE(sv->trace, "CONFIG REWRITE executed with success.");
        write_ok(&c->w);
    } else {
        TRACE_WARN(sv->trace, "CONFIG REWRITE failed: %.*s", (int)why.len, why.data);
        write_error(&c->w, "ERR Rewriting config file: %.*s", (int)why.len, why.data);
    }
    buf_deinit(&why);
}

/* --- RESETSTAT ------------------------------------------------------------------------------ */

void cmd_config_resetstat(struct call *c)
{
    struct sessions *sessions = c->sv->sessions;
    sessions->stats = (struct sessions_stats){.peak_clients = sessions->count};
    if (c->sv->groups != NULL) /* commands may run without groups */
        groups_reset_stats(c->sv->groups);
    command_stats_reset(c->sv->commands);
    if (c->sv->tls_stats != NULL)
        *c->sv->tls_stats = (struct tls_handshakes_stats){0};
    sessions->errors = (struct error_counts){0};
    rates_reset(&c->sv->insight->rates);
    write_ok(&c->w);
}
