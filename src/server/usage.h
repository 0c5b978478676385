/* SPDX-License-Identifier: BSD-3-Clause */
/* What --help and --version print. Manual pages and completions of shells are made from the first. */
#ifndef ECHOLOG_SERVER_USAGE_H
#define ECHOLOG_SERVER_USAGE_H

#include <stdio.h>

void usage_print(FILE *to);
/* One line: version, allocator, TLS library, compiler, word size. */
void usage_print_version(FILE *to);

#endif
