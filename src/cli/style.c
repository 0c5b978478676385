/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/style.h"
#include <stdlib.h>
#include <sys/ioctl.h>

static bool wants_colour(void)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

    if (none != NULL && none[0] != '\0')
        return false;
    return terminal != NULL && strcmp(terminal, "dumb") != 0;
}

struct style style_of_terminal(int fd)
{
    struct winsize size = {0};
    struct style style = {.colour = wants_colour()};

    if (ioctl(fd, TIOCGWINSZ, &size) == 0)
        style.width = size.ws_col;
    return style;
}

void style_append(struct buf *out, const struct style *style, enum style_role role,
                  struct bytes text)
{
    static const char *const codes[] = {
        [STYLE_ERROR] = "\033[31m", [STYLE_HEADING] = "\033[1m", [STYLE_FAINT] = "\033[2m"};

    if (style->colour)
        buf_append_string(out, codes[role]);
    buf_append_bytes(out, text);
    if (style->colour)
        buf_append_string(out, "\033[0m");
}
