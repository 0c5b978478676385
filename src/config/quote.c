/* SPDX-License-Identifier: BSD-3-Clause */
/* A foreign word in our sentence. */
#include "config/quote.h"

void quote_append(struct buf *text, struct bytes typed)
{
    for (size_t i = 0; i < typed.len && i < QUOTE_BYTES_MAX; i++) {
        unsigned char c = (unsigned char)typed.data[i];

        if (c < ' ' || c == 0x7f)
            buf_printf(text, "\\x%02x", c);
        else
            buf_append_char(text, (char)c);
    }
    if (typed.len > QUOTE_BYTES_MAX)
        buf_append_string(text, "...");
}
