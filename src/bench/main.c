/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-bench: puts load on a server and says what it made of it. */
#include "bench/options.h"
#include "bench/report.h"
#include "bench/scenario.h"
#include <stdio.h>

enum status {
    STATUS_OK = 0,
    STATUS_ERRORS = 1, /* of the server */
    STATUS_NOT_DONE = 2,
};

static enum status measure(const struct options *options)
{
    struct run run = {.options = options, .server_ns = -1, .peak_kib = -1};
    enum status status = STATUS_NOT_DONE;

    if (scenario_run(&run)) {
        report_print(&run, stdout);
        status = run.errors > 0 ? STATUS_ERRORS : STATUS_OK;
    } else {
        fprintf(stderr, "echolog-bench: %s\n", run.why);
    }
    run_deinit(&run);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    char why[FLAGS_WHY_BYTES];
    enum status status = STATUS_OK;

    if (!options_parse(&options, argc - 1, argv + 1, why)) {
        fprintf(stderr, "echolog-bench: %s\nTry echolog-bench --help\n", why);
        return STATUS_NOT_DONE;
    }
    if (options.help)
        options_print_help(stdout);
    else if (options.version)
        puts("echolog-bench " ECHOLOG_VERSION);
    else
        status = measure(&options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("echolog-bench: standard output");
        return STATUS_NOT_DONE;
    }
    return (int)status;
}
