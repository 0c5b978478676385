/* SPDX-License-Identifier: BSD-3-Clause */
#include "access/user.h"

#include "base/mem.h"
#include "base/words.h"

/* --- life ----------------------------------------------------------------------------------- */

static struct selector *add_selector(struct user *u)
{
    u->selectors = mem_realloc(u->selectors, (u->selector_count + 1) * sizeof(*u->selectors));
    return &u->selectors[u->selector_count++];
}

struct user *user_create(struct bytes name, const struct access_vocabulary *vocabulary,
                         bool all_channels)
{
    struct user *u = mem_zalloc(1, sizeof(*u));
    ASSERT(user_name_is_valid(name));
    u->name = mem_strndup(name.data, name.len);
    u->vocabulary = vocabulary;
    u->all_channels = all_channels;
    selector_init(add_selector(u), vocabulary, all_channels);
    return u;
}

struct user *user_copy(const struct user *u)
{
    struct user *copy = mem_alloc(sizeof(*copy));
    *copy = *u;
    copy->name = mem_strdup(u->name);
    copy->passwords = mem_alloc((u->password_count + 1) * sizeof(*u->passwords));
    if (u->password_count > 0)
        memcpy(copy->passwords, u->passwords, u->password_count * sizeof(*u->passwords));
    copy->selectors = NULL;
    copy->selector_count = 0;
    for (size_t i = 0; i < u->selector_count; i++)
        selector_copy(add_selector(copy), &u->selectors[i]);
    return copy;
}

/* All but the first. */
static void clear_selectors(struct user *u)
{
    while (u->selector_count > 1)
        selector_deinit(&u->selectors[--u->selector_count]);
}

void user_destroy(struct user *u)
{
    clear_selectors(u);
    selector_deinit(&u->selectors[0]);
    mem_free(u->selectors);
    mem_free(u->passwords);
    mem_free(u->name);
    mem_free(u);
}

void user_exchange(struct user *a, struct user *b)
{
    struct user content = *a;
    char *name_a = a->name, *name_b = b->name;
    *a = *b;
    *b = content;
    a->name = name_a;
    b->name = name_b;
}

bool user_name_is_valid(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '\0' || word_is_blank(name.data[i]))
            return false;
    return true;
}

/* --- passwords ------------------------------------------------------------------------------ */

static void add_password(struct user *u, const struct password *p)
{
    u->nopass = false;
    if (password_is_among(p, u->passwords, u->password_count))
        return;
    u->passwords = mem_realloc(u->passwords, (u->password_count + 1) * sizeof(*u->passwords));
    u->passwords[u->password_count++] = *p;
}

static enum rule_error remove_password(struct user *u, const struct password *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < u->password_count; i++)
        if (!password_is_among(p, &u->passwords[i], 1))
            u->passwords[kept++] = u->passwords[i];
    bool found = kept < u->password_count;
    u->password_count = kept;
    return found ? RULE_OK : RULE_NO_PASSWORD;
}

/* ">text", "<text", "#hash", "!hash" */
static enum rule_error apply_password(struct user *u, struct bytes rule)
{
    struct password p;
    struct bytes text = bytes_of(rule.data + 1, rule.len - 1);
    bool in_text = rule.data[0] == '>' || rule.data[0] == '<';
    bool adds = rule.data[0] == '>' || rule.data[0] == '#';
    if (in_text)
        password_of(text, &p);
    else if (!password_from_hex(text, &p))
        return RULE_BAD_HASH;
    if (!adds)
        return remove_password(u, &p);
    add_password(u, &p);
    return RULE_OK;
}

bool user_accepts(const struct user *u, struct bytes password)
{
    struct password p;
    password_of(password, &p);
    if (u == NULL || !u->enabled)
        return false;
    return u->nopass || password_is_among(&p, u->passwords, u->password_count);
}

/* --- rules ---------------------------------------------------------------------------------- */

/* What would be read as something else when it is told again between parentheses. */
static bool is_ambiguous(struct bytes rule)
{
    if (rule.len > 0 && rule.data[rule.len - 1] == ')')
        return true;
    return memchr(rule.data, '"', rule.len) != NULL || memchr(rule.data, '\'', rule.len) != NULL;
}

static enum rule_error apply_inside(struct selector *s, struct bytes rule)
{
    return is_ambiguous(rule) ? RULE_SYNTAX : selector_apply(s, rule);
}

/* "(rule rule …)" */
static enum rule_error add_parenthesised(struct user *u, struct bytes rules)
{
    struct selector s;
    char *word = mem_alloc(rules.len + 1);
    size_t at = 0, len;
    enum err err;
    enum rule_error error = RULE_OK;
    selector_init(&s, u->vocabulary, u->all_channels);
    while (error == RULE_OK && (err = word_next(rules, &at, word, &len)) != ERR_NOT_FOUND)
        error = err == ERR_OK ? apply_inside(&s, bytes_of(word, len)) : RULE_SYNTAX;
    if (error == RULE_OK)
        *add_selector(u) = s;
    else
        selector_deinit(&s);
    mem_free(word);
    return error;
}

static void reset(struct user *u)
{
    clear_selectors(u);
    selector_deinit(&u->selectors[0]);
    selector_init(&u->selectors[0], u->vocabulary, u->all_channels);
    u->password_count = 0;
    u->nopass = false;
    u->enabled = false;
    u->sanitize = USER_SANITIZE;
}

static enum rule_error apply(struct user *u, struct bytes rule)
{
    if (bytes_is(rule, "on") || bytes_is(rule, "off")) {
        u->enabled = bytes_is(rule, "on");
    } else if (bytes_is(rule, "nopass") || bytes_is(rule, "resetpass")) {
        u->nopass = bytes_is(rule, "nopass");
        u->password_count = 0;
    } else if (bytes_is(rule, "sanitize-payload")) {
        u->sanitize = USER_SANITIZE;
    } else if (bytes_is(rule, "skip-sanitize-payload")) {
        u->sanitize = USER_SANITIZE_SKIP;
    } else if (bytes_is(rule, "clearselectors")) {
        clear_selectors(u);
    } else if (bytes_is(rule, "reset")) {
        reset(u);
    } else if (strchr("><#!", rule.data[0]) != NULL && rule.data[0] != '\0') {
        return apply_password(u, rule);
    } else if (rule.data[0] == '(' && rule.data[rule.len - 1] == ')') {
        return add_parenthesised(u, bytes_of(rule.data + 1, rule.len - 2));
    } else {
        return selector_apply(&u->selectors[0], rule);
    }
    return RULE_OK;
}

enum rule_error user_apply(struct user *u, struct bytes rule)
{
    if (rule.len == 0)
        return RULE_OK;
    enum rule_error error = apply(u, rule);
    u->unrestricted = false;
    for (size_t i = 0; i < u->selector_count; i++) {
        const struct selector *s = &u->selectors[i];
        u->unrestricted |= s->all_commands && s->all_keys && s->all_channels;
    }
    return error;
}

/* --- judging -------------------------------------------------------------------------------- */

enum access_denial user_check(const struct user *u, const struct access_call *call, size_t *name)
{
    enum access_denial denial = ACCESS_DENIED_COMMAND;
    *name = 0;
    for (size_t i = 0; i < u->selector_count; i++) {
        size_t at;
        enum access_denial one = selector_check(&u->selectors[i], call, &at);
        if (one == ACCESS_GRANTED)
            return one;
        if (one > denial || (one == denial && at > *name)) {
            denial = one;
            *name = at;
        }
    }
    return denial;
}

bool user_grants_channel(const struct user *u, struct bytes name, bool is_pattern)
{
    for (size_t i = 0; i < u->selector_count; i++)
        if (selector_grants_channel(&u->selectors[i], name, is_pattern))
            return true;
    return false;
}

/* --- telling -------------------------------------------------------------------------------- */

void user_each_flag(const struct user *u, void (*fn)(void *ctx, const char *word), void *ctx)
{
    fn(ctx, u->enabled ? "on" : "off");
    if (u->nopass)
        fn(ctx, "nopass");
    if (u->sanitize == USER_SANITIZE_SKIP)
        fn(ctx, "skip-sanitize-payload");
    if (u->sanitize == USER_SANITIZE)
        fn(ctx, "sanitize-payload");
}

static void append_flag(void *ctx, const char *word)
{
    struct buf *text = ctx;
    buf_printf(text, " %s", word);
}

void user_describe(const struct user *u, struct buf *text)
{
    buf_printf(text, "user %s", u->name);
    user_each_flag(u, append_flag, text);
    for (size_t i = 0; i < u->password_count; i++) {
        char hex[PASSWORD_HEX_LEN + 1];
        password_to_hex(&u->passwords[i], hex);
        buf_printf(text, " #%s", hex);
    }
    for (size_t i = 0; i < u->selector_count; i++) {
        buf_append_string(text, i > 0 ? " (" : " ");
        selector_describe(&u->selectors[i], text);
        buf_append_string(text, i > 0 ? ")" : "");
    }
}
