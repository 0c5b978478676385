/* SPDX-License-Identifier: BSD-3-Clause */
/* A file read from front to back through a buffer. */
#ifndef ECHOLOG_DUMP_WINDOW_H
#define ECHOLOG_DUMP_WINDOW_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include <stdint.h>

struct window {
    struct disk_file *file; /* owned */
    uint64_t end;           /* the length of the file when it was opened */
    size_t chunk;           /* how much is read at once, at least */
    struct buf buf;         /* owned */
    uint64_t pos;           /* of the bytes in it */
};

/* The errors of disk_open and disk_size. */
MUST_CHECK
enum err window_open(struct window *w, struct disk *disk, const char *path, size_t chunk);
void window_close(struct window *w); /* harmless when it was never opened */
/* The bytes [pos, pos + len), which lie before the end; good until the next call. ERR_NOT_FOUND the file
 * has become shorter; ERR_IO. */
MUST_CHECK
enum err window_get(struct window *w, uint64_t pos, size_t len, struct bytes *bytes);

#endif
