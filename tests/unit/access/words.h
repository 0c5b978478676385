/* SPDX-License-Identifier: BSD-3-Clause */
/* A small vocabulary for the tests of access, and rules and calls written as one line. */
#ifndef ECHOLOG_TESTS_ACCESS_WORDS_H
#define ECHOLOG_TESTS_ACCESS_WORDS_H

#include "access/users.h"

/* get (read fast), set (write slow), del (write slow), config with get, set (admin) and help, select (fast), auth (for
 * everyone), publish and subscribe (pubsub), produce (write fast log), fetch (read slow log). */
extern const struct access_vocabulary words;

/* Applies rules that stand in one line, parted by blanks; the first error ends it. */
enum rule_error apply_line(struct user *u, const char *rules);
/* A user "u" made by them, which are good (asserted). */
struct user *user_of(const char *rules);

/* Whether `u` may make a call such as "get a", where the command says what follows it; the denial's first letter
 * otherwise: 'c'ommand, 'k'ey, c'h'annel; '+' when it may. */
char judge(const struct user *u, const char *call);

#endif
