/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli lab: the course, from its command line to its exit status. */
#ifndef ECHOLOG_LAB_LAB_H
#define ECHOLOG_LAB_LAB_H

#include "cli/connection.h"
#include <stdio.h>

/* argv begins behind the tool's name. `given` is the server that the command line named; NULL: the course starts its
 * own. EXIT_STATUS_REFUSED: the broker contradicted a lesson, or not all was played. */
int tool_lab(const struct connection_target *given, int interrupt_fd, int argc, char *const *argv);
/* The lessons: number, name, minutes, question. */
void lab_print_list(FILE *to);

#endif
