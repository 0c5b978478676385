/* SPDX-License-Identifier: BSD-3-Clause */
/* What rules allow: by examples, and by thousands of random users and calls against a model that is as simple as
 * the documentation. */
#include "base/glob.h"
#include "base/random.h"
#include "unit/access/words.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void expect(const char *rules, const char *call, char verdict)
{
    struct user *u = user_of(rules);
    char said = judge(u, call);
    cr_expect_eq(said, verdict, "%s: %s is '%c'", rules, call, said);
    user_destroy(u);
}

Test(permission, a_command_needs_its_rule)
{
    expect("~* &*", "get a", 'c');
    expect("~* +get", "get a", '+');
    expect("~* +@all -get", "get a", 'c');
    expect("+config|get", "config|get", '+');
    expect("+config|get", "config|set", 'c');
    expect("+config -config|set", "config|help", '+');
    expect("", "auth", '+');
}

Test(permission, a_first_argument_counts_where_the_command_is_not_allowed)
{
    expect("+select|0", "select 0", '+');
    expect("+select|zero", "select ZERO", '+');
    expect("+select|0", "select 1", 'c');
    expect("+select|0", "select", 'c');
}

Test(permission, every_key_needs_a_pattern_that_allows_what_is_done)
{
    expect("+@all ~a*", "get abc", '+');
    expect("+@all ~a*", "get abc b", 'k');
    expect("+@all ~a* ~b", "get abc b", '+');
    expect("+@all %R~a", "get a", '+');
    expect("+@all %R~a", "set a", 'k');
    expect("+@all %W~a", "set a", '+');
    expect("+@all %W~a", "get a", 'k');
    expect("+@all", "get a", 'k');
    expect("+@all", "select 0", '+');
}

Test(permission, to_read_by_one_pattern_and_write_by_another_is_not_to_do_both)
{
    struct bytes argv[] = {BYTES_LITERAL("get"), BYTES_LITERAL("k")};
    struct access_name both = {.text = argv[1], .use = ACCESS_READ | ACCESS_WRITE};
    struct access_call call = {
        .command = 0, .argc = 2, .argv = argv, .names = &both, .name_count = 1};
    struct user *u = user_of("+get %R~k* %W~?");
    size_t at;
    cr_expect_eq(user_check(u, &call, &at), ACCESS_DENIED_KEY);
    cr_expect_eq(apply_line(u, "%RW~[k]"), RULE_OK);
    cr_expect_eq(user_check(u, &call, &at), ACCESS_GRANTED);
    user_destroy(u);
}

Test(permission, channels_match_and_patterns_must_be_there_as_they_are)
{
    expect("+@all &a*", "publish abc", '+');
    expect("+@all &a*", "publish b", 'h');
    expect("+@all &a*", "subscribe abc b", 'h');
    expect("+@all &a*", "psubscribe a*", '+');
    expect("+@all &a*", "psubscribe ab*", 'h');
    expect("+@all &*", "psubscribe ab*", '+');
}

Test(permission, one_selector_must_allow_all_of_it)
{
    expect("~a +get (~b +set)", "get a", '+');
    expect("~a +get (~b +set)", "set b", '+');
    expect("~a +get (~b +set)", "set a", 'k');
    expect("~a +get (~b +get)", "get a b", 'k');
    expect("~a +get (~b +get) (~a ~b +get)", "get a b", '+');
    expect("(&x +publish)", "publish y", 'h');
    expect("~a +get (~b +set)", "del a", 'c');
}

Test(permission, a_denial_tells_of_the_selector_that_came_farthest)
{
    struct bytes argv[] = {BYTES_LITERAL("get"), BYTES_LITERAL("a"), BYTES_LITERAL("b"),
                           BYTES_LITERAL("c")};
    struct access_name names[3];
    for (int i = 0; i < 3; i++)
        names[i] = (struct access_name){.text = argv[i + 1], .use = ACCESS_READ};
    struct access_call call = {.argc = 4, .argv = argv, .names = names, .name_count = 3};
    struct user *u = user_of("~x +get (~a ~b +get) (~a +get)");
    size_t at;
    cr_expect_eq(user_check(u, &call, &at), ACCESS_DENIED_KEY);
    cr_expect_eq(at, 2);
    user_destroy(u);
}

Test(permission, of_names_side_by_side_one_is_enough)
{
    struct bytes argv[] = {BYTES_LITERAL("get")};
    struct access_name names[] = {{BYTES_LITERAL("a"), ACCESS_READ | ACCESS_OR_NEXT},
                                  {BYTES_LITERAL("b"), ACCESS_READ | ACCESS_OR_NEXT},
                                  {BYTES_LITERAL("c"), ACCESS_READ},
                                  {BYTES_LITERAL("d"), ACCESS_READ}};
    struct access_call call = {.argc = 1, .argv = argv, .names = names, .name_count = 4};
    static const struct {
        const char *rules;
        enum access_denial denial;
        size_t at;
    } cases[] = {{"+get ~c ~d", ACCESS_GRANTED, 0},
                 {"+get ~b ~d", ACCESS_GRANTED, 0},
                 {"+get ~d", ACCESS_DENIED_KEY, 0},
                 {"+get ~a", ACCESS_DENIED_KEY, 3}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct user *u = user_of(cases[i].rules);
        size_t at;
        cr_expect_eq(user_check(u, &call, &at), cases[i].denial, "%s", cases[i].rules);
        cr_expect_eq(at, cases[i].at, "%s", cases[i].rules);
        user_destroy(u);
    }
}

Test(permission, who_may_do_everything_is_known_as_such)
{
    static const struct {
        const char *rules;
        bool unrestricted;
    } cases[] = {
        {"+@all ~* &*", true},
        {"+@all ~* &* -get", false},
        {"+@all ~*", false},
        {"+@all &* ~a", false},
        {"(+@all ~* &*)", true},
        {"+@all ~* &* resetkeys", false},
        {"+@all (~* &*)", false},
        {"+@all ~* &* reset", false},
        {"+@all ~* &* resetchannels", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct user *u = user_of(cases[i].rules);
        cr_expect_eq(u->unrestricted, cases[i].unrestricted, "%s", cases[i].rules);
        user_destroy(u);
    }
}

/* --- the model ------------------------------------------------------------------------------ */

/* Remembers rules as they came, and reads them backwards for each question. */
#define RULES_MAX 12
#define SELECTORS_MAX 3
#define SEEDS 20

struct model {
    const char *rules[SELECTORS_MAX][RULES_MAX];
    int count[SELECTORS_MAX];
    int selectors;
};

static const char *const rule_words[] = {
    "+get",          "-get",        "+set",       "-set",   "+config",     "-config",
    "+config|get",   "-config|get", "+@read",     "-@read", "+@write",     "-@write",
    "+@admin",       "-@admin",     "+@all",      "-@all",  "+@fast",      "-@slow",
    "+@pubsub",      "-@pubsub",    "~a*",        "~b",     "%R~c*",       "%W~c*",
    "%R~*a",         "%W~?b",       "resetkeys",  "&a*",    "&b",          "&*b*",
    "resetchannels", "+publish",    "-subscribe", "+@log",  "+psubscribe", "+fetch",
};
static const char *const name_words[] = {"a", "b", "ca", "cb", "ab", "abc", "c", "a*", "&"};

static bool model_has_category(size_t command, struct bytes word)
{
    for (size_t i = 0; i < words.category_count; i++)
        if (bytes_is(word, words.categories[i]))
            return words.commands[command].categories >> i & 1;
    abort(); /* the rules of the model are right */
}

/* Whether the rule is about the command. */
static bool model_names(const char *rule, size_t command)
{
    const char *name = words.commands[command].name;
    if (strcmp(rule + 1, "@all") == 0)
        return true;
    if (rule[1] == '@')
        return model_has_category(command, bytes_of_string(rule + 2));
    size_t len = strlen(rule + 1);
    return strcmp(rule + 1, name) == 0 || (strncmp(rule + 1, name, len) == 0 && name[len] == '|');
}

static bool model_command(const struct model *m, int selector, size_t command)
{
    if (words.commands[command].for_everyone)
        return true;
    for (int i = m->count[selector] - 1; i >= 0; i--) {
        const char *rule = m->rules[selector][i];
        if ((rule[0] == '+' || rule[0] == '-') && model_names(rule, command))
            return rule[0] == '+';
    }
    return false;
}

static bool model_key(const struct model *m, int selector, struct bytes name, unsigned use)
{
    unsigned uses[RULES_MAX] = {0}; /* patterns given twice allow what both do */
    for (int i = m->count[selector] - 1; i >= 0; i--) {
        const char *rule = m->rules[selector][i];
        if (strcmp(rule, "resetkeys") == 0)
            break;
        const char *tilde = strchr(rule, '~');
        if (tilde == NULL || (rule[0] != '~' && rule[0] != '%'))
            continue;
        for (int j = i; j < m->count[selector]; j++) {
            const char *same = m->rules[selector][j];
            const char *there = strchr(same, '~');
            if (there == NULL || strcmp(there, tilde) != 0)
                continue;
            if (same[0] == '~')
                uses[i] |= ACCESS_READ | ACCESS_WRITE;
            else
                uses[i] |= same[1] == 'R' ? ACCESS_READ : ACCESS_WRITE;
        }
        if ((uses[i] & use) == use && glob_match(bytes_of_string(tilde + 1), name))
            return true;
    }
    return false;
}

static bool model_channel(const struct model *m, int selector, struct bytes name, bool is_pattern)
{
    for (int i = m->count[selector] - 1; i >= 0; i--) {
        const char *rule = m->rules[selector][i];
        if (strcmp(rule, "resetchannels") == 0)
            return false;
        if (rule[0] != '&')
            continue;
        struct bytes glob = bytes_of_string(rule + 1);
        if (is_pattern ? bytes_equal(glob, name) : glob_match(glob, name))
            return true;
    }
    return false;
}

static bool model_allows(const struct model *m, const struct access_call *call)
{
    for (int s = 0; s < m->selectors; s++) {
        bool allowed = model_command(m, s, call->command);
        for (size_t i = 0; i < call->name_count && allowed; i++) {
            const struct access_name *name = &call->names[i];
            if (name->use & (ACCESS_CHANNEL | ACCESS_PATTERN))
                allowed = model_channel(m, s, name->text, name->use & ACCESS_PATTERN);
            else
                allowed = model_key(m, s, name->text, name->use);
        }
        if (allowed)
            return true;
    }
    return false;
}

static const char *pick(struct random *r, const char *const *from, size_t count)
{
    return from[random_below(r, count)];
}

/* A user and the model of him, from the same rules. */
static struct user *make(struct random *r, struct model *m)
{
    struct buf line = {0};
    *m = (struct model){.selectors = 1 + (int)random_below(r, SELECTORS_MAX)};
    for (int s = 0; s < m->selectors; s++) {
        m->count[s] = (int)random_below(r, RULES_MAX + 1);
        buf_append_string(&line, s > 0 ? " (" : " ");
        for (int i = 0; i < m->count[s]; i++) {
            m->rules[s][i] = pick(r, rule_words, COUNT_OF(rule_words));
            buf_printf(&line, "%s%s", i > 0 ? " " : "", m->rules[s][i]);
        }
        buf_append_string(&line, s > 0 ? ")" : "");
    }
    buf_append_char(&line, '\0');
    struct user *u = user_of(line.data);
    buf_deinit(&line);
    return u;
}

/* The user that is made by what is told of the first. */
static struct user *told_again(const struct user *u)
{
    struct buf text = {0};
    user_describe(u, &text);
    buf_append_char(&text, '\0');
    struct user *again = user_of(text.data + strlen("user u"));
    buf_deinit(&text);
    return again;
}

static void ask(struct random *r, const struct model *m, const struct user *u,
                const struct user *again, unsigned long long seed)
{
    static const unsigned uses[] = {ACCESS_READ, ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE,
                                    ACCESS_CHANNEL, ACCESS_PATTERN};
    struct access_name names[3];
    struct bytes argv[1] = {BYTES_LITERAL("x")};
    struct access_call call = {.command = random_below(r, words.command_count),
                               .argc = 1,
                               .argv = argv,
                               .names = names,
                               .name_count = random_below(r, 4)};
    for (size_t i = 0; i < call.name_count; i++)
        names[i] =
            (struct access_name){.text = bytes_of_string(pick(r, name_words, COUNT_OF(name_words))),
                                 .use = uses[random_below(r, COUNT_OF(uses))]};
    size_t at;
    bool allowed = model_allows(m, &call);
    cr_assert_eq(user_check(u, &call, &at) == ACCESS_GRANTED, allowed, "ECHOLOG_SEED=%llu: %s",
                 seed, words.commands[call.command].name);
    cr_assert_eq(user_check(again, &call, &at) == ACCESS_GRANTED, allowed,
                 "ECHOLOG_SEED=%llu: told again: %s", seed, words.commands[call.command].name);
}

static void run_seed(uint64_t seed)
{
    struct random r;
    random_seed(&r, seed);
    for (int i = 0; i < 200; i++) {
        struct model m;
        struct user *u = make(&r, &m);
        struct user *again = told_again(u);
        for (int j = 0; j < 60; j++)
            ask(&r, &m, u, again, (unsigned long long)seed);
        user_destroy(u);
        user_destroy(again);
    }
}

Test(permission, decides_as_the_model_does, .timeout = 120)
{
    const char *chosen = getenv("ECHOLOG_SEED");
    if (chosen != NULL) {
        run_seed(strtoull(chosen, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}
