/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/secrets.h"

#include "commands/handlers.h"

/* HELLO protover AUTH username password SETNAME name: the two behind AUTH. */
static bool is_secret_of_hello(const struct call *c, int i)
{
    for (int at = 2; at < c->argc; at++) {
        if (bytes_is(c->argv[at], "auth")) {
            if (i == at + 1 || i == at + 2)
                return true;
            at += 2;
        } else {
            at++; /* SETNAME's word */
        }
    }
    return false;
}

static bool is_secret_directive(struct bytes name)
{
    const struct directive *d = directive_find(&config_table, name);
    if (d != NULL)
        return (d->flags & DIRECTIVE_SECRET) != 0;
    /* One of Redis's that we refuse: what was meant to be set is one all the same. */
    return bytes_is(name, "masterauth") || bytes_is(name, "masteruser");
}

bool argument_is_secret(const void *call, int i)
{
    const struct call *c = call;
    const char *name = c->command->name;
    if (c->command->run == cmd_auth)
        return i >= 1;
    if (c->command->run == cmd_hello)
        return is_secret_of_hello(c, i);
    if (c->command->run == cmd_config_set)
        return i >= 3 && i % 2 == 1 && is_secret_directive(c->argv[i - 1]);
    return i >= 2 && strcmp(name, "acl|setuser") == 0;
}
