/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands and categories that rules speak of. Whoever has the commands makes one; here they are numbers. */
#ifndef ECHOLOG_ACCESS_VOCABULARY_H
#define ECHOLOG_ACCESS_VOCABULARY_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_COMMANDS_MAX 512
#define ACCESS_NO_COMMAND SIZE_MAX

struct access_command {
    const char *name;        /* in lower case: "produce", "topic|create" */
    uint32_t categories;     /* a bit per category, in the order of their names */
    size_t subcommand_count; /* they stand right behind it */
    bool is_subcommand;
    bool for_everyone; /* allowed whatever the rules say, as it is before a client has logged in */
};

struct access_vocabulary {
    const struct access_command *commands; /* all borrowed */
    size_t command_count;                  /* at most ACCESS_COMMANDS_MAX */
    const char *const *categories;         /* without the '@' */
    size_t category_count;
    /* The number of a command by its name, without regard to case; ACCESS_NO_COMMAND. */
    size_t (*find)(const void *ctx, struct bytes name);
    const void *ctx;
};

#endif
