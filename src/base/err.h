/* SPDX-License-Identifier: BSD-3-Clause */
/* The one error type. What can fail returns `enum err`; 0 is success. A system errno becomes one of
 * these at the call that failed. The storage layer never words replies: src/commands has the table
 * that turns these into RESP errors. */
#ifndef ECHOLOG_BASE_ERR_H
#define ECHOLOG_BASE_ERR_H

enum err {
    ERR_OK = 0,
    ERR_AGAIN,       /* not now without blocking: wait for readiness, or ask a worker */
    ERR_CLOSED,      /* the peer is gone */
    ERR_FULL,        /* no room in this container; nothing changed */
    ERR_INVALID,     /* the argument is not acceptable */
    ERR_NOT_FOUND,   /* no such thing */
    ERR_EXISTS,      /* the thing is already there */
    ERR_RANGE,       /* the offset or partition is outside what exists */
    ERR_TOO_LARGE,   /* over a named limit */
    ERR_CORRUPT,     /* bytes on disk are not what was written */
    ERR_NOSPACE,     /* the file system is full (ENOSPC, EDQUOT) */
    ERR_IO,          /* the device failed: what is on disk is unknown */
    ERR_ACCESS,      /* not permitted by the operating system */
    ERR_BUSY,        /* in use by another */
    ERR_LIMIT,       /* out of descriptors or another system limit */
    ERR_UNSUPPORTED, /* the system or file system cannot do it */
    ERR_FAILED,      /* refused because of an earlier failure that sticks */
    ERR_FENCED,      /* another has taken its place */
    ERR_NOT_MEMBER,  /* not, or not any more, a member of the group */
    ERR_NOT_EMPTY,   /* something is still in it */
    ERR_COUNT
};

/* A short lower-case phrase, e.g. "no space left on device". Static. */
const char *err_text(enum err err);

/* The code for a positive errno. Unknown ones are ERR_IO. */
enum err err_from_errno(int errnum);

#endif
