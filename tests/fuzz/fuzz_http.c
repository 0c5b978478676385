/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes what we make of an HTTP request: the lines of the input are method, path and Accept; the rest is a
 * label's value. Whatever the bytes are, a page and a dialect come out, and the text stays one line of UTF-8. */
#include "base/check.h"
#include "metrics/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct bytes next_line(struct bytes *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    struct bytes line = bytes_of(rest->data, len);
    *rest = end == NULL ? bytes_of("", 0) : bytes_of(end + 1, rest->len - len - 1);
    return line;
}

static void check_route(struct bytes method, struct bytes path)
{
    enum route route = route_of(method, path);
    bool reads =
        bytes_equal(method, BYTES_LITERAL("GET")) || bytes_equal(method, BYTES_LITERAL("HEAD"));
    ASSERT(route < ROUTE_COUNT);
    ASSERT((route == ROUTE_METHOD_REFUSED) == !reads);
    ASSERT(route != ROUTE_METRICS || bytes_equal(path, BYTES_LITERAL("/metrics")));
}

/* A quote ends the value, so that nothing a client chooses becomes another label or line. */
static void check_sample(struct bytes line, const char *head, const char *tail)
{
    size_t begin = strlen(head), end = line.len - strlen(tail);
    ASSERT(line.len >= begin + strlen(tail));
    ASSERT(memcmp(line.data, head, begin) == 0);
    ASSERT(memcmp(line.data + end, tail, strlen(tail)) == 0);
    for (size_t i = begin; i < end; i++) {
        ASSERT(line.data[i] != '\n' && line.data[i] != '"');
        if (line.data[i] == '\\') {
            i++;
            ASSERT(i < end && strchr("n\"\\", line.data[i]) != NULL);
        }
    }
}

static void check_label(struct bytes value)
{
    static const struct family family = {"x", FAMILY_GAUGE, NULL, "Help."};
    const struct label labels[] = {{"a", value}};
    struct buf out = {0};
    struct exposition e = {.out = &out, .family = &family};
    exposition_count(&e, labels, 1, 0);
    check_sample(buf_bytes(&out), "x{a=\"", "\"} 0\n");
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes rest = bytes_of(len == 0 ? (const uint8_t *)"" : data, len);
    struct bytes method = next_line(&rest), path = next_line(&rest), accept = next_line(&rest);
    check_route(method, path);
    enum exposition_format format = route_format(accept);
    ASSERT(format < EXPOSITION_FORMAT_COUNT);
    ASSERT(accept.len > 0 || format == EXPOSITION_TEXT);
    check_label(rest);
    return 0;
}
