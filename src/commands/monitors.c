/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/monitors.h"

#include "base/frame.h"
#include "commands/handlers.h"
#include "commands/secrets.h"
#include "session/push.h"

/* In the form that Redis's own tools read back. */
static void append_quoted(struct buf *b, struct bytes text)
{
    static const char named[] = "\nn\rr\tt\aa\bb\\\\\"\"";
    buf_append_char(b, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        const char *known = NULL;
        for (size_t n = 0; n + 1 < sizeof(named); n += 2)
            known = named[n] == (char)c ? &named[n + 1] : known;
        if (known != NULL)
            buf_printf(b, "\\%c", *known);
        else if (c < ' ' || c > '~')
            buf_printf(b, "\\x%02x", c);
        else
            buf_append_char(b, (char)c);
    }
    buf_append_char(b, '"');
}

static void append_line(struct buf *b, const struct call *c)
{
    const struct clock *clock = c->sv->clock;
    int64_t now_us = clock->wall_us + clock_now_ns(clock) / 1000 - clock->mono_us;
    const struct stream *stream = c->session->stream;
    size_t len = strlen(stream->peer);
    bool local = stream->transport == STREAM_UNIX;
    if (local && len > 2)
        len -= 2; /* ":0" */
    buf_printf(b, "+%lld.%06lld [0 %s%.*s]", (long long)(now_us / 1000000),
               (long long)(now_us % 1000000), local ? "unix:" : "", (int)len, stream->peer);
    for (int i = 0; i < c->argc; i++) {
        buf_append_char(b, ' ');
        append_quoted(b, argument_is_secret(c, i) ? BYTES_LITERAL("(redacted)") : c->argv[i]);
    }
    buf_append_string(b, "\r\n");
}

static void tell(struct session *s, struct frame *line)
{
    if (!session_is_mute(s))
        push_shared(s, line, 0);
}

void monitors_tell(struct call *c)
{
    if ((c->command->flags & CMD_ADMIN) || c->command->run == cmd_quit)
        return;
    struct buf text = {0};
    append_line(&text, c);
    struct frame *line = frame_create(text.len);
    memcpy(line->data, text.data, text.len);
    buf_deinit(&text);
    LIST_EACH (it, &c->sv->sessions->monitors)
        tell(CONTAINER_OF(it, struct session, in_monitors), line);
    frame_unref(line);
}
