/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving the log start. */
#include "storage/partition_internal.h"

bool partition_remove_old(struct partition *p)
{
    size_t count = 0;
    while (count + 1 < p->segment_count && p->segments[count + 1]->base_offset <= p->log_start)
        count++;
    if (count == 0)
        return false;
    work_start_remove(p, count);
    return false;
}

void partition_retain(struct partition *p)
{
    (void)p;
}
