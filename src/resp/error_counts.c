/* SPDX-License-Identifier: BSD-3-Clause */
#include "resp/error_counts.h"

static struct bytes code_of(struct bytes line)
{
    size_t len = 0;
    while (len < line.len && line.data[len] > ' ')
        len++;
    if (len == 0 || len > ERROR_CODE_BYTES_MAX || len == line.len)
        return BYTES_LITERAL("ERR");
    return bytes_of(line.data, len);
}

void error_counts_add_many(struct error_counts *e, struct bytes line, uint64_t times)
{
    struct bytes code = code_of(line);
    e->total += times;
    for (size_t i = 0; i < e->item_count; i++) {
        if (bytes_equal(bytes_of_string(e->items[i].code), code)) {
            e->items[i].count += times;
            return;
        }
    }
    if (e->item_count == ERROR_CODES_MAX)
        return;
    memcpy(e->items[e->item_count].code, code.data, code.len);
    e->items[e->item_count].code[code.len] = '\0';
    e->items[e->item_count++].count = times;
}

void error_counts_add(struct error_counts *e, struct bytes line)
{
    error_counts_add_many(e, line, 1);
}
