/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/secrets.h"
#include "base/num.h"

/* "requirepass", "tls-key-file-pass" */
static bool is_secret_directive(struct bytes name)
{
    static const char ending[] = "pass";
    size_t len = sizeof(ending) - 1;

    return name.len >= len && bytes_is(bytes_of(name.data + name.len - len, len), ending);
}

bool secrets_in(const struct bytes *words, size_t count)
{
    int64_t times;

    if (count > 0 && num_parse_i64(words[0], &times)) {
        words++;
        count--;
    }
    if (count < 2)
        return false;
    if (bytes_is(words[0], "AUTH") || (bytes_is(words[0], "ACL") && bytes_is(words[1], "SETUSER")))
        return true;
    if (bytes_is(words[0], "HELLO"))
        return count > 2;
    if (bytes_is(words[0], "CONFIG") && bytes_is(words[1], "SET"))
        for (size_t i = 2; i < count; i++)
            if (is_secret_directive(words[i]))
                return true;
    return false;
}
