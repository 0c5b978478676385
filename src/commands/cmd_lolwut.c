/* SPDX-License-Identifier: BSD-3-Clause */
/* LOLWUT: an echo. Two voices call over still water; where their rings meet, they are louder. The same
 * arguments give the same picture. */
#include "commands/errors.h"
#include "commands/handlers.h"

#include "base/buf.h"
#include "base/num.h"

#define WIDTH_DEFAULT 64
#define HEIGHT_DEFAULT 14
#define WIDTH_MAX 200
#define HEIGHT_MAX 100
#define RING 6 /* from one ring to the next, in half lines */

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t root(int64_t square)
{
    int64_t r = 0;
    while ((r + 1) * (r + 1) <= square)
        r++;
    return r;
}

/* How loud a voice is at a distance: 0 to 3, as a wave with a crest every RING. A letter is about twice
 * as high as it is wide. */
static int64_t loudness(int64_t dx, int64_t dy)
{
    int64_t phase = root(dx * dx + 4 * dy * dy) % RING;
    return clamp(RING / 2 - phase, 0, 3);
}

static void draw(struct buf *b, int64_t width, int64_t height, int64_t apart)
{
    static const char shades[] = " .:-=+#";
    int64_t middle = height / 2, left = width / 2 - apart / 2, right = left + apart;
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) {
            bool voice = y == middle && (x == left || x == right);
            int64_t loud = loudness(x - left, y - middle) + loudness(x - right, y - middle);
            buf_append_char(b, voice ? 'O' : shades[loud]);
        }
        buf_append_char(b, '\n');
    }
}

/* LOLWUT [VERSION n] [width [height [apart]]]: there is one picture, whatever the version. Words that are no
 * numbers are let pass, as Redis does. */
void cmd_lolwut(struct call *c)
{
    int64_t given[3] = {WIDTH_DEFAULT, HEIGHT_DEFAULT, WIDTH_DEFAULT / 3};
    int64_t version;
    int at = 1;
    if (c->argc >= 3 && bytes_is(c->argv[1], "version")) {
        if (!num_parse_i64(c->argv[2], &version)) {
            reply_not_an_integer(c);
            return;
        }
        at = 3;
    }
    for (size_t i = 0; i < COUNT_OF(given) && at < c->argc; i++, at++)
        if (!num_parse_i64(c->argv[at], &given[i]))
            break;
    int64_t width = clamp(given[0], 1, WIDTH_MAX);
    struct buf text = {0};
    draw(&text, width, clamp(given[1], 1, HEIGHT_MAX), clamp(given[2], 0, width - 1));
    buf_append_string(&text, "\nAn echo, and its log. Echolog ver. " ECHOLOG_VERSION "\n");
    write_verbatim(&c->w, "txt", buf_bytes(&text));
    buf_deinit(&text);
}
