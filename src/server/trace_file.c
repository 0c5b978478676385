/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/trace_file.h"

#include <stddef.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void write_line(struct trace *trace, enum trace_level level, const char *line)
{
    static const char marks[] = {'.', '-', '*', '#'};
    struct trace_file *t = CONTAINER_OF(trace, struct trace_file, trace);
    struct timeval now;
    gettimeofday(&now, NULL);
    struct tm local;
    localtime_r(&now.tv_sec, &local);
    char when[64];
    strftime(when, sizeof(when), "%d %b %Y %H:%M:%S", &local);
    fprintf(t->file, "%d:M %s.%03d %c %s\n", (int)getpid(), when, (int)(now.tv_usec / 1000),
            marks[level], line);
    fflush(t->file);
}

bool trace_file_open(struct trace_file *t, const char *path, enum trace_level level)
{
    *t = (struct trace_file){.trace = {.level = level, .sink = write_line}, .file = stdout};
    if (path[0] == '\0')
        return true;
    t->file = fopen(path, "ae");
    return t->file != NULL;
}

void trace_file_close(struct trace_file *t)
{
    if (t->file != NULL && t->file != stdout)
        fclose(t->file);
    t->file = NULL;
}
