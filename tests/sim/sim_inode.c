/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/sim_inode.h"

#include "base/mem.h"

/* --- inodes and names ---------------------------------------------------------------------------------- */

struct sim_inode *inode_create(struct sim_disk *d, bool is_dir)
{
    struct sim_inode *inode = mem_zalloc(1, sizeof(*inode));
    inode->is_dir = is_dir;
    list_push_back(&d->inodes, &inode->link);
    return inode;
}

void inode_free(struct sim_inode *inode)
{
    ASSERT(inode->handles == 0);
    list_remove(&inode->link);
    buf_deinit(&inode->now);
    buf_deinit(&inode->durable);
    entries_clear(&inode->names);
    entries_clear(&inode->durable_names);
    inode_changes_clear(&inode->changes);
    mem_free(inode);
}

struct sim_entry *entries_find(const struct sim_entries *e, const char *name, size_t len)
{
    for (size_t i = 0; i < e->count; i++)
        if (strlen(e->items[i].name) == len && memcmp(e->items[i].name, name, len) == 0)
            return &e->items[i];
    return NULL;
}

void entries_put(struct sim_entries *e, const char *name, struct sim_inode *inode)
{
    struct sim_entry *at = entries_find(e, name, strlen(name));
    if (at == NULL) {
        e->items = mem_realloc(e->items, (e->count + 1) * sizeof(e->items[0]));
        at = &e->items[e->count++];
        at->name = mem_strdup(name);
    }
    at->inode = inode;
}

void entries_remove(struct sim_entries *e, const char *name)
{
    struct sim_entry *at = entries_find(e, name, strlen(name));
    if (at == NULL)
        return;
    mem_free(at->name);
    *at = e->items[--e->count];
}

void entries_clear(struct sim_entries *e)
{
    for (size_t i = 0; i < e->count; i++)
        mem_free(e->items[i].name);
    mem_free(e->items);
    *e = (struct sim_entries){0};
}

void entries_copy(struct sim_entries *to, const struct sim_entries *from)
{
    entries_clear(to);
    for (size_t i = 0; i < from->count; i++)
        entries_put(to, from->items[i].name, from->items[i].inode);
}

struct sim_inode *inode_look_up(struct sim_disk *d, const char *path, struct sim_inode **dir,
                                const char **name)
{
    struct sim_inode *at = d->root;
    *dir = NULL;
    *name = path;
    for (const char *part = path; at != NULL && *part != '\0';) {
        size_t len = strcspn(part, "/");
        if (!at->is_dir)
            return NULL;
        struct sim_entry *e = entries_find(&at->names, part, len);
        if (part[len] == '\0') {
            *dir = at;
            *name = part;
            return e == NULL ? NULL : e->inode;
        }
        at = e == NULL ? NULL : e->inode;
        part += len + 1;
    }
    return at;
}

/* --- changes -------------------------------------------------------------------------------- */

struct change *inode_change_add(struct sim_disk *d, struct sim_inode *inode, enum change_kind kind)
{
    struct changes *c = &inode->changes;
    if (c->count == c->cap) {
        c->cap = c->cap == 0 ? 8 : c->cap * 2;
        c->items = mem_realloc(c->items, c->cap * sizeof(c->items[0]));
    }
    struct change *change = &c->items[c->count++];
    *change = (struct change){.kind = kind, .sequence = ++d->sequence};
    return change;
}

void inode_changes_clear(struct changes *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].kind >= CHANGE_PUT) {
            mem_free(c->items[i].name);
            mem_free(c->items[i].to);
        }
    mem_free(c->items);
    *c = (struct changes){0};
}

void inode_set_len(struct buf *b, uint64_t len)
{
    if (len > b->len) {
        size_t more = (size_t)len - b->len;
        memset(buf_reserve(b, more), 0, more);
    }
    b->len = (size_t)len;
}

void inode_note_len(struct sim_disk *d, struct sim_inode *inode, uint64_t len)
{
    bool shorter = len < inode->now.len;
    inode_set_len(&inode->now, len);
    struct change *change = inode_change_add(d, inode, CHANGE_LENGTH);
    change->len = len;
    change->shorter = shorter;
}

void inode_note_sectors(struct sim_disk *d, struct sim_inode *inode, uint64_t pos, uint64_t len,
                        uint64_t write)
{
    if (len == 0)
        return;
    for (uint64_t s = pos / SIM_SECTOR_BYTES; s <= (pos + len - 1) / SIM_SECTOR_BYTES; s++) {
        size_t from = (size_t)s * SIM_SECTOR_BYTES;
        size_t left = inode->now.len - from;
        struct change *change = inode_change_add(d, inode, CHANGE_SECTOR);
        change->sector = s;
        change->write = write;
        memcpy(change->data, inode->now.data + from,
               left < SIM_SECTOR_BYTES ? left : SIM_SECTOR_BYTES);
    }
}

static void change_apply(struct sim_inode *inode, const struct change *change)
{
    struct buf *b = &inode->durable;
    struct sim_entries *e = &inode->durable_names;
    struct sim_entry *from;
    switch (change->kind) {
    case CHANGE_LENGTH:
        inode_set_len(b, change->len);
        break;
    case CHANGE_SECTOR: {
        size_t at = (size_t)change->sector * SIM_SECTOR_BYTES;
        size_t left = at < b->len ? b->len - at : 0;
        if (left > 0)
            memcpy(b->data + at, change->data, left < SIM_SECTOR_BYTES ? left : SIM_SECTOR_BYTES);
        break;
    }
    case CHANGE_PUT:
        entries_put(e, change->name, change->inode);
        break;
    case CHANGE_REMOVE:
        from = entries_find(e, change->name, strlen(change->name));
        if (from != NULL && from->inode == change->inode)
            entries_remove(e, change->name);
        break;
    case CHANGE_RENAME:
        from = entries_find(e, change->name, strlen(change->name));
        if (from == NULL || from->inode != change->inode)
            break; /* what was to be renamed was never there */
        entries_remove(e, change->name);
        entries_put(e, change->to, change->inode);
        break;
    }
}

/* --- what a power cut keeps ----------------------------------------------------------------- */

struct keeping keeping_choose(struct sim_disk *d)
{
    static const unsigned percents[] = {5, 50, 50, 95};
    struct keeping k = {0};
    switch (random_below(&d->random, 5)) {
    case 0:
        k.all = true;
        break;
    case 1: /* nothing but what was synced */
        break;
    case 2: /* in order, with a torn end */
        k.sequence_to =
            d->sequence - random_below(&d->random, 40 < d->sequence ? 40 : d->sequence + 1);
        break;
    case 3: /* the same with holes behind it */
        k.sequence_to =
            d->sequence - random_below(&d->random, 40 < d->sequence ? 40 : d->sequence + 1);
        k.percent = 30;
        break;
    default:
        k.percent = percents[random_below(&d->random, COUNT_OF(percents))];
    }
    return k;
}

static bool keeps(struct sim_disk *d, const struct keeping *k, const struct change *change)
{
    return k->all || change->sequence <= k->sequence_to ||
           random_below(&d->random, 100) < k->percent;
}

static void count_lost(struct sim_disk *d, const struct changes *changes)
{
    static const enum sim_fault of_kind[] = {
        [CHANGE_SECTOR] = SIM_SECTOR_LOST, [CHANGE_LENGTH] = SIM_LENGTH_LOST,
        [CHANGE_PUT] = SIM_NAME_LOST,      [CHANGE_REMOVE] = SIM_REMOVAL_LOST,
        [CHANGE_RENAME] = SIM_RENAME_LOST,
    };
    bool lost_before = false;
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *c = &changes->items[i];
        const struct change *before = i > 0 ? &changes->items[i - 1] : NULL;
        if (c->kind == CHANGE_SECTOR && before != NULL && before->kind == CHANGE_SECTOR &&
            before->write == c->write && before->landed != c->landed)
            d->hits[SIM_WRITE_TORN]++;
        if (c->landed && c->kind == CHANGE_SECTOR && lost_before)
            d->hits[SIM_SECTOR_REORDERED]++;
        if (c->landed)
            continue;
        lost_before = lost_before || c->kind == CHANGE_SECTOR;
        d->hits[c->kind == CHANGE_LENGTH && c->shorter ? SIM_TRUNCATE_LOST : of_kind[c->kind]]++;
    }
}

void inode_land(struct sim_disk *d, struct sim_inode *inode, const struct keeping *k)
{
    struct changes *changes = &inode->changes;
    bool length_stands = false;
    for (size_t i = 0; i < changes->count; i++) {
        struct change *c = &changes->items[i];
        c->landed = keeps(d, k, c);
        if (c->kind == CHANGE_LENGTH && length_stands)
            c->landed = false;
        if (c->kind == CHANGE_LENGTH && !c->landed)
            length_stands = true;
        if (c->landed)
            change_apply(inode, c);
    }
    count_lost(d, changes);
}

void inode_land_all(struct sim_inode *inode)
{
    for (size_t i = 0; i < inode->changes.count; i++)
        change_apply(inode, &inode->changes.items[i]);
    inode_changes_clear(&inode->changes);
}

static void land_part(struct sim_disk *d, struct sim_inode *inode)
{
    struct keeping k = keeping_choose(d);
    inode_land(d, inode, &k);
}

void inode_land_and_forget(struct sim_disk *d, struct sim_inode *inode)
{
    land_part(d, inode);
    inode_changes_clear(&inode->changes);
    if (!inode->is_dir)
        inode_set_len(&inode->durable, inode->now.len);
    inode->forgotten = true;
}
