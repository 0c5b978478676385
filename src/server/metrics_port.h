/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP port for metrics, from the `metrics-` directives: /metrics, /healthz, /readyz. */
#ifndef ECHOLOG_SERVER_METRICS_PORT_H
#define ECHOLOG_SERVER_METRICS_PORT_H

#include "base/buf.h"
#include "base/check.h"
#include "commands/services.h"
#include "net/reactor.h"

struct metrics_port;

/* Listens on all addresses of `metrics-bind`, before the log is open: until metrics_port_serve, who asks is told
 * that it is being opened. *port is NULL when `metrics-port` is 0. On failure nothing is left open and `why` is
 * one line. ERR_UNSUPPORTED: built without it. */
MUST_CHECK
enum err metrics_port_open(struct reactor *r, const struct config *config,
                           struct metrics_port **port, struct buf *why);
/* These take NULL. */
void metrics_port_opening(struct metrics_port *port, size_t partitions); /* that are open */
void metrics_port_serve(struct metrics_port *port, struct services *sv);
/* Before the broker is destroyed. */
void metrics_port_close(struct metrics_port *port);
/* For people: "127.0.0.1:9100 [::1]:9100"; "" of NULL. */
const char *metrics_port_addresses(const struct metrics_port *port);

#endif
