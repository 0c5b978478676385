/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACL family: users and their rules. What was refused is told in cmd_acl_log.c. */
#include "commands/access_set.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"
#include "commands/permission.h"

#include "access/rules.h"
#include "base/num.h"

#define GENPASS_BITS_DEFAULT 256
#define GENPASS_BITS_MAX 4096

void cmd_acl_help(struct call *c)
{
    reply_help(c);
}

/* --- who there is ---------------------------------------------------------------------------- */

void cmd_acl_whoami(struct call *c)
{
    write_bulk_string(&c->w, c->session->user->name);
}

void cmd_acl_users(struct call *c)
{
    const struct users *us = c->sv->users;
    write_array(&c->w, users_count(us));
    for (size_t i = 0; i < users_count(us); i++)
        write_bulk_string(&c->w, users_at(us, i)->name);
}

void cmd_acl_list(struct call *c)
{
    const struct users *us = c->sv->users;
    struct buf text = {0};
    write_array(&c->w, users_count(us));
    for (size_t i = 0; i < users_count(us); i++) {
        buf_clear(&text);
        user_describe(users_at(us, i), &text);
        write_bulk(&c->w, buf_bytes(&text));
    }
    buf_deinit(&text);
}

/* --- GETUSER -------------------------------------------------------------------------------- */

struct flag_list {
    struct writer *w; /* NULL: only count */
    size_t count;
};

static void on_flag(void *ctx, const char *word)
{
    struct flag_list *list = ctx;
    list->count++;
    if (list->w != NULL)
        write_bulk_string(list->w, word);
}

static void write_description(struct writer *w, const char *name, const struct selector *s,
                              void (*describe)(const struct selector *s, struct buf *text))
{
    struct buf text = {0};
    describe(s, &text);
    write_bulk_string(w, name);
    write_bulk(w, buf_bytes(&text));
    buf_deinit(&text);
}

static void write_selector(struct writer *w, const struct selector *s)
{
    write_description(w, "commands", s, selector_describe_commands);
    write_description(w, "keys", s, selector_describe_keys);
    write_description(w, "channels", s, selector_describe_channels);
}

static void write_passwords(struct writer *w, const struct user *u)
{
    write_bulk_string(w, "passwords");
    write_array(w, u->password_count);
    for (size_t i = 0; i < u->password_count; i++) {
        char hex[PASSWORD_HEX_LEN + 1];
        password_to_hex(&u->passwords[i], hex);
        write_bulk_string(w, hex);
    }
}

void cmd_acl_getuser(struct call *c)
{
    const struct user *u = users_find(c->sv->users, c->argv[2]);
    if (u == NULL) {
        write_null(&c->w);
        return;
    }
    struct flag_list flags = {0};
    write_map(&c->w, 6);
    write_bulk_string(&c->w, "flags");
    user_each_flag(u, on_flag, &flags);
    write_set(&c->w, flags.count);
    flags.w = &c->w;
    user_each_flag(u, on_flag, &flags);
    write_passwords(&c->w, u);
    write_selector(&c->w, &u->selectors[0]);
    write_bulk_string(&c->w, "selectors");
    write_array(&c->w, u->selector_count - 1);
    for (size_t i = 1; i < u->selector_count; i++) {
        write_map(&c->w, 3);
        write_selector(&c->w, &u->selectors[i]);
    }
}

/* --- SETUSER, DELUSER ------------------------------------------------------------------------ */

static bool apply_rules(struct call *c, struct user *draft, const struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct bytes rule = rules->items[i];
        enum rule_error error = user_apply(draft, rule);
        if (error != RULE_OK) {
            write_error(&c->w, "ERR Error in ACL SETUSER modifier '%.*s': %s", (int)rule.len,
                        rule.data, rule_error_text(error));
            return false;
        }
    }
    return true;
}

static void accept(struct call *c, struct user *draft)
{
    struct services *sv = c->sv;
    const struct user *before = users_find(sv->users, bytes_of_string(draft->name));
    if (before != NULL)
        permission_user_changes(sv, before, draft, c->session);
    if (users_accept(sv->users, draft) == users_default(sv->users))
        permission_default_changed(sv);
}

void cmd_acl_setuser(struct call *c)
{
    struct rules rules;
    size_t unclosed;
    if (!user_name_is_valid(c->argv[2])) {
        write_error(&c->w, "ERR Usernames can't contain spaces or null characters");
        return;
    }
    if (rules_join(c->argv + 3, (size_t)c->argc - 3, &rules, &unclosed) != ERR_OK) {
        struct bytes word = c->argv[3 + unclosed];
        write_error(&c->w, "ERR Unmatched parenthesis in acl selector starting at '%.*s'.",
                    (int)word.len, word.data);
        return;
    }
    struct user *draft = users_draft(c->sv->users, c->argv[2]);
    if (apply_rules(c, draft, &rules)) {
        accept(c, draft);
        write_ok(&c->w);
    } else {
        user_destroy(draft);
    }
    rules_free(&rules);
}

void cmd_acl_deluser(struct call *c)
{
    int64_t deleted = 0;
    for (int i = 2; i < c->argc; i++) {
        if (bytes_equal(c->argv[i], BYTES_LITERAL(USERS_DEFAULT_NAME))) {
            write_error(&c->w, "ERR The 'default' user cannot be removed");
            return;
        }
    }
    for (int i = 2; i < c->argc; i++) {
        struct user *u = users_take(c->sv->users, c->argv[i]);
        if (u == NULL)
            continue;
        permission_user_removed(c->sv, u, c->session);
        user_destroy(u);
        deleted++;
    }
    write_int(&c->w, deleted);
}

/* --- CAT ------------------------------------------------------------------------------------ */

static void write_categories(struct call *c)
{
    size_t count = 0;
    while (command_category_word(count) != NULL)
        count++;
    write_array(&c->w, count);
    for (size_t i = 0; i < count; i++)
        write_bulk_string(&c->w, command_category_word(i) + 1);
}

void cmd_acl_cat(struct call *c)
{
    if (c->argc > 3) {
        reply_subcommand_usage(c);
        return;
    }
    if (c->argc == 2) {
        write_categories(c);
        return;
    }
    const struct command_table *t = c->sv->commands;
    unsigned category = command_category(c->argv[2]);
    size_t count = 0;
    if (category == 0) {
        write_error(&c->w, "ERR Unknown category '%.*s'", (int)c->argv[2].len, c->argv[2].data);
        return;
    }
    for (size_t i = 0; i < command_table_count(t); i++)
        count += (command_at(t, i)->categories & category) != 0;
    write_array(&c->w, count);
    for (size_t i = 0; i < command_table_count(t); i++)
        if (command_at(t, i)->categories & category)
            write_bulk_string(&c->w, command_at(t, i)->name);
}

/* --- GENPASS -------------------------------------------------------------------------------- */

void cmd_acl_genpass(struct call *c)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char secret[GENPASS_BITS_MAX / 8];
    char text[GENPASS_BITS_MAX / 4];
    int64_t bits = GENPASS_BITS_DEFAULT;
    if (c->argc > 3) {
        reply_subcommand_usage(c);
        return;
    }
    if (c->argc == 3 && !num_parse_i64(c->argv[2], &bits)) {
        reply_not_an_integer(c);
        return;
    }
    if (bits <= 0 || bits > GENPASS_BITS_MAX) {
        write_error(
            &c->w,
            "ERR ACL GENPASS argument must be the number of bits for the output password, a "
            "positive number up to %d",
            GENPASS_BITS_MAX);
        return;
    }
    size_t len = ((size_t)bits + 3) / 4;
    if (c->sv->secret_bytes == NULL || !c->sv->secret_bytes(secret, (len + 1) / 2)) {
        write_error(&c->w, "ERR the system gives no random bytes");
        return;
    }
    for (size_t i = 0; i < len; i++)
        text[i] = digits[i % 2 == 0 ? secret[i / 2] >> 4 : secret[i / 2] & 15];
    write_bulk(&c->w, bytes_of(text, len));
}

/* --- DRYRUN --------------------------------------------------------------------------------- */

static void write_judgement(struct call *c, const struct user *u, const struct command *command)
{
    struct buf object = {0};
    enum access_denial denial =
        permission_judge(c->sv, u, command, c->argc - 3, c->argv + 3, &object);
    int len = (int)object.len;
    const char *text = buf_bytes(&object).data;
    switch (denial) {
    case ACCESS_GRANTED:
        write_ok(&c->w);
        break;
    case ACCESS_DENIED_COMMAND:
        write_bulk_printf(&c->w, "This user has no permissions to run the '%.*s' command", len,
                          text);
        break;
    case ACCESS_DENIED_KEY:
        write_bulk_printf(&c->w, "This user has no permissions to access the '%.*s' key", len,
                          text);
        break;
    case ACCESS_DENIED_CHANNEL:
        write_bulk_printf(&c->w, "This user has no permissions to access the '%.*s' channel", len,
                          text);
        break;
    }
    buf_deinit(&object);
}

void cmd_acl_dryrun(struct call *c)
{
    const struct user *u = users_find(c->sv->users, c->argv[2]);
    if (u == NULL) {
        write_error(&c->w, "ERR User '%.*s' not found", (int)c->argv[2].len, c->argv[2].data);
        return;
    }
    int argc = c->argc - 3;
    const struct command *command = command_find(c->sv->commands, argc, c->argv + 3, NULL);
    if (command == NULL) {
        write_error(&c->w, "ERR Command '%.*s' not found", (int)c->argv[3].len, c->argv[3].data);
        return;
    }
    bool fits = command->arity >= 0 ? argc == command->arity : argc >= -command->arity;
    if (!fits) {
        write_error(&c->w, "ERR wrong number of arguments for '%s' command", command->name);
        return;
    }
    write_judgement(c, u, command);
}

/* --- LOAD, SAVE ----------------------------------------------------------------------------- */

static bool has_file(struct call *c)
{
    if (access_has_file(c->sv))
        return true;
    write_error(&c->w,
                "ERR This Echolog instance is not configured to use an ACL file. You may want "
                "to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE "
                "(assuming you have an Echolog configuration file set) in order to store users "
                "in the Echolog configuration.");
    return false;
}

void cmd_acl_load(struct call *c)
{
    struct buf text = {0};
    if (!has_file(c))
        return;
    buf_append_string(&text, "ERR ");
    if (access_load(c->sv, c->session, &text) == ERR_OK)
        write_ok(&c->w);
    else
        write_long_error(&c->w, buf_bytes(&text));
    buf_deinit(&text);
}

void cmd_acl_save(struct call *c)
{
    struct buf why = {0};
    if (!has_file(c))
        return;
    if (access_save(c->sv, &why) == ERR_OK) {
        write_ok(&c->w);
    } else {
        TRACE_WARN(c->sv->trace, "The users could not be saved: %.*s", (int)why.len,
                   buf_bytes(&why).data);
        write_error(&c->w,
                    "ERR There was an error trying to save the ACLs. Please check the server "
                    "logs for more information");
    }
    buf_deinit(&why);
}
