/* SPDX-License-Identifier: BSD-3-Clause */
#include "access/users.h"

#include "access/rules.h"
#include "base/mem.h"

struct users {
    const struct access_vocabulary *vocabulary; /* borrowed */
    bool all_channels;
    bool default_given;  /* by a line that was read */
    struct user **items; /* owned, in order of name */
    size_t count;
    struct user *default_user; /* one of them */
};

/* --- the set -------------------------------------------------------------------------------- */

/* Where a user of that name is, or would be. */
static size_t place_of(const struct users *us, struct bytes name, bool *found)
{
    size_t low = 0, high = us->count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = bytes_compare(bytes_of_string(us->items[middle]->name), name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert(struct users *us, struct user *u)
{
    bool found;
    size_t place = place_of(us, bytes_of_string(u->name), &found);
    ASSERT(!found);
    us->items = mem_realloc(us->items, (us->count + 1) * sizeof(*us->items));
    memmove(&us->items[place + 1], &us->items[place], (us->count - place) * sizeof(*us->items));
    us->items[place] = u;
    us->count++;
}

static struct user *remove_at(struct users *us, size_t place)
{
    struct user *u = us->items[place];
    us->count--;
    memmove(&us->items[place], &us->items[place + 1], (us->count - place) * sizeof(*us->items));
    return u;
}

/* Rules of our own are right. */
static void must_apply(struct user *u, const char *rule)
{
    enum rule_error error = user_apply(u, bytes_of_string(rule));
    ASSERT(error == RULE_OK);
}

struct users *users_create(const struct access_vocabulary *vocabulary)
{
    struct users *us = mem_zalloc(1, sizeof(*us));
    us->vocabulary = vocabulary;
    us->default_user = user_create(BYTES_LITERAL(USERS_DEFAULT_NAME), vocabulary, true);
    must_apply(us->default_user, "+@all");
    must_apply(us->default_user, "~*");
    must_apply(us->default_user, "on");
    must_apply(us->default_user, "nopass");
    us->default_user->all_channels = false;
    insert(us, us->default_user);
    return us;
}

void users_destroy(struct users *us)
{
    for (size_t i = 0; i < us->count; i++)
        user_destroy(us->items[i]);
    mem_free(us->items);
    mem_free(us);
}

void users_set_all_channels(struct users *us, bool all_channels)
{
    us->all_channels = all_channels;
    for (size_t i = 0; i < us->count; i++)
        us->items[i]->all_channels = all_channels;
}

const struct access_vocabulary *users_vocabulary(const struct users *us)
{
    return us->vocabulary;
}

struct user *users_default(const struct users *us)
{
    return us->default_user;
}

struct user *users_find(const struct users *us, struct bytes name)
{
    bool found;
    size_t place = place_of(us, name, &found);
    return found ? us->items[place] : NULL;
}

size_t users_count(const struct users *us)
{
    return us->count;
}

struct user *users_at(const struct users *us, size_t i)
{
    ASSERT(i < us->count);
    return us->items[i];
}

/* --- changes -------------------------------------------------------------------------------- */

struct user *users_draft(const struct users *us, struct bytes name)
{
    const struct user *u = users_find(us, name);
    return u != NULL ? user_copy(u) : user_create(name, us->vocabulary, us->all_channels);
}

struct user *users_accept(struct users *us, struct user *draft)
{
    struct user *u = users_find(us, bytes_of_string(draft->name));
    if (u == NULL) {
        insert(us, draft);
        return draft;
    }
    user_exchange(u, draft);
    user_destroy(draft);
    return u;
}

struct user *users_take(struct users *us, struct bytes name)
{
    bool found;
    size_t place = place_of(us, name, &found);
    if (!found)
        return NULL;
    ASSERT(us->items[place] != us->default_user);
    return remove_at(us, place);
}

void users_set_default_password(struct users *us, struct bytes password)
{
    struct user *u = us->default_user;
    if (password.len == 0) {
        must_apply(u, "nopass");
        return;
    }
    struct buf rule = {0};
    must_apply(u, "resetpass");
    buf_append_char(&rule, '>');
    buf_append_bytes(&rule, password);
    enum rule_error error = user_apply(u, buf_bytes(&rule));
    ASSERT(error == RULE_OK);
    buf_deinit(&rule);
}

/* --- text ----------------------------------------------------------------------------------- */

void users_write(const struct users *us, struct buf *text)
{
    for (size_t i = 0; i < us->count; i++) {
        user_describe(us->items[i], text);
        buf_append_char(text, '\n');
    }
}

static bool is_trimmed(char c, bool blanks)
{
    return c == '\t' || c == '\r' || c == '\n' || (blanks && c == ' ');
}

static struct bytes trim(struct bytes text, bool blanks)
{
    while (text.len > 0 && is_trimmed(text.data[text.len - 1], blanks))
        text.len--;
    while (text.len > 0 && is_trimmed(text.data[0], blanks))
        text = bytes_of(text.data + 1, text.len - 1);
    return text;
}

/* Takes what stands before `end`, or all, off the front of `text`, with the end. */
static struct bytes take(struct bytes *text, char end)
{
    const char *at = text->len == 0 ? NULL : memchr(text->data, end, text->len);
    size_t len = at == NULL ? text->len : (size_t)(at - text->data);
    struct bytes taken = bytes_of(text->data, len);
    if (at != NULL)
        len++;
    *text = bytes_of(text->data + len, text->len - len);
    return taken;
}

struct reading {
    struct users *users;
    const char *file;
    int line;
    struct buf *errors;
};

/* Of errors that are not about commands only the first is told: it may be why there are others. */
static void read_rules(struct reading *r, struct user *u, const struct rules *rules)
{
    bool told = false;
    for (size_t i = 0; i < rules->count; i++) {
        struct bytes rule = trim(rules->items[i], false);
        enum rule_error error = user_apply(u, rule);
        if (error == RULE_UNKNOWN) {
            buf_printf(r->errors, "%s:%d: Error in applying operation '%.*s': %s. ", r->file,
                       r->line, (int)rule.len, rule.data, rule_error_text(error));
        } else if (error != RULE_OK && !told) {
            buf_printf(r->errors, "%s:%d: %s. ", r->file, r->line, rule_error_text(error));
            told = true;
        }
    }
}

/* A new user; "default" is there already, and begins anew when a line is about him. NULL: he was given before. */
static struct user *begin_user(struct users *us, struct bytes name)
{
    struct user *u = users_find(us, name);
    if (u != NULL && (u != us->default_user || us->default_given))
        return NULL;
    struct user *fresh = user_create(name, us->vocabulary, us->all_channels);
    if (u == NULL) {
        insert(us, fresh);
        return fresh;
    }
    us->default_given = true;
    user_exchange(u, fresh);
    user_destroy(fresh);
    return u;
}

static void read_user(struct reading *r, struct bytes name, const struct bytes *words, size_t count)
{
    struct rules rules;
    size_t unclosed;
    if (!user_name_is_valid(name)) {
        buf_printf(r->errors, "%s:%d: username '%.*s' contains invalid characters. ", r->file,
                   r->line, (int)name.len, name.data);
        return;
    }
    struct user *u = begin_user(r->users, name);
    if (u == NULL) {
        buf_printf(r->errors, "WARNING: Duplicate user '%.*s' found on line %d. ", (int)name.len,
                   name.data, r->line);
    } else if (rules_join(words, count, &rules, &unclosed) != ERR_OK) {
        buf_printf(r->errors, "%s:%d: Unmatched parenthesis in selector definition.", r->file,
                   r->line);
    } else {
        read_rules(r, u, &rules);
        rules_free(&rules);
    }
}

static void read_line(struct reading *r, struct bytes line)
{
    struct bytes *words = mem_alloc((line.len + 1) * sizeof(*words));
    size_t count = 0;
    while (line.len > 0)
        words[count++] = take(&line, ' ');
    if (count < 2 || !bytes_equal(words[0], BYTES_LITERAL("user")))
        buf_printf(r->errors, "%s:%d should start with user keyword followed by the username. ",
                   r->file, r->line);
    else
        read_user(r, words[1], words + 2, count - 2);
    mem_free(words);
}

enum err users_read(struct users *us, const char *file, struct bytes text, struct buf *errors)
{
    struct reading r = {.users = us, .file = file, .errors = errors};
    size_t before = errors->len;
    while (text.len > 0) {
        struct bytes line = trim(take(&text, '\n'), true);
        r.line++;
        if (line.len > 0)
            read_line(&r, line);
    }
    if (errors->len == before)
        return ERR_OK;
    buf_append_string(errors,
                      "WARNING: ACL errors detected, no change to the previously active ACL "
                      "rules was performed");
    return ERR_INVALID;
}

void users_replace(struct users *us, struct users *fresh,
                   void (*removed)(void *ctx, struct user *u), void *ctx)
{
    for (size_t i = us->count; i > 0; i--) {
        if (us->items[i - 1] == us->default_user)
            continue;
        struct user *u = remove_at(us, i - 1);
        removed(ctx, u);
        user_destroy(u);
    }
    user_exchange(us->default_user, fresh->default_user);
    for (size_t i = fresh->count; i > 0; i--)
        if (fresh->items[i - 1] != fresh->default_user)
            insert(us, remove_at(fresh, i - 1));
    users_destroy(fresh);
}

enum err users_configure(struct users *us, const struct bytes *words, size_t count, struct buf *why)
{
    struct rules rules;
    size_t unclosed;
    if (count == 0 || !user_name_is_valid(words[0])) {
        buf_append_string(why, "user needs a name, without spaces and null characters");
        return ERR_INVALID;
    }
    struct user *u = begin_user(us, words[0]);
    if (u == NULL) {
        buf_printf(why,
                   "Duplicate user '%.*s' found. A user can only be defined once in config files",
                   (int)words[0].len, words[0].data);
        return ERR_INVALID;
    }
    if (rules_join(words + 1, count - 1, &rules, &unclosed) != ERR_OK) {
        struct bytes word = words[1 + unclosed];
        buf_printf(why, "Unmatched parenthesis in acl selector starting at '%.*s'.", (int)word.len,
                   word.data);
        return ERR_INVALID;
    }
    enum rule_error error = RULE_OK;
    if (u == us->default_user)
        must_apply(u, "reset");
    for (size_t i = 0; i < rules.count && error == RULE_OK; i++) {
        struct bytes rule = rules.items[i];
        error = user_apply(u, rule);
        /* A password may stand in it: only what cannot hold one is shown. */
        if (error == RULE_UNKNOWN)
            buf_printf(why, "Error in user declaration '%.*s': %s", (int)rule.len, rule.data,
                       rule_error_text(error));
        else if (error != RULE_OK)
            buf_printf(why, "Error in user declaration of '%s': %s", u->name,
                       rule_error_text(error));
    }
    rules_free(&rules);
    return error == RULE_OK ? ERR_OK : ERR_INVALID;
}
