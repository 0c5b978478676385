/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of the error codes, and the one table from errno to them. */
#include "base/err.h"
#include "base/check.h"
#include <errno.h>
#include <stddef.h>

const char *err_text(enum err err)
{
    static const char *const texts[ERR_COUNT] = {
        [ERR_OK] = "ok",
        [ERR_AGAIN] = "not ready yet",
        [ERR_CLOSED] = "connection closed",
        [ERR_FULL] = "no room left here",
        [ERR_INVALID] = "invalid argument",
        [ERR_NOT_FOUND] = "not found",
        [ERR_EXISTS] = "already exists",
        [ERR_RANGE] = "out of range",
        [ERR_TOO_LARGE] = "too large",
        [ERR_CORRUPT] = "data is corrupt",
        [ERR_NOSPACE] = "no space left on device",
        [ERR_IO] = "input/output error",
        [ERR_ACCESS] = "permission denied",
        [ERR_BUSY] = "in use by another",
        [ERR_LIMIT] = "system limit reached",
        [ERR_UNSUPPORTED] = "not supported by the system",
        [ERR_FAILED] = "failed earlier",
        [ERR_FENCED] = "another has taken over",
        [ERR_NOT_MEMBER] = "not a member",
        [ERR_NOT_EMPTY] = "not empty",
    };

    if ((unsigned)err >= ERR_COUNT)
        return "unknown error";
    ASSERT(texts[err] != NULL);
    return texts[err];
}

enum err err_from_errno(int errnum)
{
    switch (errnum) {
    case 0:
        return ERR_OK;
    case EAGAIN:
    case EINTR:
    case EINPROGRESS:
        return ERR_AGAIN;
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ENOTCONN:
    case ESHUTDOWN:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ENETRESET:
        return ERR_CLOSED;
    case EINVAL:
    case ENAMETOOLONG:
    case EDOM:
    case ENOTDIR:
    case EISDIR:
        return ERR_INVALID;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case EADDRNOTAVAIL:
        return ERR_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return ERR_EXISTS;
    case ERANGE:
        return ERR_RANGE;
    case EFBIG:
    case EOVERFLOW:
    case EMSGSIZE:
        return ERR_TOO_LARGE;
    case EILSEQ:
    case EBADMSG:
        return ERR_CORRUPT;
    case ENOSPC:
    case EDQUOT:
        return ERR_NOSPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_ACCESS;
    case EBUSY:
    case EADDRINUSE:
    case ETXTBSY:
    case EDEADLK:
        return ERR_BUSY;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EMLINK:
        return ERR_LIMIT;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return ERR_UNSUPPORTED;
    default:
        return ERR_IO;
    }
}
