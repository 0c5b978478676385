/* SPDX-License-Identifier: BSD-3-Clause */
/* Every directive, from every place it can come from. A directive that has no row in
 * tests/support/directive_rows.c fails the first test: give it one. */
#include "support/directive_rows.h"
#include "unit/config/say.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#define ROOM 4096

static const struct directive *directive_of(const struct directive_row *row)
{
    return directive_find(&config_table, bytes_of_string(row->name));
}

static const char *shown_of(const struct directive_row *row)
{
    return row->shown != NULL ? row->shown : row->value;
}

Test(every_directive, has_a_row_and_only_one)
{
    for (size_t i = 0; i < config_table.count; i++) {
        const char *name = config_table.items[i].name;
        size_t rows = 0;
        for (size_t j = 0; j < directive_row_count; j++)
            rows += strcmp(directive_rows[j].name, name) == 0;
        cr_expect_eq(rows, 1, "'%s' has %zu rows in tests/support/directive_rows.c", name, rows);
    }
}

/* --- good values ------------------------------------------------------------------------------- */

static const char *by_file(struct config *c, const struct directive_row *row, const char *value)
{
    static char text[ROOM];
    (void)snprintf(text, sizeof(text), "%s \"%s\"\n", row->name, value);
    return read_text(c, text);
}

static const char *by_option(struct config *c, const struct directive_row *row, const char *value)
{
    char name[100];
    (void)snprintf(name, sizeof(name), "--%s", row->name);
    return read_options(c, name, value, NULL);
}

static const char *by_variable(struct config *c, const struct directive_row *row, const char *value)
{
    char variable[ROOM];
    struct buf why = {0};
    int len = snprintf(variable, sizeof(variable), "ECHOLOG_");
    for (const char *at = row->name; *at != '\0'; at++)
        variable[len++] = *at == '-' ? '_' : byte_upper(*at);
    (void)snprintf(variable + len, sizeof(variable) - (size_t)len, "=%s", value);
    char *environment[] = {variable, NULL};
    struct config_source s = {.config = c, .why = &why};
    return said(&why, config_read_environment(&s, environment));
}

static const char *by_set(struct config *c, const struct directive_row *row, const char *value)
{
    return set_pairs(c, row->name, value, NULL);
}

typedef const char *set_fn(struct config *c, const struct directive_row *row, const char *value);

static void expect_taken(set_fn *set, const struct directive_row *row)
{
    const struct directive *d = directive_of(row);
    struct config c;
    config_init(&c);
    cr_expect_str_neq(get_one(&c, d), shown_of(row), "%s: that is the default", row->name);
    cr_expect_str_eq(set(&c, row, row->value), "", "%s", row->name);
    cr_expect_str_eq(get_one(&c, d), shown_of(row), "%s", row->name);
    config_deinit(&c);
}

Test(every_directive, takes_a_value_from_each_source)
{
    for (size_t i = 0; i < directive_row_count; i++) {
        if (directive_of(&directive_rows[i]) == NULL)
            continue;
        expect_taken(by_file, &directive_rows[i]);
        expect_taken(by_option, &directive_rows[i]);
        expect_taken(by_variable, &directive_rows[i]);
    }
}

Test(every_directive, is_set_while_it_runs_or_says_that_it_cannot_be)
{
    for (size_t i = 0; i < directive_row_count; i++) {
        const struct directive_row *row = &directive_rows[i];
        const struct directive *d = directive_of(row);
        if (d == NULL)
            continue;
        if ((d->flags & DIRECTIVE_FIXED) == 0) {
            expect_taken(by_set, row);
            continue;
        }
        struct config c;
        char expected[200];
        config_init(&c);
        (void)snprintf(expected, sizeof(expected),
                       "CONFIG SET failed (possibly related to argument '%s') - can't set "
                       "immutable config",
                       row->name);
        cr_expect_str_eq(by_set(&c, row, row->value), expected);
        config_deinit(&c);
    }
}

/* --- bad values --------------------------------------------------------------------------------- */

/* The error has the directive's name as it is written there, the value (of secrets not) and the reason. */
static void expect_refused(set_fn *set, const struct directive_row *row, const char *name)
{
    const struct directive *d = directive_of(row);
    char text[600], before[ROOM];
    struct config c;
    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const char *bad = row->bad != NULL ? row->bad : text;
    config_init(&c);
    (void)snprintf(before, sizeof(before), "%s", get_one(&c, d));
    const char *why = set(&c, row, bad);
    cr_expect_not_null(strstr(why, name), "%s is not in: %s", name, why);
    cr_expect_not_null(strstr(why, row->reason), "%s: '%s' is not in: %s", name, row->reason, why);
    if (row->bad != NULL && set != by_set && (d->flags & DIRECTIVE_SECRET) == 0)
        cr_expect_not_null(strstr(why, row->bad), "%s: the value is not in: %s", name, why);
    cr_expect_str_eq(get_one(&c, d), before, "%s", name);
    config_deinit(&c);
}

Test(every_directive, refuses_a_bad_value_by_name_with_the_limit)
{
    for (size_t i = 0; i < directive_row_count; i++) {
        const struct directive_row *row = &directive_rows[i];
        const struct directive *d = directive_of(row);
        if (d == NULL || row->bad == ROW_ANY_TEXT)
            continue;
        char option[100], variable[100];
        (void)snprintf(option, sizeof(option), "--%s", row->name);
        int len = snprintf(variable, sizeof(variable), "ECHOLOG_%s", row->name);
        for (int j = 0; j < len; j++)
            variable[j] = variable[j] == '-' ? '_' : byte_upper(variable[j]);
        expect_refused(by_file, row, row->name);
        expect_refused(by_option, row, option);
        expect_refused(by_variable, row, variable);
        if ((d->flags & DIRECTIVE_FIXED) == 0)
            expect_refused(by_set, row, row->name);
    }
}

/* --- what they do ------------------------------------------------------------------------------- */

static bool file_has(const char *path, const char *word)
{
    char full[300];
    (void)snprintf(full, sizeof(full), "tests/%s", path);
    FILE *f = fopen(full, "r");
    if (f == NULL)
        return false;
    struct buf text = {0};
    size_t got;
    do {
        got = fread(buf_reserve(&text, ROOM), 1, ROOM, f);
        text.len += got;
    } while (got > 0);
    (void)fclose(f);
    buf_append_char(&text, '\0');
    bool has = strstr(text.data, word) != NULL;
    buf_deinit(&text);
    return has;
}

Test(every_directive, has_a_test_of_what_it_does)
{
    cr_assert_eq(access("tests", F_OK), 0, "run from the top of the project");
    for (size_t i = 0; i < directive_row_count; i++) {
        const struct directive_row *row = &directive_rows[i];
        char path[200];
        if (directive_of(row) == NULL)
            continue;
        const char *colon = strchr(row->effect, ':');
        cr_assert_not_null(colon, "%s: '%s' is no file:test", row->name, row->effect);
        (void)snprintf(path, sizeof(path), "%.*s", (int)(colon - row->effect), row->effect);
        cr_expect(file_has(path, colon + 1), "%s: there is no '%s' in tests/%s", row->name,
                  colon + 1, path);
    }
}
