/* SPDX-License-Identifier: BSD-3-Clause */
/* Latency events for people: LATENCY GRAPH and LATENCY DOCTOR. */
#ifndef ECHOLOG_COMMANDS_LATENCY_TEXT_H
#define ECHOLOG_COMMANDS_LATENCY_TEXT_H

#include "base/buf.h"
#include "commands/latency_events.h"
#include "config/config.h"

/* A column per sample with its age below, the newest LATENCY_GRAPH_COLUMNS of them. */
#define LATENCY_GRAPH_COLUMNS 80
void latency_graph(struct buf *text, const char *name, const struct latency_series *s,
                   int64_t now_s);
/* What was seen, and what to do about it. */
void latency_report(struct buf *text, const struct latency_events *e, const struct config *config,
                    int64_t now_s);

#endif
