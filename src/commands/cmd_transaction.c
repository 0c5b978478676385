/* SPDX-License-Identifier: BSD-3-Clause */
/* MULTI, EXEC, DISCARD. Queueing itself is in dispatch.c. */
#include "commands/handlers.h"
#include "commands/permission.h"

void cmd_multi(struct call *c)
{
    if (c->session->transaction.open) {
        write_error(&c->w, "ERR MULTI calls can not be nested");
        return;
    }
    c->session->transaction.open = true;
    write_ok(&c->w);
}

void cmd_discard(struct call *c)
{
    if (!c->session->transaction.open) {
        write_error(&c->w, "ERR DISCARD without MULTI");
        return;
    }
    transaction_clear(&c->session->transaction);
    write_ok(&c->w);
}

/* The rules may have changed since it was queued. */
static bool is_permitted_still(struct call *c, const struct transaction_item *item)
{
    enum access_denial denial =
        permission_of(c->sv, c->session, item->command, item->argc, item->argv);
    if (denial == ACCESS_GRANTED)
        return true;
    struct writer w = session_writer(c->session);
    write_error(&w,
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and "
                "the EXEC call. This command is no longer allowed for the following reason: %s",
                permission_reason(denial));
    command_stats(c->sv->commands, item->command)->rejected++;
    return false;
}

/* Each command answers into the array by itself. What one of them does to the session holds for those
 * behind it, so CLIENT REPLY OFF silences them and HELLO changes how they answer, as in Redis. */
static void run_items(struct call *c, const struct transaction *items)
{
    struct session *s = c->session;
    for (size_t i = 0; i < items->count; i++) {
        const struct transaction_item *item = &items->items[i];
        /* Closed on the way: all of it is executed, and nobody reads the answers. */
        if (s->dead)
            s->reply_mode = SESSION_REPLY_OFF;
        if (is_permitted_still(c, item))
            command_run(c->sv, s, item->command, item->argc, item->argv);
    }
}

void cmd_exec(struct call *c)
{
    struct session *s = c->session;
    if (!s->transaction.open) {
        write_error(&c->w, "ERR EXEC without MULTI");
        return;
    }
    if (s->transaction.aborted) {
        transaction_clear(&s->transaction);
        write_error(&c->w, "EXECABORT Transaction discarded because of previous errors.");
        return;
    }
    /* The items are out of the session while they run: it is free to change under them. */
    struct transaction items = s->transaction;
    s->transaction = (struct transaction){.running = true, .running_count = items.count};
    uint64_t from = s->out.pos_end;
    write_array(&c->w, items.count);
    run_items(c, &items);
    out_marks_to_end(&s->out, from); /* a reply in the array is whole when the array is */
    s->transaction.running = false;
    transaction_clear(&items);
}
