/* SPDX-License-Identifier: BSD-3-Clause */
/* Without a password, only clients on this machine are answered. */
#include "fixture.h"

#include <criterion/criterion.h>

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(protected_mode, .init = setup, .fini = teardown);

/* What somebody who connects is told at once. */
static void expect_greeting(bool from_here, const char *greeting)
{
    struct memory_client *client = memory_client_create();
    client->stream.from_here = from_here;
    sessions_accept(f.all, &client->stream);
    const char *got = memory_client_received(client);
    cr_expect(strncmp(got, greeting, strlen(greeting)) == 0, "%s", got);
    cr_expect_eq(greeting[0] != '\0', client->closed, "%s", got);
    memory_client_end(client);
    memory_client_turn(client);
    fixture_turn(&f);
    memory_client_destroy(client);
}

Test(protected_mode, lets_in_who_is_here_and_nobody_else)
{
    f.config.protected_mode = true;
    expect_greeting(true, "");
    expect_greeting(false, "-DENIED ");
    f.config.protected_mode = false;
    expect_greeting(false, "");
}

Test(protected_mode, is_over_when_the_default_user_has_a_password)
{
    f.config.protected_mode = true;
    users_set_default_password(f.users, BYTES_LITERAL("secret"));
    expect_greeting(false, "");
    users_set_default_password(f.users, BYTES_LITERAL(""));
    expect_greeting(false, "-DENIED Echolog is running in protected mode because protected mode is "
                           "enabled and no password is set for the default user. In this mode ");
}
