/* SPDX-License-Identifier: BSD-3-Clause */
/* What is kept out of the history. */
#include "cli/quoting.h"
#include "cli/secrets.h"
#include <criterion/criterion.h>

static void expect(const char *line, bool secret)
{
    struct words words = {0};

    cr_assert(words_split(&words, bytes_of_string(line)));
    cr_expect_eq(secrets_in(words.items, words.count), secret, "%s", line);
    words_deinit(&words);
}

Test(secrets, passwords_are_seen)
{
    expect("AUTH pw", true);
    expect("auth ann pw", true);
    expect("3 AUTH pw", true);
    expect("HELLO 3 AUTH ann pw", true);
    expect("ACL SETUSER ann >pw", true);
    expect("CONFIG SET requirepass pw", true);
    expect("config set maxclients 5 TLS-KEY-FILE-PASS pw", true);
}

Test(secrets, other_commands_are_kept)
{
    expect("", false);
    expect("5", false);
    expect("AUTH", false);
    expect("HELLO 3", false);
    expect("ACL LIST", false);
    expect("CONFIG GET requirepass", false);
    expect("CONFIG SET maxclients 5", false);
    expect("PRODUCE passwords AUTH", false);
}
