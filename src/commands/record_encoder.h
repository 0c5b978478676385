/* SPDX-License-Identifier: BSD-3-Clause */
/* Many records as elements of a reply, one after the other. Offsets mostly grow by one and times mostly stay, so
 * the text that a record begins with is made from that of the one before. */
#ifndef ECHOLOG_COMMANDS_RECORD_ENCODER_H
#define ECHOLOG_COMMANDS_RECORD_ENCODER_H

#include "resp/writer.h"
#include "storage/batch.h"

#define RECORD_HEAD_BYTES_MAX 64
#define RECORD_VALUE_HEAD_BYTES_MAX 32

struct record_encoder {
    struct writer *w; /* borrowed */

    /* Private: how the last record began, "*5", its offset, its timestamp. */
    int64_t offset, timestamp_ms;
    size_t head_len;   /* 0: there was none */
    size_t last_digit; /* of the offset, in `head` */
    char head[RECORD_HEAD_BYTES_MAX];
    /* And what stands before a value of the length of the last one. */
    size_t value_len, value_head_len;
    char value_head[RECORD_VALUE_HEAD_BYTES_MAX];
};

static inline void record_encoder_init(struct record_encoder *e, struct writer *w)
{
    e->w = w;
    e->head_len = e->value_head_len = 0;
}

/* Writes [offset, timestamp, key, value, headers]. */
void record_encoder_write(struct record_encoder *e, const struct record_view *r);
/* The same five without an array around them. */
void record_encoder_write_fields(struct writer *w, const struct record_view *r);

#endif
