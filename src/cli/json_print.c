/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/json_print.h"
#include "base/check.h"
#include "base/mem.h"
#include "cli/csv_print.h"
#include <jansson.h>
#include <sodium.h>

static json_t *json_of(const struct reply *r);

static json_t *json_of_text(struct bytes text)
{
    json_t *json = json_stringn(text.len == 0 ? "" : text.data, text.len);

    if (json != NULL)
        return json;
    size_t len = sodium_base64_encoded_len(text.len, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = mem_alloc(len);
    sodium_bin2base64(encoded, len, (const unsigned char *)text.data, text.len,
                      sodium_base64_VARIANT_ORIGINAL);
    json = json_pack("{s:s}", "base64", encoded);
    mem_free(encoded);
    return json;
}

static json_t *json_of_double(const struct reply *r)
{
    json_t *json = json_real(r->number); /* NULL for what is not finite */

    return json != NULL ? json : json_of_text(r->text);
}

static json_t *json_of_items(const struct reply *r)
{
    json_t *array = json_array();

    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(array, json_of(&r->items[i]));
    return array;
}

/* A key that is there twice (a header's name) would hide its first value: then it is an array of pairs. */
static json_t *json_of_map(const struct reply *r)
{
    json_t *object = json_object();

    for (size_t i = 0; i + 1 < r->count; i += 2) {
        struct buf key = {0};
        bool fits;

        csv_append_value(&key, &r->items[i]);
        fits = json_object_getn(object, key.len > 0 ? key.data : "", key.len) == NULL &&
               json_object_setn_new(object, key.len > 0 ? key.data : "", key.len,
                                    json_of(&r->items[i + 1])) == 0;
        buf_deinit(&key);
        if (!fits) {
            json_decref(object);
            return json_of_items(r);
        }
    }
    return object;
}

static json_t *json_of_error(struct bytes text)
{
    json_t *object = json_object();

    json_object_set_new(object, "error", json_of_text(text));
    return object;
}

static json_t *json_of(const struct reply *r)
{
    switch (r->kind) {
    case REPLY_STATUS:
    case REPLY_BULK:
    case REPLY_VERBATIM:
    case REPLY_BIG_NUMBER:
        return json_of_text(r->text);
    case REPLY_ERROR:
        return json_of_error(r->text);
    case REPLY_INT:
        return json_integer(r->integer);
    case REPLY_DOUBLE:
        return json_of_double(r);
    case REPLY_NULL:
        return json_null();
    case REPLY_BOOL:
        return json_boolean(r->integer != 0);
    case REPLY_MAP:
        return json_of_map(r);
    case REPLY_ARRAY:
    case REPLY_SET:
    case REPLY_PUSH:
        return json_of_items(r);
    }
    ASSERT(!"a kind of reply that exists");
    return NULL;
}

void json_print(struct buf *out, const struct reply *reply)
{
    json_t *json = json_of(reply);
    char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);

    ASSERT(text != NULL);
    buf_append_string(out, text);
    buf_append_char(out, '\n');
    free(text); /* jansson's own allocation */
    json_decref(json);
}
