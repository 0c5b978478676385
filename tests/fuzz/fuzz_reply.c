/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the reply reader: whatever the bytes are, a reader that gets them in pieces finds the same
 * values, or the same fault, as one that gets them whole. The first bytes say where to cut. */
#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "resp/reply.h"

#define CUTS 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct run {
    struct reply_reader reader;
    struct buf transcript;
    size_t start; /* of the value under way */
    bool failed;
};

static void transcript_value(struct buf *to, const struct reply *value, int depth)
{
    ASSERT(depth <= REPLY_DEPTH_MAX);
    buf_append(to, &value->kind, sizeof(value->kind));
    buf_append(to, &value->integer, sizeof(value->integer));
    buf_append(to, &value->count, sizeof(value->count));
    buf_append(to, &value->text.len, sizeof(value->text.len));
    buf_append_bytes(to, value->text);
    for (size_t i = 0; i < value->count; i++)
        transcript_value(to, &value->items[i], depth + 1);
}

/* Reads what is in the first `len` bytes from a copy of its own, so that the input moves and a look
 * past its end is seen. */
static void run_feed(struct run *run, const char *input, size_t len)
{
    size_t room = len - run->start;
    char *copy = mem_alloc(room == 0 ? 1 : room);
    struct bytes rest = bytes_of(copy, room);
    memcpy(copy, input + run->start, room);
    while (!run->failed) {
        struct reply *value = NULL;
        size_t consumed = 0;
        const char *why = NULL;
        enum err err = reply_reader_read(&run->reader, rest, &value, &consumed, &why);
        if (err == ERR_AGAIN) {
            ASSERT(run->reader.bytes_wanted == 0 || run->reader.bytes_wanted > rest.len);
            break;
        }
        if (err != ERR_OK) {
            ASSERT(err == ERR_INVALID && why != NULL);
            buf_append_string(&run->transcript, why);
            run->failed = true;
            break;
        }
        ASSERT(consumed > 0 && consumed <= rest.len);
        transcript_value(&run->transcript, value, 0);
        reply_free(value);
        rest = bytes_of(rest.data + consumed, rest.len - consumed);
        run->start += consumed;
    }
    mem_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < CUTS)
        return 0;
    const char *input = (const char *)data + CUTS;
    size_t input_len = len - CUTS;
    struct run whole = {0}, pieces = {0};
    run_feed(&whole, input, input_len);
    size_t cut = 0;
    for (size_t i = 0; i < CUTS; i++) {
        cut += data[i];
        if (cut < input_len)
            run_feed(&pieces, input, cut);
    }
    run_feed(&pieces, input, input_len);
    ASSERT(whole.start == pieces.start);
    ASSERT(whole.failed == pieces.failed);
    ASSERT(bytes_equal(buf_bytes(&whole.transcript), buf_bytes(&pieces.transcript)));
    buf_deinit(&whole.transcript);
    buf_deinit(&pieces.transcript);
    return 0;
}
