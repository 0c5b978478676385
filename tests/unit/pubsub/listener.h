/* SPDX-License-Identifier: BSD-3-Clause */
/* A subscriber that remembers what it was given. */
#ifndef ECHOLOG_TESTS_UNIT_PUBSUB_LISTENER_H
#define ECHOLOG_TESTS_UNIT_PUBSUB_LISTENER_H

#include "pubsub/pubsub.h"

#define HEARD_MAX 64

struct listener {
    struct subscriber subscriber;
    struct frame *heard[HEARD_MAX]; /* counted */
    struct bytes parts[HEARD_MAX];  /* of those: the messages */
    size_t order[HEARD_MAX];        /* of all deliveries to anyone, as *sequence counts them */
    size_t heard_count;
    size_t *sequence; /* borrowed; may be NULL */
};

void listener_init(struct listener *l, struct pubsub *ps, int proto);
void listener_deinit(struct listener *l);
void listener_forget(struct listener *l); /* what it heard */
/* All it heard since it last forgot, put together; good until the next call. */
const char *listener_text(const struct listener *l);

#endif
