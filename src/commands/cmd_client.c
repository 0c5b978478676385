/* SPDX-License-Identifier: BSD-3-Clause */
/* The CLIENT family: what is known of connections, and what one may do to them. */
#include "commands/client_describe.h"
#include "commands/client_name.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"

#include "base/num.h"
#include "session/block.h"

void cmd_client_help(struct call *c)
{
    reply_help(c);
}

void cmd_client_id(struct call *c)
{
    write_int(&c->w, (int64_t)c->session->id);
}

/* --- names ---------------------------------------------------------------------------------- */

void cmd_client_getname(struct call *c)
{
    if (c->session->name[0] == '\0')
        write_null(&c->w);
    else
        write_bulk_string(&c->w, c->session->name);
}

void cmd_client_setname(struct call *c)
{
    if (!client_name_check(c, c->argv[2]))
        return;
    session_set_name(c->session, c->argv[2]);
    write_ok(&c->w);
}

void cmd_client_setinfo(struct call *c)
{
    struct bytes option = c->argv[2], value = c->argv[3];
    bool is_name = bytes_is(option, "lib-name");
    if (!is_name && !bytes_is(option, "lib-ver")) {
        write_error(&c->w, "ERR Unrecognized option '%.*s'", (int)option.len, option.data);
    } else if (value.len > CLIENT_TEXT_BYTES_MAX) {
        write_error(&c->w, "ERR %.*s cannot be longer than %d bytes.", (int)option.len, option.data,
                    CLIENT_TEXT_BYTES_MAX);
    } else if (!client_text_is_plain(value)) {
        write_error(&c->w, "ERR %.*s cannot contain spaces, newlines or special characters.",
                    (int)option.len, option.data);
    } else {
        session_set_lib(c->session, is_name ? value : BYTES_NULL, is_name ? BYTES_NULL : value);
        write_ok(&c->w);
    }
}

/* --- INFO and LIST -------------------------------------------------------------------------- */

enum client_type { TYPE_ANY, TYPE_NORMAL, TYPE_PUBSUB, TYPE_NEVER };

/* Answers when there is no such type. TYPE_NEVER: Redis has it, and nobody here is of it. */
static bool read_type(struct call *c, struct bytes word, enum client_type *type)
{
    if (bytes_is(word, "normal"))
        *type = TYPE_NORMAL;
    else if (bytes_is(word, "pubsub"))
        *type = TYPE_PUBSUB;
    else if (bytes_is(word, "master") || bytes_is(word, "replica") || bytes_is(word, "slave"))
        *type = TYPE_NEVER;
    else {
        write_error(&c->w, "ERR Unknown client type '%.*s'", (int)word.len, word.data);
        return false;
    }
    return true;
}

static bool is_of_type(const struct session *s, enum client_type type)
{
    if (type == TYPE_ANY)
        return true;
    return type == (session_is_subscriber(s) ? TYPE_PUBSUB : TYPE_NORMAL);
}

static void write_text(struct call *c, struct buf *text)
{
    write_verbatim(&c->w, "txt", buf_bytes(text));
    buf_deinit(text);
}

static void describe(struct buf *text, const struct call *c, const struct session *s)
{
    client_describe(text, c, s);
    buf_append_char(text, '\n');
}

void cmd_client_info(struct call *c)
{
    struct buf text = {0};
    describe(&text, c, c->session);
    write_text(c, &text);
}

static void list_of_type(struct call *c, enum client_type type)
{
    struct buf text = {0};
    LIST_EACH (it, &c->sv->sessions->all) {
        const struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (!s->dead && is_of_type(s, type))
            describe(&text, c, s);
    }
    write_text(c, &text);
}

static void list_by_id(struct call *c)
{
    struct buf text = {0};
    for (int i = 3; i < c->argc; i++) {
        int64_t id;
        if (!num_parse_i64(c->argv[i], &id)) {
            buf_deinit(&text);
            write_error(&c->w, "ERR Invalid client ID");
            return;
        }
        const struct session *s = sessions_find(c->sv->sessions, (uint64_t)id);
        if (s != NULL)
            describe(&text, c, s);
    }
    write_text(c, &text);
}

void cmd_client_list(struct call *c)
{
    enum client_type type = TYPE_ANY;
    if (c->argc > 3 && bytes_is(c->argv[2], "id")) {
        list_by_id(c);
    } else if (c->argc == 4 && bytes_is(c->argv[2], "type")) {
        if (read_type(c, c->argv[3], &type))
            list_of_type(c, type);
    } else if (c->argc == 2) {
        list_of_type(c, type);
    } else {
        reply_syntax_error(c);
    }
}

/* --- KILL ----------------------------------------------------------------------------------- */

struct kill_filter {
    enum client_type type;
    uint64_t id;              /* 0: any */
    struct bytes addr, laddr; /* null: any */
    const struct user *user;  /* NULL: any */
    int64_t age_s_min;        /* 0: any */
    bool skip_me;
};

static bool read_max_age(struct call *c, struct bytes value, struct kill_filter *f)
{
    if (!num_parse_i64(value, &f->age_s_min))
        write_error(&c->w, "ERR maxage is not an integer or out of range");
    else if (f->age_s_min < 1)
        write_error(&c->w, "ERR maxage should be greater than 0");
    else
        return true;
    return false;
}

static bool read_kill_option(struct call *c, struct bytes word, struct bytes value,
                             struct kill_filter *f)
{
    if (bytes_is(word, "id")) {
        int64_t id;
        if (!num_parse_i64(value, &id) || id < 1) {
            write_error(&c->w, "ERR client-id should be greater than 0");
            return false;
        }
        f->id = (uint64_t)id;
    } else if (bytes_is(word, "type")) {
        return read_type(c, value, &f->type);
    } else if (bytes_is(word, "maxage")) {
        return read_max_age(c, value, f);
    } else if (bytes_is(word, "addr")) {
        f->addr = value;
    } else if (bytes_is(word, "laddr")) {
        f->laddr = value;
    } else if (bytes_is(word, "user")) {
        f->user = users_find(c->sv->users, value);
        if (f->user == NULL) {
            write_error(&c->w, "ERR No such user '%.*s'", (int)value.len, value.data);
            return false;
        }
    } else if (bytes_is(word, "skipme") && (bytes_is(value, "yes") || bytes_is(value, "no"))) {
        f->skip_me = bytes_is(value, "yes");
    } else {
        reply_syntax_error(c);
        return false;
    }
    return true;
}

static bool read_kill_filter(struct call *c, struct kill_filter *f)
{
    *f = (struct kill_filter){.addr = BYTES_NULL, .laddr = BYTES_NULL, .skip_me = c->argc > 3};
    if (c->argc == 3) {
        f->addr = c->argv[2];
        return true;
    }
    for (int i = 2; i < c->argc; i += 2) {
        if (i + 1 == c->argc) {
            reply_syntax_error(c);
            return false;
        }
        if (!read_kill_option(c, c->argv[i], c->argv[i + 1], f))
            return false;
    }
    return true;
}

static bool kill_matches(const struct call *c, const struct session *s, const struct kill_filter *f)
{
    if (s->dead || !is_of_type(s, f->type) || (f->id != 0 && s->id != f->id))
        return false;
    if (f->user != NULL && s->user != f->user)
        return false;
    if (!bytes_is_null(f->addr) && !bytes_equal(f->addr, bytes_of_string(s->stream->peer)))
        return false;
    if (!bytes_is_null(f->laddr) && !bytes_equal(f->laddr, bytes_of_string(s->stream->local)))
        return false;
    if ((c->sv->clock->mono_us - s->created_us) / 1000000 < f->age_s_min)
        return false;
    return !(f->skip_me && s == c->session);
}

void cmd_client_kill(struct call *c)
{
    struct kill_filter f;
    if (!read_kill_filter(c, &f))
        return;
    int64_t killed = 0;
    bool me = false;
    LIST_EACH (it, &c->sv->sessions->all) {
        struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (!kill_matches(c, s, &f))
            continue;
        killed++;
        if (killed <= CLIENT_LOG_ENTRIES_MAX) /* of thousands no more would be kept */
            client_log_add(s, CUT_OFF_KILLED, "CLIENT KILL by id=%llu addr=%s",
                           (unsigned long long)c->session->id, c->session->stream->peer);
        if (s == c->session)
            me = true;
        else
            session_close(s, NULL);
    }
    if (c->argc > 3)
        write_int(&c->w, killed);
    else if (killed == 0)
        write_error(&c->w, "ERR No such client");
    else
        write_ok(&c->w);
    if (me)
        session_close_after_replies(c->session);
}

/* --- REPLY, NO-EVICT, NO-TOUCH, UNBLOCK --------------------------------------------------------------- */

void cmd_client_reply(struct call *c)
{
    struct session *s = c->session;
    if (bytes_is(c->argv[2], "on")) {
        s->reply_mode = SESSION_REPLY_ON;
        c->w = session_writer(s);
        write_ok(&c->w);
    } else if (bytes_is(c->argv[2], "off")) {
        s->reply_mode = SESSION_REPLY_OFF;
    } else if (bytes_is(c->argv[2], "skip")) {
        if (s->reply_mode != SESSION_REPLY_OFF)
            s->reply_mode = SESSION_REPLY_SKIP_NEXT;
    } else {
        reply_syntax_error(c);
    }
}

static void set_switch(struct call *c, bool *flag)
{
    bool on = bytes_is(c->argv[2], "on");
    if (!on && !bytes_is(c->argv[2], "off")) {
        reply_syntax_error(c);
        return;
    }
    *flag = on;
    write_ok(&c->w);
}

void cmd_client_no_evict(struct call *c)
{
    set_switch(c, &c->session->no_evict);
}

void cmd_client_no_touch(struct call *c)
{
    set_switch(c, &c->session->no_touch);
}

void cmd_client_unblock(struct call *c)
{
    enum block_end how = BLOCK_TIMEOUT;
    if (c->argc > 4) {
        reply_subcommand_usage(c);
        return;
    }
    if (c->argc == 4 && bytes_is(c->argv[3], "error")) {
        how = BLOCK_ERROR;
    } else if (c->argc == 4 && !bytes_is(c->argv[3], "timeout")) {
        write_error(&c->w, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
        return;
    }
    int64_t id;
    if (!num_parse_i64(c->argv[2], &id)) {
        reply_not_an_integer(c);
        return;
    }
    /* One that waits for the disk is not let go: its answer comes. */
    struct session *s = sessions_find(c->sv->sessions, (uint64_t)id);
    bool ended = s != NULL && s->blocker != NULL && s->blocker->waits && session_end_block(s, how);
    write_int(&c->w, ended);
}
