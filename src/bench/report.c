/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report.h"

#include <inttypes.h>
#include <jansson.h>

static double per_second(const struct run *run)
{
    return run->took_ns <= 0 ? 0 : (double)run->messages * 1e9 / (double)run->took_ns;
}

static double us_each(const struct run *run)
{
    return run->messages == 0 ? 0 : (double)run->server_ns / 1000 / (double)run->messages;
}

static double share(int64_t ns, const struct run *run)
{
    return run->took_ns <= 0 ? 0 : (double)ns / (double)run->took_ns;
}

static double percentile_us(const struct run *run, double percent)
{
    return (double)histogram_percentile(&run->latency, percent) / 1000;
}

static void print_text(const struct run *run, FILE *out)
{
    fprintf(out, "%s\n  %.0f messages/s (%" PRIu64 " in %.2f s)\n", run->title, per_second(run),
            run->messages, (double)run->took_ns / 1e9);
    if (run->server_ns >= 0)
        fprintf(out,
                "  server: %.3f us of CPU each, %.0f %% of a core, at most %.1f MiB resident\n",
                us_each(run), share(run->server_ns, run) * 100, (double)run->peak_kib / 1024);
    if (run->latency.count > 0)
        fprintf(out, "  latency: p50 %.0f us, p99 %.0f us, p99.9 %.0f us, longest %.0f us\n",
                percentile_us(run, 50), percentile_us(run, 99), percentile_us(run, 99.9),
                (double)run->latency.max / 1000);
    if (share(run->own_ns, run) >= REPORT_OWN_SHARE_MAX && !run->spins)
        fprintf(out, "  the load itself took %.0f %% of a core: the server may be faster\n",
                share(run->own_ns, run) * 100);
    if (run->errors > 0)
        fprintf(out, "  ERRORS: %" PRIu64 ", the first: %s\n", run->errors, run->first_error);
}

static json_t *latency_json(const struct run *run)
{
    if (run->latency.count == 0)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f, s:I}", "p50_us", percentile_us(run, 50), "p99_us",
                     percentile_us(run, 99), "p999_us", percentile_us(run, 99.9), "max_us",
                     (double)run->latency.max / 1000, "count", (json_int_t)run->latency.count);
}

static json_t *server_json(const struct run *run)
{
    if (run->server_ns < 0)
        return json_null();
    return json_pack("{s:f, s:f, s:I}", "cpu_us_each", us_each(run), "cpu_share",
                     share(run->server_ns, run), "peak_kib", (json_int_t)run->peak_kib);
}

static void print_json(const struct run *run, FILE *out)
{
    json_t *all =
        json_pack("{s:s, s:I, s:f, s:f, s:f, s:o, s:o, s:I, s:s*}", "title", run->title, "messages",
                  (json_int_t)run->messages, "seconds", (double)run->took_ns / 1e9, "per_second",
                  per_second(run), "own_cpu_share", share(run->own_ns, run), "server",
                  server_json(run), "latency", latency_json(run), "errors", (json_int_t)run->errors,
                  "first_error", run->errors > 0 ? run->first_error : NULL);

    json_dumpf(all, out, JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(all);
}

void report_print(const struct run *run, FILE *out)
{
    if (run->options->json)
        print_json(run, out);
    else
        print_text(run, out);
}
