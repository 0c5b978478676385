/* SPDX-License-Identifier: BSD-3-Clause */
/* Values and sentences as C strings, good until the next call. */
#ifndef ECHOLOG_TESTS_UNIT_CONFIG_SAY_H
#define ECHOLOG_TESTS_UNIT_CONFIG_SAY_H

#include "config/config_source.h"

/* What was said with a result: "" for success, and never anything but ERR_INVALID otherwise. Frees `why`. */
const char *said(struct buf *why, enum err err);

/* Sets one value; what was wrong with it, or "". */
const char *set_one(struct config *c, const struct directive *d, const char *value);
const char *get_one(const struct config *c, const struct directive *d);
const char *get_named(const struct config *c, const char *name);

/* What config_read_text says about the text (as file "x.conf"), or "". */
const char *read_text(struct config *c, const char *text);
/* What config_read_options says about the words, which a NULL ends, or "". */
const char *read_options(struct config *c, ...);
/* What config_set says about names and values, which a NULL ends, or "". */
const char *set_pairs(struct config *c, ...);
/* The same, with those on the list `parts` asked. */
const char *set_pairs_with(struct config *c, struct list *parts, ...);

#endif
