/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/sim_ops.h"

#include "base/mem.h"

static enum err rename_across(struct sim_disk *d, struct sim_inode *from_dir, const char *from_name,
                              struct sim_inode *to_dir, const char *to_name,
                              struct sim_inode *inode)
{
    struct change *change;
    if (from_dir == to_dir) {
        change = inode_change_add(d, from_dir, CHANGE_RENAME);
        change->name = mem_strdup(from_name);
        change->to = mem_strdup(to_name);
        change->inode = inode;
    } else {
        change = inode_change_add(d, from_dir, CHANGE_REMOVE);
        change->name = mem_strdup(from_name);
        change->inode = inode;
        change = inode_change_add(d, to_dir, CHANGE_PUT);
        change->name = mem_strdup(to_name);
        change->inode = inode;
    }
    entries_remove(&from_dir->names, from_name);
    entries_put(&to_dir->names, to_name, inode);
    return ERR_OK;
}

enum err sim_rename(struct disk *disk, const char *from, const char *to)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *from_dir, *to_dir;
    const char *from_name, *to_name;
    bool dies;
    enum err err = sim_name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    struct sim_inode *inode = inode_look_up(d, from, &from_dir, &from_name);
    struct sim_inode *there = inode_look_up(d, to, &to_dir, &to_name);
    if (inode == NULL || to_dir == NULL)
        return ERR_NOT_FOUND;
    if (there == inode)
        return dies ? ERR_IO : ERR_OK;
    if (there != NULL && there->is_dir != inode->is_dir)
        return ERR_INVALID;
    if (there != NULL && there->names.count > 0)
        return ERR_EXISTS;
    if (there != NULL)
        there->names_count--;
    err = rename_across(d, from_dir, from_name, to_dir, to_name, inode);
    return dies ? ERR_IO : err;
}

static enum err remove_name(struct sim_disk *d, const char *path, bool is_dir)
{
    struct sim_inode *dir;
    const char *name;
    bool dies;
    enum err err = sim_name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    struct sim_inode *inode = inode_look_up(d, path, &dir, &name);
    if (inode == NULL || dir == NULL)
        return ERR_NOT_FOUND;
    if (inode->is_dir != is_dir)
        return ERR_INVALID;
    if (inode->names.count > 0)
        return ERR_EXISTS;
    struct change *change = inode_change_add(d, dir, CHANGE_REMOVE);
    change->name = mem_strdup(name);
    change->inode = inode;
    inode->names_count--;
    entries_remove(&dir->names, change->name);
    return dies ? ERR_IO : ERR_OK;
}

enum err sim_unlink(struct disk *disk, const char *path)
{
    return remove_name(sim_of(disk), path, false);
}

enum err sim_rmdir(struct disk *disk, const char *path)
{
    return remove_name(sim_of(disk), path, true);
}

enum err sim_mkdir(struct disk *disk, const char *path)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    bool dies;
    enum err err = sim_name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    if (inode_look_up(d, path, &dir, &name) != NULL)
        return ERR_EXISTS;
    if (dir == NULL)
        return ERR_NOT_FOUND;
    if (sim_room(d) == 0) {
        d->hits[SIM_CREATE_NOSPACE]++;
        return ERR_NOSPACE;
    }
    struct sim_inode *inode = inode_create(d, true);
    inode->names_count = 1;
    entries_put(&dir->names, name, inode);
    struct change *change = inode_change_add(d, dir, CHANGE_PUT);
    change->name = mem_strdup(name);
    change->inode = inode;
    return dies ? ERR_IO : ERR_OK;
}

enum err sim_sync_dir(struct disk *disk, const char *path)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    enum call_end end = sim_call_begin(d);
    if (end != CALL_GOES_ON) {
        d->hits[SIM_DIED_IN_SYNC] += end == CALL_DIES;
        return ERR_IO;
    }
    struct sim_inode *inode = inode_look_up(d, path, &dir, &name);
    if (inode == NULL)
        return ERR_NOT_FOUND;
    if (!inode->is_dir)
        return ERR_INVALID;
    if (sim_odds_hit(d, SIM_SYNC_DIR_EIO))
        return ERR_IO; /* names stay as dirty as they were: a journal that failed is the end of it */
    inode_land_all(inode);
    return ERR_OK;
}

enum err sim_list(struct disk *disk, const char *path, disk_list_fn *fn, void *ctx)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    if (sim_call_begin(d) != CALL_GOES_ON)
        return ERR_IO;
    struct sim_inode *inode = inode_look_up(d, path, &dir, &name);
    if (inode == NULL)
        return ERR_NOT_FOUND;
    if (!inode->is_dir)
        return ERR_INVALID;
    size_t first = inode->names.count == 0 ? 0 : random_below(&d->random, inode->names.count);
    for (size_t i = 0; i < inode->names.count; i++) {
        const struct sim_entry *e = &inode->names.items[(first + i) % inode->names.count];
        if (!fn(ctx, e->name, e->inode->is_dir ? DISK_ENTRY_DIR : DISK_ENTRY_FILE))
            break;
    }
    return ERR_OK;
}
