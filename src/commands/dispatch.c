/* SPDX-License-Identifier: BSD-3-Clause */
/* Between a session's request and the command's function: what Redis checks before a command runs, in
 * its order and its words. */
#include "commands/command.h"
#include "commands/handlers.h"
#include "commands/monitors.h"
#include "commands/permission.h"
#include "commands/timing.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdio.h>

#define SHOWN_BYTES_MAX 128 /* of what was typed, in an error */
#define REFUSAL_BYTES_MAX 256

/* --- refusals ------------------------------------------------------------------------------- */

/* A refused command spoils the transaction it was to be queued in. */
static void spoil_transaction(struct session *s)
{
    if (s->transaction.open)
        s->transaction.aborted = true;
}

static int shown(struct bytes word)
{
    return word.len < SHOWN_BYTES_MAX ? (int)word.len : SHOWN_BYTES_MAX;
}

RARE static void refuse_unknown(struct writer *w, int argc, const struct bytes *argv)
{
    struct buf args = {0};
    for (int i = 1; i < argc && args.len < SHOWN_BYTES_MAX; i++) {
        int room = SHOWN_BYTES_MAX - (int)args.len;
        int len = argv[i].len < (size_t)room ? (int)argv[i].len : room;
        buf_append_char(&args, '\'');
        buf_append(&args, argv[i].data, (size_t)len);
        buf_append_string(&args, "' ");
    }
    write_error(w, "ERR unknown command '%.*s', with args beginning with: %.*s", shown(argv[0]),
                argv[0].data, (int)args.len, buf_bytes(&args).data);
    buf_deinit(&args);
}

RARE static void refuse_unknown_subcommand(struct writer *w, const struct command *container,
                                           struct bytes word)
{
    char name[64];
    size_t len = strlen(container->name);
    for (size_t i = 0; i <= len; i++)
        name[i] = byte_upper(container->name[i]);
    write_error(w, "ERR unknown subcommand '%.*s'. Try %s HELP.", shown(word), word.data, name);
}

/* Refuses with "CODE text". EXEC itself ends the transaction also when it is refused. */
RARE static void refuse(struct session *s, struct writer *w, const struct command *command,
                        const char *code, const char *text)
{
    if (command->run != cmd_exec) {
        write_error(w, "%s %s", code, text);
        return;
    }
    bool plain = strcmp(code, "ERR") == 0;
    transaction_clear(&s->transaction);
    write_error(w, "EXECABORT Transaction discarded because of: %s%s%s", plain ? "" : code,
                plain ? "" : " ", text);
}

RARE static void refuse_arity(struct session *s, struct writer *w, const struct command *command)
{
    char text[REFUSAL_BYTES_MAX];
    snprintf(text, sizeof(text), "wrong number of arguments for '%s' command", command->name);
    refuse(s, w, command, "ERR", text);
}

RARE static void refuse_subscribed(struct session *s, struct writer *w,
                                   const struct command *command)
{
    char text[REFUSAL_BYTES_MAX];
    snprintf(text, sizeof(text),
             "Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
             "RESET are allowed in this context",
             command->name);
    refuse(s, w, command, "ERR", text);
}

/* What a browser sends when a page is made to talk to us across protocols: never a command of ours. */
static bool is_http(struct bytes word)
{
    return bytes_is(word, "post") || bytes_is(word, "host:");
}

RARE static void cut_off_http(struct services *sv, struct session *s)
{
    TRACE_WARN(sv->trace, "Possible attack: %s sent an HTTP request. Connection closed",
               s->stream->peer);
    client_log_add(s, CUT_OFF_PROTOCOL, "an HTTP request");
    session_close(s, NULL);
}

/* Finds the command, or refuses in the words of Redis, or cuts off what is no client; NULL then. */
static const struct command *resolve(struct services *sv, struct session *s, struct writer *w,
                                     int argc, const struct bytes *argv)
{
    const struct command *container;
    const struct command *command = command_find(sv->commands, argc, argv, &container);
    if (UNLIKELY(command == NULL)) {
        s->last_command = "NULL";
        if (is_http(argv[0]))
            cut_off_http(sv, s);
        else if (container != NULL)
            refuse_unknown_subcommand(w, container, argv[1]);
        else
            refuse_unknown(w, argc, argv);
        return NULL;
    }
    s->last_command = command->name; /* also of one that is refused */
    bool fits = command->arity >= 0 ? argc == command->arity : argc >= -command->arity;
    if (!fits || command->run == NULL) {
        command_stats(sv->commands, command)->rejected++;
        refuse_arity(s, w, command);
        return NULL;
    }
    return command;
}

RARE static void refuse_denied(struct session *s, struct writer *w, const struct command *command,
                               enum access_denial denial)
{
    struct buf text = {0};
    denial_sentence(&text, command, denial);
    buf_append_char(&text, '\0');
    refuse(s, w, command, "NOPERM", text.data);
    buf_deinit(&text);
}

/* Whether the user may make the call; answers if not. */
static bool has_permission(struct services *sv, struct session *s, const struct command *command,
                           int argc, const struct bytes *argv, struct writer *w)
{
    enum access_denial denial = permission_of(sv, s, command, argc, argv);
    if (LIKELY(denial == ACCESS_GRANTED))
        return true;
    refuse_denied(s, w, command, denial);
    return false;
}

/* Whether the state of the session and its user allow the call now; answers if not. */
static bool permitted(struct services *sv, struct session *s, const struct command *command,
                      int argc, const struct bytes *argv, struct writer *w)
{
    if (!s->authenticated && !(command->flags & CMD_NO_AUTH) && !users_are_open(sv->users)) {
        refuse(s, w, command, "NOAUTH", "Authentication required.");
        return false;
    }
    if (s->transaction.open && (command->flags & CMD_NO_MULTI)) {
        write_error(w, "ERR Command not allowed inside a transaction");
        return false;
    }
    if (!has_permission(sv, s, command, argc, argv, w))
        return false;
    if (s->proto == 2 && !(command->flags & CMD_IN_SUBSCRIBED) && session_is_subscriber(s)) {
        refuse_subscribed(s, w, command);
        return false;
    }
    return true;
}

/* --- running -------------------------------------------------------------------------------- */

static void run(struct call *c)
{
    struct services *sv = c->sv;
    struct command_stats *stats = command_stats(sv->commands, c->command);
    timing_before(sv, c->session, c->command);
    int64_t from_ns = sv->sessions->mark_ns;
    c->command->run(c);
    stats->calls++; /* so that RESETSTAT counts itself, as in Redis */
    stats->failed += c->w.errors > 0;
    timing_ran(c, stats, from_ns);
    if (UNLIKELY(!list_empty(&sv->sessions->monitors)))
        monitors_tell(c);
}

void command_run(struct services *sv, struct session *s, const struct command *command, int argc,
                 struct bytes *argv)
{
    struct call c = {.sv = sv,
                     .session = s,
                     .command = command,
                     .argc = argc,
                     .argv = argv,
                     .w = session_writer(s)};
    run(&c);
}

OUT_OF_LINE static void queue(struct services *sv, struct session *s, const struct command *command,
                              int argc, struct bytes *argv, struct writer *w)
{
    if (s->transaction.count == TRANSACTION_COMMANDS_MAX) {
        s->transaction.aborted = true;
        write_error(w, "ERR a transaction holds at most %d commands", TRANSACTION_COMMANDS_MAX);
        return;
    }
    if (!s->transaction.aborted) /* else it will not run */
        transaction_queue(&s->transaction, command, argc, argv);
    write_status(w, "QUEUED");
    timing_skip(sv, s);
}

RARE static bool may_write(const struct session *s, const struct command *command)
{
    const unsigned writing = CMD_WRITE | CMD_MAY_REPLICATE;
    if (command->flags & writing)
        return true;
    if (command->run != cmd_exec)
        return false;
    for (size_t i = 0; i < s->transaction.count; i++)
        if (s->transaction.items[i].command->flags & writing)
            return true;
    return false;
}

/* Whether CLIENT PAUSE lets the command wait. What is inside a transaction that runs is not asked. */
static bool is_paused(const struct session *s, const struct command *command)
{
    enum pause_kind kind = s->sessions->pause.kind;
    if (LIKELY(kind == PAUSE_NONE))
        return false;
    return kind == PAUSE_ALL || may_write(s, command);
}

/* One that appended before is paused by itself. This is for the first record of each of very many. */
static bool lacks_room(const struct session *s, const struct command *command)
{
    const struct sessions_owner *owner = &s->sessions->owner;
    return !s->produces && (command->flags & CMD_WRITE) && (command->categories & CAT_LOG) &&
           owner->overloaded(owner->ctx);
}

static void execute(struct services *sv, struct session *s, int argc, struct bytes *argv)
{
    struct call c = {.sv = sv, .session = s, .argc = argc, .argv = argv, .w = session_writer(s)};
    const struct command *command = c.command = resolve(sv, s, &c.w, argc, argv);
    if (UNLIKELY(command == NULL)) {
        spoil_transaction(s);
        return;
    }
    if (UNLIKELY(!permitted(sv, s, command, argc, argv, &c.w))) {
        command_stats(sv->commands, command)->rejected++;
        spoil_transaction(s);
        return;
    }
    if (UNLIKELY(is_paused(s, command))) {
        session_postpone(s);
        timing_skip(sv, s);
        return;
    }
    if (UNLIKELY(lacks_room(s, command))) {
        session_wait_for_room(s);
        timing_skip(sv, s);
        return;
    }
    if (UNLIKELY(s->transaction.open) && !(command->flags & CMD_NOT_QUEUED))
        queue(sv, s, command, argc, argv, &c.w);
    else
        run(&c);
}

/* CLIENT CACHING is for the command behind it; commands of its own family do not use it up. */
static void end_caching(struct session *s)
{
    if (!s->transaction.open && strncmp(s->last_command, "client|", 7) != 0)
        s->tracking.caching = false;
}

void command_dispatch(struct services *sv, struct session *s, int argc, struct bytes *argv)
{
    enum session_reply_mode before = s->reply_mode;
    if (s->reply_mode == SESSION_REPLY_SKIP_NEXT)
        s->reply_mode = SESSION_REPLY_SKIP;
    else if (s->reply_mode == SESSION_REPLY_SKIP)
        s->reply_mode = SESSION_REPLY_ON;
    execute(sv, s, argc, argv);
    if (session_is_postponed(s) || s->paused)
        s->reply_mode = before; /* it will be here once more */
    else if (s->tracking.caching)
        end_caching(s);
}
