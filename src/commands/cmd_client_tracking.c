/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT TRACKING, TRACKINGINFO, CACHING and GETREDIR. Client libraries switch client-side caching on through
 * them; here the state is kept and told as Redis does, and no invalidation ever comes, for no command reads a
 * key. */
#include "commands/errors.h"
#include "commands/handlers.h"

#include "base/num.h"

/* --- TRACKING ------------------------------------------------------------------------------- */

struct tracking_call {
    unsigned options;
    int64_t redirect;
    int prefix_count;
    int prefixes[TRACKING_PREFIXES_MAX]; /* places among the arguments */
};

static unsigned option_of(struct bytes word)
{
    static const struct {
        const char *word;
        unsigned option;
    } options[] = {{"bcast", TRACKING_BCAST},
                   {"optin", TRACKING_OPTIN},
                   {"optout", TRACKING_OPTOUT},
                   {"noloop", TRACKING_NOLOOP}};
    for (size_t i = 0; i < COUNT_OF(options); i++)
        if (bytes_is(word, options[i].word))
            return options[i].option;
    return 0;
}

static bool read_redirect(struct call *c, struct bytes value, struct tracking_call *t)
{
    if (t->redirect != 0) {
        write_error(&c->w, "ERR A client can only redirect to a single other client");
        return false;
    }
    if (!num_parse_i64(value, &t->redirect)) {
        reply_not_an_integer(c);
        return false;
    }
    if (sessions_find(c->sv->sessions, (uint64_t)t->redirect) == NULL) {
        write_error(&c->w, "ERR The client ID you want redirect to does not exist");
        return false;
    }
    return true;
}

static bool read_tracking(struct call *c, struct tracking_call *t)
{
    for (int i = 3; i < c->argc; i++) {
        bool more = i + 1 < c->argc;
        unsigned option = option_of(c->argv[i]);
        if (option != 0) {
            t->options |= option;
        } else if (bytes_is(c->argv[i], "redirect") && more) {
            if (!read_redirect(c, c->argv[++i], t))
                return false;
        } else if (bytes_is(c->argv[i], "prefix") && more) {
            if (t->prefix_count == TRACKING_PREFIXES_MAX) {
                write_error(&c->w, "ERR a client tracks at most %d prefixes",
                            TRACKING_PREFIXES_MAX);
                return false;
            }
            t->prefixes[t->prefix_count++] = ++i;
        } else {
            reply_syntax_error(c);
            return false;
        }
    }
    return true;
}

/* What does not go together, and what does not go with what is on already, in the order of Redis; NULL
 * when all is well. */
static const char *conflict(const struct tracking *now, const struct tracking_call *t)
{
    const unsigned either = TRACKING_OPTIN | TRACKING_OPTOUT;
    if (!(t->options & TRACKING_BCAST) && t->prefix_count > 0)
        return "PREFIX option requires BCAST mode to be enabled";
    if (now->on && (now->options & TRACKING_BCAST) != (t->options & TRACKING_BCAST))
        return "You can't switch BCAST mode on/off before disabling tracking for this client, and "
               "then re-enabling it with a different mode.";
    if ((t->options & TRACKING_BCAST) && (t->options & either))
        return "OPTIN and OPTOUT are not compatible with BCAST";
    if ((t->options & either) == either)
        return "You can't specify both OPTIN mode and OPTOUT mode";
    if ((t->options & TRACKING_OPTIN && now->options & TRACKING_OPTOUT) ||
        (t->options & TRACKING_OPTOUT && now->options & TRACKING_OPTIN))
        return "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
               "then re-enabling it with a different mode.";
    return NULL;
}

static bool overlap(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    return len == 0 || memcmp(a.data, b.data, len) == 0;
}

static void refuse_overlap(struct call *c, struct bytes prefix, const char *with,
                           struct bytes other)
{
    write_error(&c->w,
                "ERR Prefix '%.*s' overlaps with %s prefix '%.*s'. Prefixes for a single client "
                "must not overlap.",
                (int)prefix.len, prefix.data, with, (int)other.len, other.data);
}

static bool prefixes_fit(struct call *c, const struct tracking_call *t)
{
    const struct tracking *now = &c->session->tracking;
    for (int i = 0; i < t->prefix_count; i++) {
        struct bytes prefix = c->argv[t->prefixes[i]];
        for (size_t k = 0; k < now->prefix_count; k++) {
            if (overlap(tracking_prefix(now, k), prefix)) {
                refuse_overlap(c, prefix, "an existing", tracking_prefix(now, k));
                return false;
            }
        }
        for (int k = i + 1; k < t->prefix_count; k++) {
            if (overlap(prefix, c->argv[t->prefixes[k]])) {
                refuse_overlap(c, prefix, "another provided", c->argv[t->prefixes[k]]);
                return false;
            }
        }
    }
    if (now->prefix_count + (size_t)t->prefix_count > TRACKING_PREFIXES_MAX) {
        write_error(&c->w, "ERR a client tracks at most %d prefixes", TRACKING_PREFIXES_MAX);
        return false;
    }
    return true;
}

static void track(struct call *c, const struct tracking_call *t)
{
    struct session *s = c->session;
    s->sessions->tracking += !s->tracking.on;
    tracking_start(&s->tracking, t->options, (uint64_t)t->redirect);
    for (int i = 0; i < t->prefix_count; i++)
        tracking_add_prefix(&s->tracking, c->argv[t->prefixes[i]]);
    /* Without a prefix BCAST is about all keys: the prefix that all have. */
    if ((t->options & TRACKING_BCAST) && t->prefix_count == 0)
        tracking_add_prefix(&s->tracking, BYTES_LITERAL(""));
}

void cmd_client_tracking(struct call *c)
{
    struct tracking_call t = {0};
    if (!read_tracking(c, &t))
        return;
    if (bytes_is(c->argv[2], "off")) {
        session_stop_tracking(c->session);
        write_ok(&c->w);
        return;
    }
    if (!bytes_is(c->argv[2], "on")) {
        reply_syntax_error(c);
        return;
    }
    const char *why = conflict(&c->session->tracking, &t);
    if (why != NULL) {
        write_error(&c->w, "ERR %s", why);
    } else if (prefixes_fit(c, &t)) {
        track(c, &t);
        write_ok(&c->w);
    }
}

/* --- CACHING, GETREDIR, TRACKINGINFO ---------------------------------------------------------- */

void cmd_client_caching(struct call *c)
{
    struct tracking *t = &c->session->tracking;
    bool yes = bytes_is(c->argv[2], "yes");
    if (!t->on) {
        write_error(&c->w, "ERR CLIENT CACHING can be called only when the client is in tracking "
                           "mode with OPTIN or OPTOUT mode enabled");
    } else if (!yes && !bytes_is(c->argv[2], "no")) {
        reply_syntax_error(c);
    } else if (yes && !(t->options & TRACKING_OPTIN)) {
        write_error(&c->w, "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN "
                           "mode.");
    } else if (!yes && !(t->options & TRACKING_OPTOUT)) {
        write_error(&c->w, "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT "
                           "mode.");
    } else {
        t->caching = true;
        write_ok(&c->w);
    }
}

static int64_t redirection(const struct tracking *t)
{
    return t->on ? (int64_t)t->redirect : -1;
}

void cmd_client_getredir(struct call *c)
{
    write_int(&c->w, redirection(&c->session->tracking));
}

static void write_flags(struct call *c, const struct tracking *t)
{
    const struct {
        bool set;
        const char *word;
    } flags[] = {
        {!t->on, "off"},
        {t->on, "on"},
        {t->options & TRACKING_BCAST, "bcast"},
        {t->options & TRACKING_OPTIN, "optin"},
        {t->options & TRACKING_OPTIN && t->caching, "caching-yes"},
        {t->options & TRACKING_OPTOUT, "optout"},
        {t->options & TRACKING_OPTOUT && t->caching, "caching-no"},
        {t->options & TRACKING_NOLOOP, "noloop"},
    };
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        count += flags[i].set;
    write_set(&c->w, count);
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (flags[i].set)
            write_bulk_string(&c->w, flags[i].word);
}

void cmd_client_trackinginfo(struct call *c)
{
    const struct tracking *t = &c->session->tracking;
    write_map(&c->w, 3);
    write_bulk_string(&c->w, "flags");
    write_flags(c, t);
    write_bulk_string(&c->w, "redirect");
    write_int(&c->w, redirection(t));
    write_bulk_string(&c->w, "prefixes");
    write_array(&c->w, t->prefix_count);
    for (size_t i = 0; i < t->prefix_count; i++)
        write_bulk(&c->w, tracking_prefix(t, i));
}
