/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/client_name.h"

bool client_text_is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '!' || text.data[i] > '~')
            return false;
    return true;
}

bool client_name_check(struct call *c, struct bytes name)
{
    if (name.len > CLIENT_TEXT_BYTES_MAX) {
        write_error(&c->w, "ERR Client names cannot be longer than %d bytes.",
                    CLIENT_TEXT_BYTES_MAX);
        return false;
    }
    if (client_text_is_plain(name))
        return true;
    write_error(&c->w, "ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
}
