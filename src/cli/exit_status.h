/* SPDX-License-Identifier: BSD-3-Clause */
/* What the program tells the one that started it. Scripts go by it: a promise. */
#ifndef ECHOLOG_CLI_EXIT_STATUS_H
#define ECHOLOG_CLI_EXIT_STATUS_H

enum exit_status {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_REFUSED = 1, /* a reply was an error, or not all was done that was asked for */
    EXIT_STATUS_FAILED = 2,  /* no connection, or it was lost; or the command line makes no sense */
};

#endif
