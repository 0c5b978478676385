/* SPDX-License-Identifier: BSD-3-Clause */
/* The sections of INFO about commands and the errors they answered. */
#include "commands/command.h"
#include "commands/info.h"

#include <stdlib.h>

void info_commandstats(struct info *i)
{
    struct command_table *t = i->sv->commands;
    for (size_t at = 0; at < command_table_count(t); at++) {
        const struct command *c = command_at(t, at);
        const struct command_stats *s = command_stats(t, c);
        if (s->calls > 0 || s->rejected > 0 || s->failed > 0)
            buf_printf(&i->text,
                       "cmdstat_%s:calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,"
                       "failed_calls=%llu\r\n",
                       c->name, (unsigned long long)s->calls, (unsigned long long)s->ran_ns / 1000,
                       s->calls > 0 ? (double)s->ran_ns / 1000 / (double)s->calls : 0.0,
                       (unsigned long long)s->rejected, (unsigned long long)s->failed);
    }
}

static void write_latency_of(struct info *i, const char *name, const struct histogram *h)
{
    buf_printf(&i->text, "latency_percentiles_usec_%s:", name);
    const char *at = i->sv->config->latency_percentiles;
    while (*at != '\0') {
        int len = (int)strcspn(at, " ");
        buf_printf(&i->text, "p%.*s=%.3f", len, at,
                   (double)histogram_percentile(h, strtod(at, NULL)) / 1000);
        at += len;
        if (*at == ' ') {
            at++;
            buf_append_char(&i->text, ',');
        }
    }
    buf_append_string(&i->text, "\r\n");
}

void info_latencystats(struct info *i)
{
    struct command_table *t = i->sv->commands;
    for (size_t at = 0; i->sv->config->latency_tracking && at < command_table_count(t); at++) {
        const struct command *c = command_at(t, at);
        const struct command_stats *s = command_stats(t, c);
        if (s->latency != NULL)
            write_latency_of(i, c->name, s->latency);
    }
}

void info_errorstats(struct info *i)
{
    const struct error_counts *e = &i->sv->sessions->errors;
    for (size_t n = 0; n < e->item_count; n++)
        buf_printf(&i->text, "errorstat_%s:count=%llu\r\n", e->items[n].code,
                   (unsigned long long)e->items[n].count);
}
