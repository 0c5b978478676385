/* SPDX-License-Identifier: BSD-3-Clause */
/* The batch. Its words point into the line reader's buffer: send it before reading on. */
#include "cli/produce_batch.h"

bool produce_batch_take(struct produce_batch *batch, struct lines *lines, struct bytes separator,
                        size_t bytes_max)
{
    struct bytes line, key, value;

    batch->word_count = batch->line_count = 0;
    batch->bytes = PRODUCE_BATCH_OVERHEAD_BYTES;
    while (batch->line_count < PRODUCE_BATCH_LINES_MAX && lines_next(lines, &line)) {
        size_t bytes = line.len + PRODUCE_RECORD_OVERHEAD_BYTES;

        if (batch->line_count > 0 && batch->bytes + bytes > bytes_max) {
            lines_unread(lines, line);
            break;
        }
        if (bytes_is_null(separator)) {
            batch->words[batch->word_count++] = line;
        } else if (line_split(line, separator, &key, &value)) {
            batch->words[batch->word_count++] = key;
            batch->words[batch->word_count++] = value;
        } else {
            lines_unread(lines, line);
            return false;
        }
        batch->line_count++;
        batch->bytes += bytes;
    }
    return true;
}
