/* SPDX-License-Identifier: BSD-3-Clause */
/* Passwords, which are kept and compared only as their SHA-256. */
#ifndef ECHOLOG_ACCESS_PASSWORD_H
#define ECHOLOG_ACCESS_PASSWORD_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_HASH_BYTES 32
#define PASSWORD_HEX_LEN 64 /* the hash in text */

struct password {
    unsigned char hash[PASSWORD_HASH_BYTES];
};

void password_of(struct bytes text, struct password *p);
/* False when it is not PASSWORD_HEX_LEN lower-case hexadecimal digits. */
bool password_from_hex(struct bytes hex, struct password *p);
void password_to_hex(const struct password *p, char hex[PASSWORD_HEX_LEN + 1]);

/* Whether `p` is one of them. Takes the same time whichever it is, and when it is none. */
bool password_is_among(const struct password *p, const struct password *passwords, size_t count);

#endif
