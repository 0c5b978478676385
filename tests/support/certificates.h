/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates for a test, made by the openssl program in a folder of the test's own:
 *
 *     ca.crt                      an authority
 *     server.crt, server.key      signed by it, for localhost and 127.0.0.1
 *     other.crt, other.key        the same for another server, with another key
 *     client.crt, client.key      signed by it
 *     stranger.crt, stranger.key  signed by nobody but itself
 *     locked.key                  server.key behind the password "sesame" */
#ifndef ECHOLOG_TESTS_SUPPORT_CERTIFICATES_H
#define ECHOLOG_TESTS_SUPPORT_CERTIFICATES_H

#include <stdbool.h>

/* False: openssl failed. */
bool certificates_make(const char *folder);
void certificates_remove(const char *folder); /* the files, not the folder */

#endif
