/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/state.h"

#include "base/mem.h"

#define CHECKPOINT_FILE_BYTES_MAX ((size_t)1024 * 1024)

static void path_make(char *path, const char *dir, const char *name)
{
    snprintf(path, DISK_PATH_BYTES_MAX + 1, "%s/%s", dir, name);
}

/* --- reading --------------------------------------------------------------------------------- */

static void read_slots(struct state *s, struct bytes file)
{
    for (size_t i = 0; i < STATE_SLOTS; i++) {
        struct state_slot *slot = &s->slots[i];
        size_t from = i * CHECKPOINT_SLOT_BYTES;
        slot->err = ERR_CORRUPT;
        if (file.len <= from)
            continue;
        size_t len = file.len - from;
        len = len < CHECKPOINT_SLOT_BYTES ? len : CHECKPOINT_SLOT_BYTES;
        slot->err =
            checkpoint_decode(bytes_of(file.data + from, len), &slot->checkpoint, &slot->sequence);
        if (slot->err != ERR_OK)
            continue;
        if (s->checkpoint == NULL || slot->sequence > s->slots[0].sequence)
            s->checkpoint = &slot->checkpoint;
    }
}

static void read_checkpoint(struct state *s, struct disk *disk, const char *dir)
{
    char path[DISK_PATH_BYTES_MAX + 1], *data;
    size_t len;
    path_make(path, dir, "checkpoint");
    s->checkpoint_err = disk_read_file(disk, path, CHECKPOINT_FILE_BYTES_MAX, &data, &len);
    if (s->checkpoint_err == ERR_OK) {
        s->checkpoint_len = len;
        read_slots(s, bytes_of(data, len));
        mem_free(data);
    }
}

void state_read(struct state *s, struct disk *disk, const char *dir)
{
    *s = (struct state){0};
    read_checkpoint(s, disk, dir);
    s->marker_err = marker_read(disk, dir, &s->marker);
}

void state_deinit(struct state *s)
{
    for (size_t i = 0; i < STATE_SLOTS; i++)
        if (s->checkpoint_err == ERR_OK && s->slots[i].err == ERR_OK)
            mem_free(s->slots[i].checkpoint.epochs);
    if (s->marker_err == ERR_OK)
        marker_deinit(&s->marker);
}

int64_t state_compacted_to(struct disk *disk, const char *dir)
{
    struct state now = {.marker_err = ERR_NOT_FOUND};
    read_checkpoint(&now, disk, dir);
    int64_t to = now.checkpoint == NULL ? INT64_MAX : now.checkpoint->compacted_to;
    state_deinit(&now);
    return to;
}

bool state_still_clean(const struct state *s, struct disk *disk, const char *dir)
{
    struct marker now;
    if (s->marker_err != ERR_OK || marker_read(disk, dir, &now) != ERR_OK)
        return false;
    bool same = now.place.sequence == s->marker.place.sequence;
    marker_deinit(&now);
    return same;
}

/* --- printing -------------------------------------------------------------------------------- */

static void print_checkpoint(struct printer *out, const struct checkpoint *c)
{
    printer_number(out, "log_start", c->log_start);
    printer_number(out, "segment", c->segment_base);
    printer_count(out, "synced_pos", c->synced_pos);
    printer_number(out, "synced_offset", c->synced_offset);
    printer_number(out, "reserved", c->reserved);
    printer_number(out, "max_timestamp", c->max_timestamp_ms);
    printer_number(out, "compacted_to", c->compacted_to);
    printer_number(out, "cleaned_to", c->cleaned_to);
    printer_flag(out, "failed", c->failed);
    printer_word(out, "boot_id", c->boot_id);
    printer_list_open(out, "epochs");
    for (size_t i = 0; i < c->epoch_count; i++)
        printer_pair_numbers(out, c->epochs[i].epoch, c->epochs[i].first_offset);
    printer_list_close(out);
}

static void print_slots(const struct state *s, struct printer *out, const char *path)
{
    for (size_t i = 0; i < STATE_SLOTS; i++) {
        const struct state_slot *slot = &s->slots[i];
        if (slot->err != ERR_OK)
            continue;
        printer_begin(out, DEPTH_FILE, "checkpoint");
        printer_word(out, "path", path);
        printer_count(out, "slot", i);
        printer_count(out, "sequence", slot->sequence);
        printer_flag(out, "counts", s->checkpoint == &slot->checkpoint);
        print_checkpoint(out, &slot->checkpoint);
        printer_end(out);
    }
}

static void check_slots(const struct state *s, struct printer *out, const char *path)
{
    for (size_t i = 0; i < STATE_SLOTS; i++) {
        if (s->slots[i].err == ERR_OK)
            continue;
        /* A crash may tear the slot that is being written, a clean stop tears none. */
        if (s->slots[i].err == ERR_UNSUPPORTED)
            printer_error(out, path, "slot %zu is of a later version", i);
        else if (s->checkpoint == NULL || s->marker_err == ERR_OK)
            printer_error(out, path, "slot %zu is damaged", i);
        else
            printer_note(out, path, "slot %zu is not whole; the other one counts", i);
    }
    if (s->checkpoint_len != STATE_SLOTS * CHECKPOINT_SLOT_BYTES)
        printer_error(out, path, "is %zu bytes long, not %d", s->checkpoint_len,
                      STATE_SLOTS * CHECKPOINT_SLOT_BYTES);
    if (s->checkpoint != NULL && s->checkpoint->failed)
        printer_error(out, path,
                      "a write or sync has failed: what is behind the synced place is doubtful");
}

static void print_marker(const struct state *s, struct printer *out, const char *path)
{
    const struct marker *m = &s->marker;
    printer_begin(out, DEPTH_FILE, "marker");
    printer_word(out, "path", path);
    printer_number(out, "next_offset", m->next_offset);
    printer_number(out, "last_batch", m->last_batch_base);
    printer_count(out, "last_batch_bytes", m->last_batch_len);
    printer_list_open(out, "segments");
    for (size_t i = 0; i < m->segment_count; i++)
        printer_pair_numbers(out, m->segments[i].base_offset, (int64_t)m->segments[i].bytes);
    printer_list_close(out);
    print_checkpoint(out, &m->checkpoint);
    printer_end(out);
}

void state_print(const struct state *s, struct dump *d, const char *dir, unsigned parts,
                 bool required)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    if (parts & DUMP_CHECKPOINT) {
        path_make(path, dir, "checkpoint");
        if (s->checkpoint_err == ERR_OK) {
            print_slots(s, d->out, path);
            check_slots(s, d->out, path);
        } else if (s->checkpoint_err != ERR_NOT_FOUND) {
            printer_failed(d->out, path, s->checkpoint_err);
        } else if (required) {
            printer_error(d->out, path, "is missing");
        } else {
            printer_note(d->out, path, "there is none");
        }
    }
    if (parts & DUMP_MARKER) {
        path_make(path, dir, "clean");
        if (s->marker_err == ERR_OK)
            print_marker(s, d->out, path);
        else if (s->marker_err == ERR_CORRUPT || s->marker_err == ERR_UNSUPPORTED)
            printer_error(d->out, path, "is damaged, or of a later version");
        else if (s->marker_err != ERR_NOT_FOUND)
            printer_failed(d->out, path, s->marker_err);
    }
}
