/* SPDX-License-Identifier: BSD-3-Clause */
/* PING, ECHO, HELLO, AUTH, SELECT, QUIT, RESET: what a connection says of itself. */
#include "commands/client_name.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/permission.h"

#include "base/num.h"
#include <limits.h>

void cmd_ping(struct call *c)
{
    if (c->argc > 2) {
        write_error(&c->w, "ERR wrong number of arguments for 'ping' command");
    } else if (c->session->proto == 2 && session_is_subscriber(c->session)) {
        write_array(&c->w, 2);
        write_bulk_string(&c->w, "pong");
        write_bulk(&c->w, c->argc == 2 ? c->argv[1] : BYTES_LITERAL(""));
    } else if (c->argc == 2) {
        write_bulk(&c->w, c->argv[1]);
    } else {
        write_status(&c->w, "PONG");
    }
}

void cmd_echo(struct call *c)
{
    write_bulk(&c->w, c->argv[1]);
}

void cmd_select(struct call *c)
{
    int64_t index;
    if (!num_parse_i64(c->argv[1], &index))
        reply_not_an_integer(c);
    else if (index < INT_MIN || index > INT_MAX)
        write_error(&c->w, "ERR value is out of range, value must between %d and %d", INT_MIN,
                    INT_MAX);
    else if (index != 0)
        write_error(&c->w, "ERR DB index is out of range");
    else
        write_ok(&c->w);
}

void cmd_quit(struct call *c)
{
    write_ok(&c->w);
    session_close_after_replies(c->session);
}

void cmd_reset(struct call *c)
{
    struct session *s = c->session;
    bool skipped = s->reply_mode == SESSION_REPLY_SKIP;
    session_reset(s);
    if (!skipped)
        c->w = session_writer(s);
    write_status(&c->w, "RESET");
}

/* --- logging in ------------------------------------------------------------------------------- */

/* Logs the session in, or answers why not. */
static bool log_in(struct call *c, struct bytes name, struct bytes password)
{
    struct user *user = users_find(c->sv->users, name);
    if (!user_accepts(user, password)) {
        permission_note_login(c->sv, c->session, c->argv[0], name);
        write_error(&c->w, "WRONGPASS invalid username-password pair or user is disabled.");
        return false;
    }
    session_log_in(c->session, user);
    return true;
}

void cmd_auth(struct call *c)
{
    if (c->argc > 3) {
        reply_syntax_error(c);
        return;
    }
    if (c->argc == 2 && users_default(c->sv->users)->nopass) {
        write_error(&c->w, "ERR AUTH <password> called without any password configured for the "
                           "default user. Are you sure your configuration is correct?");
        return;
    }
    struct bytes name = c->argc == 3 ? c->argv[1] : BYTES_LITERAL(USERS_DEFAULT_NAME);
    if (log_in(c, name, c->argv[c->argc - 1]))
        write_ok(&c->w);
}

/* --- HELLO ---------------------------------------------------------------------------------- */

struct hello {
    int64_t proto;                     /* 0: as it is */
    struct bytes user, password, name; /* null: not given */
};

static bool hello_read_proto(struct call *c, struct hello *hello)
{
    if (c->argc < 2)
        return true;
    if (!num_parse_i64(c->argv[1], &hello->proto)) {
        write_error(&c->w, "ERR Protocol version is not an integer or out of range");
        return false;
    }
    if (hello->proto != 2 && hello->proto != 3) {
        write_error(&c->w, "NOPROTO unsupported protocol version");
        return false;
    }
    return true;
}

static bool hello_read(struct call *c, struct hello *hello)
{
    if (!hello_read_proto(c, hello))
        return false;
    for (int i = 2; i < c->argc; i++) {
        int rest = c->argc - 1 - i;
        if (bytes_is(c->argv[i], "auth") && rest >= 2) {
            hello->user = c->argv[++i];
            hello->password = c->argv[++i];
        } else if (bytes_is(c->argv[i], "setname") && rest >= 1) {
            hello->name = c->argv[++i];
            if (!client_name_check(c, hello->name))
                return false;
        } else {
            write_error(&c->w, "ERR Syntax error in HELLO option '%.*s'", (int)c->argv[i].len,
                        c->argv[i].data);
            return false;
        }
    }
    return true;
}

static void hello_answer(struct call *c)
{
    write_map(&c->w, 7);
    write_bulk_string(&c->w, "server");
    write_bulk_string(&c->w, "echolog");
    write_bulk_string(&c->w, "version");
    write_bulk_string(&c->w, ECHOLOG_VERSION);
    write_bulk_string(&c->w, "proto");
    write_int(&c->w, c->session->proto);
    write_bulk_string(&c->w, "id");
    write_int(&c->w, (int64_t)c->session->id);
    write_bulk_string(&c->w, "mode");
    write_bulk_string(&c->w, "standalone");
    write_bulk_string(&c->w, "role");
    write_bulk_string(&c->w, "master");
    write_bulk_string(&c->w, "modules");
    write_array(&c->w, 0);
}

void cmd_hello(struct call *c)
{
    struct session *s = c->session;
    struct hello hello = {0, BYTES_NULL, BYTES_NULL, BYTES_NULL};
    if (!hello_read(c, &hello))
        return;
    if (!bytes_is_null(hello.user) && !log_in(c, hello.user, hello.password))
        return;
    if (!s->authenticated && !users_are_open(c->sv->users)) {
        write_error(
            &c->w, "NOAUTH HELLO must be called with the client already authenticated, otherwise "
                   "the HELLO AUTH <user> <pass> option can be used to authenticate the client and "
                   "select the RESP protocol version at the same time");
        return;
    }
    if (!bytes_is_null(hello.name))
        session_set_name(s, hello.name);
    if (hello.proto != 0) {
        session_set_proto(s, (int)hello.proto);
        c->w.proto = s->proto;
    }
    hello_answer(c);
}
