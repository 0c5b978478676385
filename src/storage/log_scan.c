/* SPDX-License-Identifier: BSD-3-Clause */
/* The scan reads through a window that slides over the file. Searching for the next good batch behind
 * damage looks at every byte: at the magic byte first, then at the fields, then at the checksum. */
#include "storage/log_scan.h"

#include "storage/bigendian.h"

#define SCAN_CHUNK_DEFAULT ((size_t)1024 * 1024)
#define MAGIC_POS 16
/* What a device cannot read, it cannot read in units of this. */
#define PAGE_BYTES ((uint64_t)4096)
/* So many of them are passed over in one search; each may take the device long. */
#define UNREADABLE_MAX 256
/* A length above this is not believed, and so much not read, before a look at what is behind it. */
#define BATCH_BYTES_UNCHECKED ((size_t)1024 * 1024)

void log_scan_init(struct log_scan *s, struct disk_file *file, uint64_t pos, uint64_t end)
{
    ASSERT(pos <= end);
    *s = (struct log_scan){.file = file,
                           .pos = pos,
                           .end = end,
                           .chunk = SCAN_CHUNK_DEFAULT,
                           .limit = INT64_MAX,
                           .epoch = -1,
                           .epoch_behind = INT32_MAX,
                           .window_pos = pos};
}

void log_scan_deinit(struct log_scan *s)
{
    buf_deinit(&s->window);
}

void log_scan_set_limit(struct log_scan *s, int64_t base_offset, int64_t end_offset)
{
    bool near = end_offset - base_offset <= INT32_MAX;
    s->limit = near ? end_offset : base_offset + INT32_MAX + 1;
}

void log_scan_seek(struct log_scan *s, uint64_t pos)
{
    ASSERT(pos <= s->end);
    s->pos = pos;
}

struct bytes log_scan_kept(const struct log_scan *s, uint64_t from, uint64_t to)
{
    ASSERT(from >= s->window_pos && to <= s->window_pos + s->window.len);
    return bytes_of(s->window.data + (from - s->window_pos), (size_t)(to - from));
}

static bool window_has(const struct log_scan *s, uint64_t pos, size_t len)
{
    return pos >= s->window_pos && pos + len <= s->window_pos + s->window.len;
}

/* Behind the page that holds this byte. */
static uint64_t page_end(uint64_t pos)
{
    return (pos / PAGE_BYTES + 1) * PAGE_BYTES;
}

/* Makes [pos, pos + len) be in the window; it must lie before the end. */
static enum err window_load(struct log_scan *s, uint64_t pos, size_t len)
{
    ASSERT(len <= s->end - pos);
    if (window_has(s, pos, len))
        return ERR_OK;
    if (pos >= s->window_pos && pos <= s->window_pos + s->window.len)
        buf_consume(&s->window, (size_t)(pos - s->window_pos));
    else
        buf_clear(&s->window);
    s->window_pos = pos;
    uint64_t from = pos + s->window.len;
    size_t missing = (size_t)(pos + len - from), left = (size_t)(s->end - from), got;
    size_t want = missing < s->chunk ? s->chunk : missing;
    if (s->chunk == 0) /* no further than the page that must be read anyway */
        want = (size_t)(page_end(pos + len - 1) - from);
    if (want > left)
        want = left;
    char *to = buf_reserve(&s->window, want);
    enum err err = s->cached ? disk_read_cached(s->file, to, want, from, &got)
                             : disk_read(s->file, to, want, from, &got);
    if (err != ERR_OK)
        return s->cached ? ERR_AGAIN : err; /* a worker has more patience with a bad disk */
    s->window.len += got;
    return got < missing ? ERR_CORRUPT : ERR_OK; /* the file is shorter than it should be */
}

static struct bytes window_bytes(const struct log_scan *s, uint64_t pos, size_t len)
{
    ASSERT(window_has(s, pos, len));
    return bytes_of(s->window.data + (pos - s->window_pos), len);
}

/* What the history says of a batch at some offset. */
struct epoch_said {
    int32_t epoch; /* -1: it is before all that is known */
    bool begins;   /* with this offset */
    bool or_later; /* a later one may have begun that is not known */
};

static struct epoch_said epoch_at(const struct log_scan *s, int64_t offset)
{
    size_t i = s->epoch_count;
    while (i > 0 && s->epochs[i - 1].first_offset > offset)
        i--;
    return (struct epoch_said){
        .epoch = i == 0 ? -1 : s->epochs[i - 1].epoch,
        .begins = i > 0 && s->epochs[i - 1].first_offset == offset,
        .or_later = i == s->epoch_count && (s->epochs_open || i == 0),
    };
}

/* Whether what the checksum does not cover fits, at `pos`. Bytes that were passed over had a record at least. */
static bool header_fits(const struct log_scan *s, const struct batch_header *h, uint64_t pos,
                        bool after_damage)
{
    struct epoch_said said = epoch_at(s, h->base_offset);
    if (batch_header_last_offset(h) >= s->limit || h->leader_epoch < s->epoch)
        return false;
    if (said.epoch >= 0 && h->leader_epoch != said.epoch &&
        !(said.or_later && h->leader_epoch > said.epoch))
        return false;
    if (after_damage)
        return h->base_offset >= s->expected + (pos > s->pos);
    if (s->expected < 0 || h->base_offset == s->expected)
        return true;
    if (h->base_offset > s->expected && h->base_offset <= s->holes_below)
        return true;
    if (said.epoch >= 0 && h->leader_epoch == said.epoch)
        return h->base_offset > s->expected && said.begins;
    return h->base_offset > s->expected && h->leader_epoch > s->epoch;
}

/* Whether a batch that says it ends at `pos` ends at the end of the log or before a plausible header. */
static enum err end_fits(const struct log_scan *s, uint64_t pos, bool *fits)
{
    char next[MAGIC_POS + 1];
    size_t got;
    *fits = true;
    if (s->end - pos < sizeof(next))
        return ERR_OK;
    enum err err = s->cached ? disk_read_cached(s->file, next, sizeof(next), pos, &got)
                             : disk_read(s->file, next, sizeof(next), pos, &got);
    if (err == ERR_IO && !s->cached)
        return ERR_OK; /* then the checksum has to tell */
    *fits = err == ERR_OK && got == sizeof(next) && next[MAGIC_POS] == BATCH_MAGIC;
    return err;
}

static enum err batch_at(struct log_scan *s, uint64_t pos, bool after_damage,
                         struct batch_header *header, struct bytes *batch)
{
    uint64_t left = s->end - pos;
    if (left < BATCH_HEADER_BYTES)
        return ERR_CORRUPT;
    enum err err = window_load(s, pos, BATCH_HEADER_BYTES);
    if (err != ERR_OK)
        return err;
    struct bytes start = window_bytes(s, pos, BATCH_HEADER_BYTES);
    int64_t len_max = left > INT32_MAX ? INT32_MAX : (int64_t)left;
    if (batch_header_read(start, len_max, header) != ERR_OK ||
        !header_fits(s, header, pos, after_damage))
        return ERR_CORRUPT;
    if (batch_header_len(header) > BATCH_BYTES_UNCHECKED) {
        bool fits;
        err = end_fits(s, pos + batch_header_len(header), &fits);
        if (err != ERR_OK)
            return err;
        if (!fits)
            return ERR_CORRUPT;
    }
    err = window_load(s, pos, batch_header_len(header));
    if (err != ERR_OK)
        return err;
    *batch = window_bytes(s, pos, batch_header_len(header));
    return batch_crc_holds(*batch) ? ERR_OK : ERR_CORRUPT;
}

/* Whether a batch at `pos` begins an epoch that nobody knows of and that the one right behind it denies. */
static enum err epoch_denied(struct log_scan *s, uint64_t pos, const struct batch_header *h,
                             bool *denied)
{
    struct batch_header next;
    struct bytes batch;
    uint64_t end = pos + batch_header_len(h);
    *denied = false;
    if (h->leader_epoch <= s->epoch || !epoch_at(s, h->base_offset).or_later)
        return ERR_OK;
    if (end == s->end) {
        *denied = h->leader_epoch > s->epoch_behind;
        return ERR_OK;
    }
    enum err err = batch_at(s, end, true, &next, &batch);
    *denied = err == ERR_OK && next.base_offset > batch_header_last_offset(h) &&
              next.leader_epoch < h->leader_epoch;
    return err == ERR_AGAIN ? err : ERR_OK;
}

enum err log_scan_next(struct log_scan *s, struct batch_header *header, struct bytes *batch)
{
    bool denied;
    if (s->pos == s->end)
        return ERR_NOT_FOUND;
    enum err err = batch_at(s, s->pos, false, header, batch);
    if (err == ERR_OK)
        err = epoch_denied(s, s->pos, header, &denied);
    if (err == ERR_OK && denied)
        err = ERR_CORRUPT;
    if (err == ERR_OK) /* the look behind it may have moved the window */
        err = window_load(s, s->pos, batch_header_len(header));
    if (err != ERR_OK)
        return err;
    *batch = window_bytes(s, s->pos, batch_header_len(header));
    s->pos += batch->len;
    s->expected = batch_header_last_offset(header) + 1;
    s->epoch = header->leader_epoch;
    return ERR_OK;
}

enum err log_scan_reach(struct log_scan *s, uint64_t from, size_t len_max)
{
    struct batch_header h;
    size_t before = (size_t)(s->pos - from);
    if (s->end - s->pos < BATCH_HEADER_BYTES || before + BATCH_HEADER_BYTES > len_max)
        return ERR_NOT_FOUND;
    enum err err = window_load(s, from, before + BATCH_HEADER_BYTES);
    if (err != ERR_OK)
        return err;
    int64_t batch_bytes_max = (int64_t)(len_max - before);
    if (batch_bytes_max > (int64_t)(s->end - s->pos))
        batch_bytes_max = (int64_t)(s->end - s->pos);
    if (batch_header_read(window_bytes(s, s->pos, BATCH_HEADER_BYTES), batch_bytes_max, &h) !=
        ERR_OK)
        return ERR_NOT_FOUND;
    return window_load(s, from, before + batch_header_len(&h));
}

/* --- behind damage --------------------------------------------------------------------------- */

/* The next place at or behind `pos` whose magic byte fits and which leaves room for a header. */
static enum err next_candidate(struct log_scan *s, uint64_t *pos)
{
    for (uint64_t at = *pos; s->end - at >= BATCH_HEADER_BYTES;) {
        enum err err = window_load(s, at, BATCH_HEADER_BYTES);
        if (err == ERR_IO && s->chunk > 0) {
            s->chunk = 0; /* perhaps it is only what was read ahead */
            continue;
        }
        if (err == ERR_IO && ++s->unreadable <= UNREADABLE_MAX) {
            at = page_end(at);
            if (at >= s->end)
                return ERR_NOT_FOUND;
            continue;
        }
        if (err != ERR_OK)
            return err == ERR_CORRUPT ? ERR_NOT_FOUND : err;
        size_t len = (size_t)(s->window_pos + s->window.len - at) - MAGIC_POS;
        const char *from = s->window.data + (at - s->window_pos) + MAGIC_POS;
        const char *found = memchr(from, BATCH_MAGIC, len);
        if (found != NULL) {
            *pos = at + (uint64_t)(found - from);
            return s->end - *pos >= BATCH_HEADER_BYTES ? ERR_OK : ERR_NOT_FOUND;
        }
        at += len;
    }
    return ERR_NOT_FOUND;
}

/* A whole batch that does not fit in: it is not what a write leaves that did not end. */
static void note_doubtful(struct log_scan *s, uint64_t pos)
{
    struct batch_header h;
    uint64_t left = s->end - pos;
    if (s->doubtful || !window_has(s, pos, BATCH_HEADER_BYTES) ||
        batch_header_read(window_bytes(s, pos, BATCH_HEADER_BYTES),
                          left > INT32_MAX ? INT32_MAX : (int64_t)left, &h) != ERR_OK ||
        batch_header_len(&h) > BATCH_BYTES_UNCHECKED || header_fits(s, &h, pos, true))
        return;
    if (window_load(s, pos, batch_header_len(&h)) == ERR_OK)
        s->doubtful = batch_crc_holds(window_bytes(s, pos, batch_header_len(&h)));
}

/* The next place at or behind `pos` where a batch may be: it is whole, and no less than expected. */
static enum err next_whole(struct log_scan *s, uint64_t *pos, struct batch_header *h)
{
    struct bytes batch;
    for (;; ++*pos) {
        enum err err = *pos >= s->end ? ERR_NOT_FOUND : next_candidate(s, pos);
        if (err != ERR_OK)
            return err;
        err = batch_at(s, *pos, true, h, &batch);
        if (err == ERR_IO && s->chunk > 0) {
            s->chunk = 0;
            err = batch_at(s, *pos, true, h, &batch);
        }
        if (err == ERR_IO && ++s->unreadable <= UNREADABLE_MAX)
            continue;
        if (err != ERR_CORRUPT)
            return err;
        note_doubtful(s, *pos);
    }
}

/* What the batch right behind one says of its base offset. */
enum successor {
    SUCCESSOR_NONE,    /* there is no whole one */
    SUCCESSOR_FOLLOWS, /* with the very next offset */
    SUCCESSOR_MAY_FOLLOW,
    SUCCESSOR_DENIES,
};

static enum err ask_successor(struct log_scan *s, uint64_t pos, const struct batch_header *h,
                              enum successor *says)
{
    struct batch_header next;
    struct bytes batch;
    int64_t last = batch_header_last_offset(h);
    *says = SUCCESSOR_NONE;
    pos += batch_header_len(h);
    enum err err = pos == s->end ? ERR_NOT_FOUND : batch_at(s, pos, true, &next, &batch);
    if (err != ERR_OK)
        return err == ERR_AGAIN ? err : ERR_OK;
    bool hole = next.base_offset > last &&
                (next.leader_epoch > h->leader_epoch || next.base_offset <= s->holes_below);
    *says = next.base_offset == last + 1 ? SUCCESSOR_FOLLOWS
            : hole                       ? SUCCESSOR_MAY_FOLLOW
                                         : SUCCESSOR_DENIES;
    return ERR_OK;
}

/* A batch further on that others are judged by: the first whose successor bears it out, or which ends the
 * log; if there is none, the first. */
struct judge {
    bool sought, found;
    bool sure; /* or only the first */
    uint64_t pos;
    int64_t base_offset;
};

static enum err find_judge(struct log_scan *s, uint64_t pos, struct judge *judge)
{
    struct batch_header h;
    enum successor says;
    *judge = (struct judge){.sought = true};
    for (;; pos++) {
        enum err err = next_whole(s, &pos, &h);
        if (err == ERR_NOT_FOUND)
            return ERR_OK;
        if (err == ERR_OK)
            err = ask_successor(s, pos, &h, &says);
        if (err != ERR_OK)
            return err;
        bool sure = says == SUCCESSOR_FOLLOWS || says == SUCCESSOR_MAY_FOLLOW ||
                    pos + batch_header_len(&h) == s->end;
        if (!judge->found || sure)
            *judge = (struct judge){.sought = true,
                                    .found = true,
                                    .sure = sure,
                                    .pos = pos,
                                    .base_offset = h.base_offset};
        if (sure)
            return ERR_OK;
    }
}

/* Whether a whole batch at `pos` is where it says. Behind damage nothing tells what base offset to expect, and
 * the checksum does not cover it: the batches behind it do. */
static enum err judge_batch(struct log_scan *s, uint64_t pos, const struct batch_header *h,
                            struct judge *judge, bool *good)
{
    enum successor says;
    uint64_t end = pos + batch_header_len(h);
    bool lies;
    *good = false;
    enum err err = epoch_denied(s, pos, h, &lies);
    if (err == ERR_OK && !lies)
        err = ask_successor(s, pos, h, &says);
    if (err != ERR_OK || lies)
        return err;
    *good = says == SUCCESSOR_FOLLOWS || (pos == s->pos && header_fits(s, h, pos, false));
    if (*good || pos == s->pos) /* right behind a good one, it has to be borne out */
        return ERR_OK;
    *good = says == SUCCESSOR_MAY_FOLLOW || end == s->end;
    if (*good)
        return ERR_OK;
    if (!judge->sought || (judge->found && judge->pos < end))
        err = find_judge(s, end, judge);
    if (err != ERR_OK)
        return err;
    bool before = !judge->found || judge->base_offset > batch_header_last_offset(h);
    bool denied = says == SUCCESSOR_DENIES && judge->sure && judge->pos == end;
    *good = before && !denied;
    return ERR_OK;
}

enum err log_scan_resync(struct log_scan *s)
{
    struct batch_header header;
    struct judge judge = {0};
    uint64_t pos = s->pos;
    unsigned unreadable = s->unreadable;
    enum err err;
    s->unreadable = 0;
    s->doubtful = false;
    for (bool good = false;; pos++) {
        err = next_whole(s, &pos, &header);
        if (err == ERR_OK)
            err = judge_batch(s, pos, &header, &judge, &good);
        if (err != ERR_OK || good)
            break;
        s->doubtful = true;
    }
    s->unreadable += unreadable;
    if (err != ERR_OK)
        return err;
    s->pos = pos;
    s->expected = header.base_offset;
    return ERR_OK;
}
