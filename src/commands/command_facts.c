/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/command_facts.h"

#include <string.h>

static const struct facts {
    const char *name, *complexity, *tips;
} facts[] = {
#define FACTS(name_, complexity_, tips_) {name_, complexity_, tips_},
#include "commands/command_facts.def"
#undef FACTS
};

static const struct facts *facts_of(const struct command *c)
{
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        if (strcmp(facts[i].name, c->name) == 0)
            return &facts[i];
    return NULL;
}

const char *command_complexity(const struct command *c)
{
    const struct facts *f = facts_of(c);
    if (f != NULL)
        return f->complexity;
    return c->run == NULL ? "Depends on the sub-command" : "O(1)";
}

const char *command_tips(const struct command *c)
{
    const struct facts *f = facts_of(c);
    return f != NULL ? f->tips : "";
}
