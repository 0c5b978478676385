/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/askpass.h"

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

/* Byte by byte, since what stands behind the line is for others. */
static bool read_line(struct buf *line)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n') {
            buf_append_char(line, '\0');
            return true;
        }
        buf_append_char(line, byte);
    }
    buf_append_char(line, '\0');
    return line->len > 1;
}

bool askpass(struct buf *password)
{
    struct termios before, silent;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return read_line(password);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fputs("Please input password: ", stderr);
    bool ok = read_line(password);
    fputc('\n', stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    return ok;
}
