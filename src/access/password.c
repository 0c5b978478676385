/* SPDX-License-Identifier: BSD-3-Clause */
#include "access/password.h"

#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

void password_of(struct bytes text, struct password *p)
{
    unsigned len = 0;
    int done = EVP_Digest(text.data, text.len, p->hash, &len, EVP_sha256(), NULL);
    ASSERT(done == 1);
    ASSERT(len == PASSWORD_HASH_BYTES);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool password_from_hex(struct bytes hex, struct password *p)
{
    struct password read;
    if (hex.len != PASSWORD_HEX_LEN)
        return false;
    for (size_t i = 0; i < PASSWORD_HASH_BYTES; i++) {
        int high = digit_of(hex.data[2 * i]), low = digit_of(hex.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        read.hash[i] = (unsigned char)(high << 4 | low);
    }
    *p = read;
    return true;
}

void password_to_hex(const struct password *p, char hex[PASSWORD_HEX_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < PASSWORD_HASH_BYTES; i++) {
        hex[2 * i] = digits[p->hash[i] >> 4];
        hex[2 * i + 1] = digits[p->hash[i] & 15];
    }
    hex[PASSWORD_HEX_LEN] = '\0';
}

bool password_is_among(const struct password *p, const struct password *passwords, size_t count)
{
    int found = 0;
    for (size_t i = 0; i < count; i++)
        found |= CRYPTO_memcmp(p->hash, passwords[i].hash, PASSWORD_HASH_BYTES) == 0;
    return found != 0;
}
