/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-dump: prints and checks what Echolog keeps on disk. */
#include "dump/options.h"
#include "dump/target.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    struct options options;
    char why[OPTIONS_WHY_BYTES];
    int status = TARGET_FINE;

    if (!options_parse(&options, argc - 1, argv + 1, why)) {
        fprintf(stderr, "echolog-dump: %s\nTry echolog-dump --help\n", why);
        return TARGET_NOT_LOOKED;
    }
    if (options.help)
        options_print_help(stdout);
    else if (options.version)
        puts("echolog-dump " ECHOLOG_VERSION);
    else
        status = (int)target_run(&options, stdout, stderr);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("echolog-dump: standard output");
        return TARGET_NOT_LOOKED;
    }
    return status;
}
