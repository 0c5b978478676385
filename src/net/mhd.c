/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/mhd.h"

#include <dlfcn.h>
#include <string.h>

/* ECHOLOG_MHD_LIBRARY is its file name, with the version of the interface that this was built for. */
enum err mhd_load(struct mhd *mhd)
{
    struct mhd found;
    void *address, *library = dlopen(ECHOLOG_MHD_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return ERR_NOT_FOUND;
        /* C knows no conversion between pointers to data and to functions; dlsym relies on there being one. */
#define MHD_FIND(name)                      \
    address = dlsym(library, "MHD_" #name); \
    if (address == NULL)                    \
        return ERR_NOT_FOUND;               \
    memcpy(&found.name, &address, sizeof(address));
    MHD_CALLS(MHD_FIND)
#undef MHD_FIND
    *mhd = found;
    return ERR_OK;
}
