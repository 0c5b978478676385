/* SPDX-License-Identifier: BSD-3-Clause */
/* A server as one word: redis://[[user:]password@][host][:port][/0], and rediss:// with TLS. */
#ifndef ECHOLOG_CLI_URI_H
#define ECHOLOG_CLI_URI_H

#include "base/check.h"
#include <stdbool.h>

#define URI_WHY_BYTES 256

struct uri {
    char *text; /* owned: what the others point into */
    bool tls;
    const char *user, *password, *host; /* NULL: not given */
    int port;                           /* 0: not given */
};

/* False: `why` says what is wrong with it, without showing a password. */
MUST_CHECK
bool uri_parse(struct uri *u, const char *text, char why[URI_WHY_BYTES]);
void uri_deinit(struct uri *u);

#endif
