/* SPDX-License-Identifier: BSD-3-Clause */
/* The syntax texts of commands.def, understood: what COMMAND DOCS says of a command's arguments.
 *
 *   WORD        a keyword                       [ … ]       may be left out
 *   name        a value                         < a | b >   one of them
 *   x [x ...]   x once or more; also of several words: key value [key value ...]
 *
 * A keyword belongs to the values behind it (PARTITION n, HEADER name value), as Redis describes it. */
#ifndef ECHOLOG_COMMANDS_COMMAND_SYNTAX_H
#define ECHOLOG_COMMANDS_COMMAND_SYNTAX_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

#define SYNTAX_NODES_MAX 64
#define SYNTAX_NONE (-1)

enum syntax_type {
    SYNTAX_VALUE, /* a word of the client's */
    SYNTAX_TOKEN, /* a keyword alone */
    SYNTAX_BLOCK, /* its children, one after the other */
    SYNTAX_ONEOF, /* one of its children */
};

struct syntax_node {
    enum syntax_type type;
    struct bytes text;  /* of a value, as it stands in the syntax; null for the others */
    struct bytes token; /* the keyword (or keywords) before it; null when there is none */
    bool optional;
    bool multiple;       /* may be repeated */
    bool multiple_token; /* and the keyword is repeated with it */
    int child;           /* index of the first one, or SYNTAX_NONE */
    int next;            /* the next one of the same parent, or SYNTAX_NONE */
};

struct syntax {
    struct syntax_node nodes[SYNTAX_NODES_MAX];
    int count;
    int first; /* of the arguments; SYNTAX_NONE when there are none */
};

/* `text` is borrowed as long as the result is used. ERR_INVALID: it is not in the notation, or longer than
 * SYNTAX_NODES_MAX. */
MUST_CHECK
enum err syntax_parse(const char *text, struct syntax *syntax);

#endif
