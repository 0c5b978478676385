/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the batch decoder: any bytes either read as records inside the batch or end in an error. What
 * reads back whole is built again and must say the same. */
#include "storage/batch.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void walk_headers(const struct record_view *r)
{
    struct bytes cursor = r->headers;
    struct record_header h;
    while (record_view_header(&cursor, &h) == ERR_OK)
        if (h.name.data < r->headers.data || h.name.len > r->headers.len)
            abort();
}

static enum err walk(struct bytes batch, struct batch_builder *copy)
{
    struct batch_iter it;
    struct record_view r;
    enum err err = batch_iter_init(&it, batch);
    if (err != ERR_OK)
        return err;
    batch_builder_begin(copy, it.header.base_offset);
    while ((err = batch_iter_next(&it, &r)) == ERR_OK) {
        if (r.len > batch.len || r.offset < it.header.base_offset)
            abort();
        walk_headers(&r);
        struct record record = {.timestamp_ms = r.timestamp_ms, .key = r.key, .value = r.value};
        batch_builder_add(copy, &record);
    }
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes batch = bytes_of(data, len);
    struct batch_builder copy = {0}, again = {0};
    struct batch_header header;
    if (batch_header_read(batch, 1 << 20, &header) == ERR_OK && batch_header_len(&header) <= len)
        (void)batch_crc_holds(bytes_of(data, batch_header_len(&header)));
    if (walk(batch, &copy) == ERR_NOT_FOUND && copy.count > 0) {
        batch_builder_seal(&copy, 0, false);
        if (!batch_crc_holds(buf_bytes(&copy.buf)))
            abort();
        if (walk(buf_bytes(&copy.buf), &again) != ERR_NOT_FOUND || again.count != copy.count)
            abort();
    }
    batch_builder_deinit(&copy);
    batch_builder_deinit(&again);
    return 0;
}
