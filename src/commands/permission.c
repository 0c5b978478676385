/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/permission.h"

#include "access/access_log.h"
#include "base/mem.h"
#include "commands/client_describe.h"
#include "commands/follow_call.h"
#include "commands/handlers.h"
#include "session/block.h"

/* --- what a call names ------------------------------------------------------------------------ */

#define NAMES_AT_HAND 16

struct names {
    struct services *sv;
    struct bytes glob;         /* of topics; while it is being expanded */
    struct access_name *items; /* owned, unless they are those at hand */
    size_t count, cap;
    struct access_name at_hand[NAMES_AT_HAND];
};

static void names_add(struct names *n, struct bytes text, unsigned use)
{
    if (n->count == n->cap) {
        struct access_name *before = n->items == n->at_hand ? NULL : n->items;
        n->cap *= 2;
        n->items = mem_realloc(before, n->cap * sizeof(*n->items));
        if (before == NULL)
            memcpy(n->items, n->at_hand, sizeof(n->at_hand));
    }
    n->items[n->count++] = (struct access_name){.text = text, .use = use};
}

static void names_init(struct names *n, struct services *sv)
{
    n->sv = sv;
    n->items = n->at_hand;
    n->count = 0;
    n->cap = NAMES_AT_HAND;
}

static void names_deinit(struct names *n)
{
    if (n->items != n->at_hand)
        mem_free(n->items);
}

static void add_covered(void *ctx, struct topic *t)
{
    struct names *n = ctx;
    if (!follow_covers(n->glob, t->name))
        return;
    n->items[n->count - 1].use |= ACCESS_OR_NEXT;
    names_add(n, t->name, ACCESS_READ);
}

/* A pattern of the log form reads topics, and hears no channel. Of a glob one readable topic is enough, or that the
 * glob itself is, as a name; what is followed then is looked at topic by topic. */
static void add_followed(struct names *n, struct bytes pattern)
{
    struct bytes topic = follow_pattern_topic(n->sv->config, pattern);
    names_add(n, topic, ACCESS_READ);
    if (!follow_is_glob(topic) || n->sv->catalog == NULL)
        return;
    n->glob = topic;
    catalog_each(n->sv->catalog, add_covered, n);
}

/* The channels of record.channels. */
static void add_recorded(struct names *n, struct bytes channels)
{
    while (channels.len > 0) {
        const char *blank = memchr(channels.data, ' ', channels.len);
        size_t len = blank == NULL ? channels.len : (size_t)(blank - channels.data);
        struct bytes glob = bytes_of(channels.data, len);
        if (len > 0)
            names_add(n, glob, follow_is_glob(glob) ? ACCESS_PATTERN : ACCESS_CHANNEL);
        len += blank != NULL;
        channels = bytes_of(channels.data + len, channels.len - len);
    }
}

/* Who has channels recorded in a topic can hear them there: that takes the permission to listen. */
static void add_configured(struct names *n, const struct command *command, int argc,
                           const struct bytes *argv)
{
    if (command->run != cmd_topic_create && command->run != cmd_topic_config)
        return;
    for (int i = 3; i + 1 < argc; i++)
        if (bytes_is(argv[i], "record.channels"))
            add_recorded(n, argv[i + 1]);
}

static bool add_key(void *ctx, const struct command_key *key)
{
    struct names *n = ctx;
    if (key->flags & KEY_PATTERN && is_follow_pattern(n->sv->config, key->name))
        add_followed(n, key->name);
    else if (key->flags & KEY_NO_KEY)
        names_add(n, key->name, key->flags & KEY_CHANNEL ? ACCESS_CHANNEL : ACCESS_PATTERN);
    else
        names_add(n, key->name,
                  (key->flags & KEY_READS ? ACCESS_READ : 0) |
                      (key->flags & KEY_WRITES ? ACCESS_WRITE : 0));
    return true;
}

/* --- judging -------------------------------------------------------------------------------- */

enum access_denial permission_judge(struct services *sv, const struct user *u,
                                    const struct command *command, int argc,
                                    const struct bytes *argv, struct buf *object)
{
    struct names names;
    size_t at;
    names_init(&names, sv);
    command_keys(command, argc, argv, add_key, &names);
    add_configured(&names, command, argc, argv);
    struct access_call call = {.command = command->index,
                               .argc = argc,
                               .argv = argv,
                               .names = names.items,
                               .name_count = names.count};
    enum access_denial denial = user_check(u, &call, &at);
    buf_clear(object);
    if (denial == ACCESS_DENIED_COMMAND)
        buf_append_string(object, command->name);
    else if (denial != ACCESS_GRANTED)
        buf_append_bytes(object, names.items[at].text);
    names_deinit(&names);
    return denial;
}

void denial_sentence(struct buf *text, const struct command *command, enum access_denial denial)
{
    if (denial == ACCESS_DENIED_COMMAND)
        buf_printf(text, "this user has no permissions to run the '%s' command", command->name);
    else
        buf_printf(text, "this user has no permissions to access one of the %s used as arguments",
                   denial == ACCESS_DENIED_KEY ? "keys" : "channels");
}

void write_denial(struct writer *w, const struct command *command, enum access_denial denial)
{
    struct buf text = {0};
    denial_sentence(&text, command, denial);
    write_error(w, "NOPERM %.*s", (int)text.len, text.data);
    buf_deinit(&text);
}

const char *permission_reason(enum access_denial denial)
{
    switch (denial) {
    case ACCESS_DENIED_COMMAND:
        return "no permission to execute the command or subcommand";
    case ACCESS_DENIED_KEY:
        return "no permission to touch the specified keys";
    case ACCESS_DENIED_CHANNEL:
        return "no permission to access one of the channels used as arguments";
    case ACCESS_GRANTED:
        break;
    }
    return "no permission";
}

bool permission_to_follow(const struct user *u, struct bytes topic)
{
    const struct access_vocabulary *v = u->vocabulary;
    struct bytes word = BYTES_LITERAL("psubscribe");
    struct access_name name = {.text = topic, .use = ACCESS_READ};
    struct access_call call = {.command = v->find(v->ctx, word),
                               .argc = 1,
                               .argv = &word,
                               .names = &name,
                               .name_count = 1};
    size_t at;
    return u->unrestricted || user_check(u, &call, &at) == ACCESS_GRANTED;
}

/* --- the log -------------------------------------------------------------------------------- */

static void note(struct services *sv, struct session *s, enum access_reason reason,
                 struct bytes object, struct bytes username)
{
    struct buf client = {0};
    const struct call c = {.sv = sv, .session = s};
    client_describe(&client, &c, s);
    if (client.len > 0 && client.data[client.len - 1] == '\n')
        client.len--;
    struct access_log_entry e = {
        .reason = reason,
        .in_transaction = s->transaction.open || s->transaction.running,
        .object = object,
        .username = username,
        .client = buf_bytes(&client),
    };
    access_log_add(sv->access_log, &e, sv->clock->mono_us, (size_t)sv->config->acllog_max_len);
    buf_deinit(&client);
}

enum access_denial permission_note(struct services *sv, struct session *s,
                                   const struct command *command, int argc,
                                   const struct bytes *argv)
{
    static const enum access_reason reasons[] = {
        [ACCESS_DENIED_COMMAND] = ACCESS_REASON_COMMAND,
        [ACCESS_DENIED_KEY] = ACCESS_REASON_KEY,
        [ACCESS_DENIED_CHANNEL] = ACCESS_REASON_CHANNEL,
    };
    struct buf object = {0};
    enum access_denial denial = permission_judge(sv, s->user, command, argc, argv, &object);
    if (denial != ACCESS_GRANTED) {
        s->last_command = command->name;
        note(sv, s, reasons[denial], buf_bytes(&object), bytes_of_string(s->user->name));
    }
    buf_deinit(&object);
    return denial;
}

void permission_note_login(struct services *sv, struct session *s, struct bytes command,
                           struct bytes username)
{
    note(sv, s, ACCESS_REASON_AUTH, command, username);
}

/* --- changes -------------------------------------------------------------------------------- */

/* Who asked is answered first. */
static void disconnect(struct session *s, struct session *asking)
{
    if (s == asking)
        session_close_after_replies(s);
    else
        session_close(s, NULL);
}

void permission_user_removed(struct services *sv, const struct user *u, struct session *asking)
{
    LIST_EACH (it, &sv->sessions->all) {
        struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (s->user != u)
            continue;
        if (!s->dead)
            client_log_add(s, CUT_OFF_USER, "its user was deleted");
        s->user = users_default(sv->users);
        s->authenticated = false;
        s->request.authenticated = users_are_open(sv->users);
        disconnect(s, asking);
    }
}

struct audit {
    const struct user *user;
    bool is_pattern;
    bool exceeded;
};

static void audit_channel(void *ctx, struct bytes name)
{
    struct audit *a = ctx;
    a->exceeded |= !user_grants_channel(a->user, name, a->is_pattern);
}

static void audit_topic(void *ctx, struct bytes topic)
{
    struct audit *a = ctx;
    a->exceeded |= !permission_to_follow(a->user, topic);
}

static bool listens_to_too_much(const struct session *s, const struct user *after)
{
    struct audit a = {.user = after};
    for (int kind = 0; kind < PUBSUB_KIND_COUNT; kind++) {
        a.is_pattern = kind == PUBSUB_PATTERN;
        pubsub_each_of(&s->subscriber, (enum pubsub_kind)kind, audit_channel, &a);
    }
    follower_each_topic(&s->follower, audit_topic, &a);
    return a.exceeded;
}

void permission_user_changes(struct services *sv, const struct user *u, const struct user *after,
                             struct session *asking)
{
    if (after->unrestricted)
        return;
    LIST_EACH (it, &sv->sessions->all) {
        struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (s->user != u || s->dead)
            continue;
        if (listens_to_too_much(s, after)) {
            client_log_add(s, CUT_OFF_USER, "its user may not listen to that any more");
            disconnect(s, asking);
        } else if (s->blocker != NULL && s->blocker->waits) {
            (void)session_end_block(s, BLOCK_TIMEOUT);
        }
    }
}

void permission_default_changed(struct services *sv)
{
    bool open = users_are_open(sv->users);
    LIST_EACH (it, &sv->sessions->all) {
        struct session *s = CONTAINER_OF(it, struct session, in_all);
        s->request.authenticated = s->authenticated || open;
    }
}
