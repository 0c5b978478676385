/* SPDX-License-Identifier: BSD-3-Clause */
/* libmicrohttpd, loaded when it is first wanted: it brings libraries along that take more memory than this whole
 * server, and a server without the port for metrics needs none of them. The calls of its API that are used here,
 * by their names without MHD_. */
#ifndef ECHOLOG_NET_MHD_H
#define ECHOLOG_NET_MHD_H

#include "base/check.h"
#include "base/err.h"
#include <microhttpd.h>

#define MHD_CALLS(CALL)                                  \
    CALL(add_connection)                                 \
    CALL(add_response_header)                            \
    CALL(create_response_from_buffer_with_free_callback) \
    CALL(destroy_response)                               \
    CALL(get_connection_info)                            \
    CALL(get_daemon_info)                                \
    CALL(get_timeout)                                    \
    CALL(lookup_connection_value)                        \
    CALL(queue_response)                                 \
    CALL(resume_connection)                              \
    CALL(run)                                            \
    CALL(start_daemon)                                   \
    CALL(stop_daemon)                                    \
    CALL(suspend_connection)

struct mhd {
#define MHD_MEMBER(name) __typeof__(MHD_##name) *name;
    MHD_CALLS(MHD_MEMBER)
#undef MHD_MEMBER
};

/* ERR_NOT_FOUND: the library is not installed, or is another one than this was built for. It stays loaded. */
MUST_CHECK
enum err mhd_load(struct mhd *mhd);

#endif
