/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes that others must agree to: what is prepared is committed or abandoned, all of it. */
#include "config/config_part.h"
#include "unit/config/say.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define LOG_ROOM 256

/* A part that writes down what it is asked, and refuses when told to. */
struct witness {
    struct config_part part;
    char mark;
    const char *refuses; /* the directive; NULL: nothing */
};

static struct config c;
static struct list parts;
static char told[LOG_ROOM]; /* by all of them: "aP bP bC aC" */
static int64_t clients_at_prepare, clients_after, clients_at_commit;
static char changed_seen[LOG_ROOM];

static void tell(const struct witness *w, char what)
{
    size_t len = strlen(told);
    (void)snprintf(told + len, LOG_ROOM - len, "%s%c%c", len == 0 ? "" : " ", w->mark, what);
}

static enum err on_prepare(struct config_part *p, struct config_change *change)
{
    struct witness *w = CONTAINER_OF(p, struct witness, part);

    tell(w, 'P');
    clients_at_prepare = c.maxclients;
    clients_after = change->after->maxclients;
    changed_seen[0] = '\0';
    for (size_t i = 0; i < change->changed_count; i++) {
        strcat(changed_seen, change->changed[i]->name);
        strcat(changed_seen, " ");
    }
    if (w->refuses != NULL)
        return config_change_refuse(change, w->refuses, "no %s %d", w->refuses, 7);
    return ERR_OK;
}

static void on_commit(struct config_part *p, const struct config_change *change)
{
    (void)change;
    tell(CONTAINER_OF(p, struct witness, part), 'C');
    clients_at_commit = c.maxclients;
}

static void on_abandon(struct config_part *p, const struct config_change *change)
{
    (void)change;
    tell(CONTAINER_OF(p, struct witness, part), 'A');
}

static struct witness a = {.part = {on_prepare, on_commit, on_abandon, {NULL, NULL}}, .mark = 'a'};
static struct witness b = {.part = {on_prepare, on_commit, on_abandon, {NULL, NULL}}, .mark = 'b'};
static struct witness d = {.part = {on_prepare, on_commit, on_abandon, {NULL, NULL}}, .mark = 'd'};

static void set_up(void)
{
    config_init(&c);
    list_init(&parts);
    list_push_back(&parts, &a.part.link);
    list_push_back(&parts, &b.part.link);
    list_push_back(&parts, &d.part.link);
}

static void tear_down(void)
{
    config_deinit(&c);
}

TestSuite(config_part, .init = set_up, .fini = tear_down);

#define SET(...) set_pairs_with(&c, &parts, __VA_ARGS__, NULL)

Test(config_part, all_prepare_with_the_old_values_in_force_and_then_commit_with_the_new)
{
    cr_assert_str_eq(SET("maxclients", "7", "timeout", "8"), "");
    cr_assert_str_eq(told, "aP bP dP aC bC dC");
    cr_assert_str_eq(changed_seen, "maxclients timeout ");
    cr_assert_eq(clients_at_prepare, 10000);
    cr_assert_eq(clients_after, 7);
    cr_assert_eq(clients_at_commit, 7);
}

Test(config_part, a_refusal_undoes_what_was_prepared_and_changes_nothing)
{
    b.refuses = "timeout";
    cr_assert_str_eq(SET("maxclients", "7", "timeout", "8", "requirepass", "x"),
                     "CONFIG SET failed (possibly related to argument 'timeout') - no timeout 7");
    cr_assert_str_eq(told, "aP bP aA");
    cr_assert(c.maxclients == 10000 && c.timeout_s == 0);
    cr_assert_str_eq(c.requirepass, "");
}

Test(config_part, the_last_that_prepared_abandons_first)
{
    d.refuses = "timeout";
    cr_assert_str_neq(SET("timeout", "8"), "");
    cr_assert_str_eq(told, "aP bP dP bA aA");
}

Test(config_part, a_refusal_that_names_what_did_not_change_is_put_to_what_did)
{
    a.refuses = "port";
    cr_assert_str_eq(SET("timeout", "8"),
                     "CONFIG SET failed (possibly related to argument 'timeout') - no port 7");
    cr_assert_str_eq(told, "aP");
}

Test(config_part, values_that_stay_the_same_are_no_change)
{
    cr_assert_str_eq(SET("timeout", "0", "maxclients", "10000"), "");
    cr_assert_str_eq(told, "");
    cr_assert_str_eq(SET("timeout", "0", "maxclients", "9"), "");
    cr_assert_str_eq(changed_seen, "maxclients ");
}

Test(config_part, a_file_that_is_named_again_may_have_changed)
{
    cr_assert_str_eq(SET("tls-cert-file", "", "tls-ciphers", "", "timeout", "0"), "");
    cr_assert_str_eq(changed_seen, "tls-cert-file ");
}

Test(config_part, bad_values_are_found_before_anyone_is_asked)
{
    cr_assert_str_neq(SET("timeout", "8", "maxclients", "0"), "");
    cr_assert_str_eq(told, "");
}

Test(config_part, what_has_nothing_to_do_in_a_step_needs_no_function)
{
    struct config_part idle = {.prepare = NULL};
    list_push_front(&parts, &idle.link);
    cr_assert_str_eq(SET("timeout", "8"), "");
    d.refuses = "timeout";
    cr_assert_str_neq(SET("timeout", "9"), "");
    cr_assert(c.timeout_s == 8);
}
