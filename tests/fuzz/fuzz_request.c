/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the request reader: whatever the bytes are, feeding them in pieces gives the same commands, and
 * the same error, as feeding them whole. The first byte says who is asking, the next ones where to cut. */
#include "base/check.h"
#include "base/mem.h"
#include "resp/request.h"

#define CUTS 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct run {
    struct request request;
    struct buf transcript;
    size_t start; /* of the command under way */
    bool failed;
};

static void transcript_command(struct buf *to, const struct request *r)
{
    buf_append(to, &r->argc, sizeof(r->argc));
    for (int i = 0; i < r->argc; i++) {
        ASSERT(r->argv[i].data != NULL);
        buf_append(to, &r->argv[i].len, sizeof(r->argv[i].len));
        buf_append_bytes(to, r->argv[i]);
    }
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
        size_t consumed = 0;
        enum request_status status = request_read(&run->request, rest, &consumed);
        if (status == REQUEST_PARTIAL) {
            size_t wanted = run->request.bytes_wanted;
            ASSERT(wanted == 0 || wanted > rest.len);
            break;
        }
        if (status == REQUEST_ERROR) {
            buf_append_string(&run->transcript, run->request.error);
            run->failed = true;
            break;
        }
        ASSERT(consumed > 0 && consumed <= rest.len);
        transcript_command(&run->transcript, &run->request);
        rest = bytes_of(rest.data + consumed, rest.len - consumed);
        run->start += consumed;
    }
    mem_free(copy);
}

static void run_init(struct run *run, bool authenticated)
{
    memset(run, 0, sizeof(*run));
    request_init(&run->request);
    run->request.authenticated = authenticated;
}

static void run_deinit(struct run *run)
{
    request_deinit(&run->request);
    buf_deinit(&run->transcript);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1 + CUTS)
        return 0;
    const char *input = (const char *)data + 1 + CUTS;
    size_t input_len = len - 1 - CUTS;
    bool authenticated = (data[0] & 1) == 0;
    bool bytewise = (data[0] & 2) != 0;
    struct run whole, pieces;
    run_init(&whole, authenticated);
    run_feed(&whole, input, input_len);
    run_init(&pieces, authenticated);
    size_t cut = 0;
    for (size_t i = 0; bytewise ? cut < input_len : i < CUTS; i++) {
        cut += bytewise ? 1 : data[1 + i];
        if (cut < input_len)
            run_feed(&pieces, input, cut);
    }
    run_feed(&pieces, input, input_len);
    ASSERT(whole.start == pieces.start);
    ASSERT(whole.failed == pieces.failed);
    ASSERT(bytes_equal(buf_bytes(&whole.transcript), buf_bytes(&pieces.transcript)));
    run_deinit(&whole);
    run_deinit(&pieces);
    return 0;
}
