/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS in a build without it: nothing is ever created. */
#include "cli/secure.h"

#include <stdio.h>

enum err secure_create(const struct secure_options *o, int fd, struct secure **secure,
                       char why[SECURE_WHY_BYTES])
{
    (void)o;
    (void)fd;
    (void)secure;
    snprintf(why, SECURE_WHY_BYTES, "this program was built without TLS (make TLS=no)");
    return ERR_INVALID;
}

void secure_destroy(struct secure *s)
{
    ASSERT(s == NULL);
}

static enum err nothing(const char **why)
{
    ASSERT(!"there is no TLS");
    *why = "";
    return ERR_CLOSED;
}

enum err secure_handshake(struct secure *s, const char **why)
{
    (void)s;
    return nothing(why);
}

enum err secure_send(struct secure *s, const void *data, size_t len, size_t *put, const char **why)
{
    (void)s;
    (void)data;
    (void)len;
    (void)put;
    return nothing(why);
}

enum err secure_receive(struct secure *s, void *data, size_t len, size_t *got, const char **why)
{
    (void)s;
    (void)data;
    (void)len;
    (void)got;
    return nothing(why);
}

bool secure_waits_to_write(const struct secure *s)
{
    (void)s;
    return false;
}

bool secure_has_pending(const struct secure *s)
{
    (void)s;
    return false;
}

bool secure_alive(struct secure *s)
{
    (void)s;
    return false;
}
