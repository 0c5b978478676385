/* SPDX-License-Identifier: BSD-3-Clause */
/* The text that Prometheus reads, in its two dialects: the old one (0.0.4), and OpenMetrics 1.0. They differ in
 * where "_total" stands, in "# UNIT" lines, and in the end mark. A family is begun once, and its samples follow. */
#ifndef ECHOLOG_METRICS_EXPOSITION_H
#define ECHOLOG_METRICS_EXPOSITION_H

#include "base/buf.h"
#include <stdint.h>

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS, EXPOSITION_FORMAT_COUNT };

/* What goes into the header Content-Type. */
const char *exposition_content_type(enum exposition_format format);

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM, FAMILY_INFO };

struct family {
    const char *name; /* with its unit, without "_total" and "_info" */
    enum family_type type;
    const char *unit; /* the last word of the name; NULL for none */
    const char *help;
};

struct label {
    const char *name;
    struct bytes value; /* any bytes; what is not UTF-8 is shown as U+FFFD */
};

struct exposition {
    enum exposition_format format;
    struct buf *out;             /* borrowed */
    const struct family *family; /* the one begun last; borrowed */
};

void exposition_begin(struct exposition *e, const struct family *family);
/* A sample of a counter, gauge or info. */
void exposition_count(struct exposition *e, const struct label *labels, size_t label_count,
                      uint64_t value);
void exposition_real(struct exposition *e, const struct label *labels, size_t label_count,
                     double value);
/* A histogram's samples. `counts` of `bucket_count` values up to `bounds` each, not added up; `count` of all
 * values, also those above the last bound. */
void exposition_histogram(struct exposition *e, const struct label *labels, size_t label_count,
                          const double *bounds, const uint64_t *counts, size_t bucket_count,
                          uint64_t count, double sum);
void exposition_end(struct exposition *e);

#endif
