/* SPDX-License-Identifier: BSD-3-Clause */
/* What the simulated disk holds: files and directories as the page cache has them, as the device has them, and
 * the changes between the two. What of those a power cut or a failed sync keeps is chosen here. */
#ifndef ECHOLOG_TESTS_SIM_INODE_H
#define ECHOLOG_TESTS_SIM_INODE_H

#include "base/buf.h"
#include "sim/sim_disk.h"

struct sim_entry {
    char *name; /* owned */
    struct sim_inode *inode;
};

struct sim_entries {
    struct sim_entry *items; /* owned */
    size_t count;
};

enum change_kind { CHANGE_SECTOR, CHANGE_LENGTH, CHANGE_PUT, CHANGE_REMOVE, CHANGE_RENAME };

/* A change that is not durable yet, of a file (sector, length) or a directory (the others). */
struct change {
    enum change_kind kind;
    uint64_t sequence;
    uint64_t write; /* which call it is of */
    bool landed;
    union {
        struct {
            uint64_t sector;
            char data[SIM_SECTOR_BYTES];
        };
        struct {
            uint64_t len;
            bool shorter;
        };
        struct {
            char *name; /* owned */
            char *to;   /* owned; of a rename */
            struct sim_inode *inode;
        };
    };
};

struct changes {
    struct change *items; /* owned */
    size_t count, cap;
};

struct sim_inode {
    struct list link;
    bool is_dir;
    unsigned names_count; /* that lead here, in the page cache */
    unsigned handles;
    struct buf now;     /* the page cache */
    struct buf durable; /* the device */
    struct sim_entries names;
    struct sim_entries durable_names;
    struct changes changes;
    bool forgotten; /* a failed sync left differences between cache and device */
};

struct sim_inode *inode_create(struct sim_disk *d, bool is_dir);
void inode_free(struct sim_inode *inode);

/* --- names ---------------------------------------------------------------------------------- */

struct sim_entry *entries_find(const struct sim_entries *e, const char *name, size_t len);
void entries_put(struct sim_entries *e, const char *name, struct sim_inode *inode);
void entries_remove(struct sim_entries *e, const char *name);
void entries_clear(struct sim_entries *e);
void entries_copy(struct sim_entries *to, const struct sim_entries *from);

/* The inode at the path or NULL; the directory it is or would be in, and its name there. */
struct sim_inode *inode_look_up(struct sim_disk *d, const char *path, struct sim_inode **dir,
                                const char **name);

/* --- changes -------------------------------------------------------------------------------- */

struct change *inode_change_add(struct sim_disk *d, struct sim_inode *inode, enum change_kind kind);
void inode_set_len(struct buf *b, uint64_t len);
/* The file gets this length. */
void inode_note_len(struct sim_disk *d, struct sim_inode *inode, uint64_t len);
/* The sectors that [pos, pos + len) touches are as they are now. */
void inode_note_sectors(struct sim_disk *d, struct sim_inode *inode, uint64_t pos, uint64_t len,
                        uint64_t write);
void inode_changes_clear(struct changes *c);

/* --- what a power cut keeps ----------------------------------------------------------------- */

/* Up to `sequence_to` every change lands, of the others each one with `percent`. */
struct keeping {
    uint64_t sequence_to;
    unsigned percent;
    bool all;
};
struct keeping keeping_choose(struct sim_disk *d);

/* The device takes some of the changes. The length goes by a prefix of them. */
void inode_land(struct sim_disk *d, struct sim_inode *inode, const struct keeping *k);
void inode_land_all(struct sim_inode *inode);
/* The device has some of it, and nobody remembers which. The length stays known. */
void inode_land_and_forget(struct sim_disk *d, struct sim_inode *inode);

#endif
