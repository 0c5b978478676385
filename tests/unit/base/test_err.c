/* SPDX-License-Identifier: BSD-3-Clause */
/* Error codes: their texts, and what the errnos of the system become. */
#include "base/err.h"
#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>

Test(err, every_code_has_a_text_of_its_own_in_lower_case)
{
    for (int a = 0; a < ERR_COUNT; a++) {
        const char *text = err_text((enum err)a);

        cr_assert(text[0] != '\0');
        for (const char *c = text; *c != '\0'; c++)
            cr_assert(!isupper((unsigned char)*c), "%s", text);
        for (int b = 0; b < a; b++)
            cr_assert_str_neq(text, err_text((enum err)b));
    }
}

Test(err, a_code_outside_the_list_still_has_a_text)
{
    cr_assert_str_eq(err_text(ERR_COUNT), "unknown error");
    cr_assert_str_eq(err_text((enum err) - 1), "unknown error");
}

Test(err, a_full_disk_and_a_broken_one_are_told_apart)
{
    cr_assert_eq(err_from_errno(ENOSPC), ERR_NOSPACE);
    cr_assert_eq(err_from_errno(EDQUOT), ERR_NOSPACE);
    cr_assert_eq(err_from_errno(EIO), ERR_IO);
}

Test(err, usual_errnos_become_the_codes_callers_act_on)
{
    cr_assert_eq(err_from_errno(0), ERR_OK);
    cr_assert_eq(err_from_errno(EAGAIN), ERR_AGAIN);
    cr_assert_eq(err_from_errno(EPIPE), ERR_CLOSED);
    cr_assert_eq(err_from_errno(ECONNRESET), ERR_CLOSED);
    cr_assert_eq(err_from_errno(ENOENT), ERR_NOT_FOUND);
    cr_assert_eq(err_from_errno(EEXIST), ERR_EXISTS);
    cr_assert_eq(err_from_errno(EACCES), ERR_ACCESS);
    cr_assert_eq(err_from_errno(EADDRINUSE), ERR_BUSY);
    cr_assert_eq(err_from_errno(EMFILE), ERR_LIMIT);
    cr_assert_eq(err_from_errno(ENFILE), ERR_LIMIT);
    cr_assert_eq(err_from_errno(EOPNOTSUPP), ERR_UNSUPPORTED);
}

Test(err, an_unknown_errno_is_taken_for_a_failed_device)
{
    cr_assert_eq(err_from_errno(123456), ERR_IO);
    cr_assert_eq(err_from_errno(EBADF), ERR_IO);
}
