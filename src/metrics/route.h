/* SPDX-License-Identifier: BSD-3-Clause */
/* Which page a request gets. */
#ifndef ECHOLOG_METRICS_ROUTE_H
#define ECHOLOG_METRICS_ROUTE_H

#include "metrics/exposition.h"

enum route {
    ROUTE_METRICS,
    ROUTE_HEALTHZ,
    ROUTE_READYZ,
    ROUTE_NOT_FOUND,      /* 404 */
    ROUTE_METHOD_REFUSED, /* 405: only GET and HEAD, whatever the path */
    ROUTE_COUNT
};

/* `path` without a query. */
enum route route_of(struct bytes method, struct bytes path);

/* The dialect that a header Accept wants most; the old text when it wants neither, or says nothing. */
enum exposition_format route_format(struct bytes accept);

#endif
