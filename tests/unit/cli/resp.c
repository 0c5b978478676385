/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/cli/resp.h"

#include <criterion/criterion.h>

struct reply *resp_reply(const char *text)
{
    struct reply *reply = NULL;
    size_t consumed = 0;
    const char *why = NULL;

    cr_assert_eq(reply_read(bytes_of_string(text), &reply, &consumed, &why), ERR_OK);
    cr_assert_eq(consumed, strlen(text));
    return reply;
}

void resp_expect(struct buf *out, const char *expected)
{
    cr_expect(bytes_equal(buf_bytes(out), bytes_of_string(expected)), "\n%.*s\ninstead of\n%s",
              (int)out->len, out->data, expected);
    buf_deinit(out);
}
