/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/config/say.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct config c;

static void set_up(void)
{
    config_init(&c);
}

static void tear_down(void)
{
    config_deinit(&c);
}

TestSuite(config_set, .init = set_up, .fini = tear_down);

Test(config_set, sets_several_at_once)
{
    cr_assert_str_eq(set_pairs(&c, "maxclients", "5", "Timeout", "7", "default-ack", "none", NULL),
                     "");
    cr_assert(c.maxclients == 5 && c.timeout_s == 7 && c.default_ack == CONFIG_ACK_NONE);
}

Test(config_set, nothing_changes_when_one_of_them_is_bad)
{
    cr_assert_str_eq(set_pairs(&c, "requirepass", "x", "maxclients", "5", "timeout", "abc", NULL),
                     "CONFIG SET failed (possibly related to argument 'timeout') - argument "
                     "couldn't be parsed into an integer");
    cr_assert(c.maxclients == 10000);
    cr_assert_str_eq(c.requirepass, "");
}

Test(config_set, errors_are_worded_as_redis_words_them)
{
    cr_assert_str_eq(set_pairs(&c, "maxclients", "0", NULL),
                     "CONFIG SET failed (possibly related to argument 'maxclients') - argument "
                     "must be between 1 and 4294967295 inclusive");
    cr_assert_str_eq(set_pairs(&c, "MaxClients", "5", "maxclients", "6", NULL),
                     "CONFIG SET failed (possibly related to argument 'maxclients') - duplicate "
                     "parameter");
    cr_assert_str_eq(set_pairs(&c, "tcp-backlog", "511", NULL),
                     "CONFIG SET failed (possibly related to argument 'tcp-backlog') - can't set "
                     "immutable config");
    cr_assert_str_eq(set_pairs(&c, "protected-mode", "maybe", NULL),
                     "CONFIG SET failed (possibly related to argument 'protected-mode') - argument "
                     "must be 'yes' or 'no'");
    cr_assert_str_eq(set_pairs(&c, "maxmemory-samples", "5", NULL),
                     "Unknown option or number of arguments for CONFIG SET - 'maxmemory-samples'");
}

Test(config_set, an_unknown_name_comes_before_bad_values_and_gets_a_suggestion)
{
    cr_assert_str_eq(set_pairs(&c, "maxclients", "abc", "timeuot", "1", NULL),
                     "Unknown option or number of arguments for CONFIG SET - 'timeuot'; did you "
                     "mean 'timeout'?");
}

Test(config_set, names_with_control_bytes_stay_on_one_line)
{
    cr_assert_str_eq(set_pairs(&c, "a\r\nb", "1", NULL),
                     "Unknown option or number of arguments for CONFIG SET - 'a\\x0d\\x0ab'");
}

Test(config_set, strings_that_were_not_named_stay_where_they_are)
{
    const char *dir = c.dir, *bind = c.bind, *pass = c.requirepass;

    cr_assert_str_eq(set_pairs(&c, "timeout", "1", NULL), "");
    cr_assert_str_eq(set_pairs(&c, "requirepass", "x", "timeout", "-1", NULL),
                     "CONFIG SET failed (possibly related to argument 'timeout') - argument must "
                     "be between 0 and 2147483647 inclusive");
    cr_assert(c.dir == dir && c.bind == bind && c.requirepass == pass);
}

struct seen {
    size_t count;
    const char *names[4];
    int64_t timeout_s; /* at the first call */
};

static void remember(void *ctx, const struct directive *d)
{
    struct seen *seen = ctx;

    if (seen->count == 0)
        seen->timeout_s = c.timeout_s;
    seen->names[seen->count++] = d->name;
}

Test(config_set, tells_what_was_set_after_all_of_it_is)
{
    const struct bytes pairs[] = {BYTES_LITERAL("LogLevel"), BYTES_LITERAL("debug"),
                                  BYTES_LITERAL("timeout"), BYTES_LITERAL("9")};
    struct seen seen = {0};
    struct buf why = {0};

    cr_assert(config_set(&c, pairs, 2, NULL, remember, &seen, &why) == ERR_OK);
    cr_assert(seen.count == 2);
    cr_assert_str_eq(seen.names[0], "loglevel");
    cr_assert_str_eq(seen.names[1], "timeout");
    cr_assert(seen.timeout_s == 9);
    buf_deinit(&why);
}

Test(config_set, tells_nothing_when_it_fails)
{
    const struct bytes pairs[] = {BYTES_LITERAL("timeout"), BYTES_LITERAL("x")};
    struct seen seen = {0};
    struct buf why = {0};

    cr_assert(config_set(&c, pairs, 1, NULL, remember, &seen, &why) == ERR_INVALID);
    cr_assert(seen.count == 0);
    buf_deinit(&why);
}

Test(config_set, every_value_it_shows_is_one_it_takes)
{
    for (size_t i = 0; i < config_table.count; i++) {
        const struct directive *d = &config_table.items[i];
        char value[256];

        (void)snprintf(value, sizeof(value), "%s", get_one(&c, d));
        cr_assert_str_eq(set_one(&c, d, value), "", "%s", d->name);
        cr_assert_str_eq(get_one(&c, d), value, "%s", d->name);
    }
}
