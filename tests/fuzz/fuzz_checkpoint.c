/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes what a partition leaves about itself: checkpoint images, the file with two of them (half of the
 * input in each slot), and the marker of a clean stop. The first byte says which, and whether the checksums
 * are made to hold, so that what is behind them is reached. What decodes is encoded again and must
 * be the same. */
#include "base/crc32c.h"
#include "base/mem.h"
#include "storage/bigendian.h"
#include "storage/checkpoint.h"
#include "storage/marker.h"
#include "unit/storage/fake_disk.h"

#define AT_CRC 4
#define AT_LEN 8
#define CHECKPOINT_AT_FLAGS 24
#define MARKER_AT_IMAGE 56

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum subject { SUBJECT_IMAGE, SUBJECT_FILE, SUBJECT_MARKER, SUBJECT_COUNT };
#define OPTION_MEND 0x80

/* Makes the checksum of what begins at `from` hold, whatever length it says it has. */
static void mend(struct buf *b, size_t from)
{
    size_t left = b->len < from ? 0 : b->len - from;
    if (left < AT_LEN + 4)
        return;
    char *p = b->data + from;
    size_t len = get_u32(p + AT_LEN);
    if (len >= AT_LEN + 4 && len <= left)
        put_u32(p + AT_CRC, crc32c(p + AT_LEN, len - AT_LEN));
}

static void mend_all(struct buf *b, enum subject subject)
{
    if (subject == SUBJECT_MARKER)
        mend(b, MARKER_AT_IMAGE);
    mend(b, 0);
    if (subject == SUBJECT_FILE)
        mend(b, CHECKPOINT_SLOT_BYTES);
}

/* All but the flags nobody knows, and the checksum over them, comes back as it was. */
static void check_image(struct bytes image)
{
    struct checkpoint c, copy;
    uint64_t sequence, sequence_copy;
    struct buf once = {0}, twice = {0};
    enum err err = checkpoint_decode(image, &c, &sequence);
    if (err != ERR_OK) {
        ASSERT(err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
        return;
    }
    checkpoint_encode(&c, sequence, &once);
    ASSERT(once.len <= image.len && once.len <= CHECKPOINT_SLOT_BYTES);
    ASSERT(memcmp(once.data + AT_LEN, image.data + AT_LEN, CHECKPOINT_AT_FLAGS - AT_LEN) == 0);
    size_t rest = CHECKPOINT_AT_FLAGS + 4;
    ASSERT(memcmp(once.data + rest, image.data + rest, once.len - rest) == 0);
    err = checkpoint_decode(buf_bytes(&once), &copy, &sequence_copy);
    ASSERT(err == ERR_OK);
    ASSERT(copy.failed == c.failed);
    checkpoint_encode(&copy, sequence_copy, &twice);
    ASSERT(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    mem_free(c.epochs);
    mem_free(copy.epochs);
    buf_deinit(&once);
    buf_deinit(&twice);
}

static void put_file(struct fake_disk *d, struct bytes content)
{
    struct disk_file *file;
    enum err err = disk_mkdir(&d->disk, "p-0");
    ASSERT(err == ERR_OK);
    err = disk_open(&d->disk, "p-0/checkpoint", DISK_WRITE | DISK_CREATE, &file);
    ASSERT(err == ERR_OK);
    err = disk_write_all(file, content.data, content.len, 0);
    ASSERT(err == ERR_OK);
    disk_close(file);
}

/* What is written next is what is read then, and goes to the slot that does not hold the newest. */
static void check_next(struct fake_disk *d, struct checkpoint *c,
                       const struct checkpoint_place *place)
{
    struct checkpoint again;
    struct checkpoint_place next;
    bool alone;
    struct buf image = {0};
    c->failed = !c->failed;
    checkpoint_encode(c, place->sequence, &image);
    enum err err = checkpoint_write(&d->disk, "p-0", place, buf_bytes(&image), true);
    ASSERT(err == ERR_OK);
    err = checkpoint_read(&d->disk, "p-0", &again, &next, &alone);
    ASSERT(err == ERR_OK);
    ASSERT(again.failed == c->failed);
    ASSERT(next.sequence == place->sequence + 1 && next.slot == (place->slot ^ 1));
    mem_free(again.epochs);
    buf_deinit(&image);
}

static void check_file(struct bytes content)
{
    struct fake_disk *d = fake_disk_create();
    struct checkpoint c;
    struct checkpoint_place place;
    bool alone;
    put_file(d, content);
    enum err err = checkpoint_read(&d->disk, "p-0", &c, &place, &alone);
    ASSERT(err == ERR_OK || err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
    if (err == ERR_OK) {
        ASSERT(place.slot < 2);
        check_next(d, &c, &place);
        mem_free(c.epochs);
    }
    fake_disk_destroy(d);
}

static void check_marker(struct bytes data)
{
    struct marker m, copy;
    struct buf once = {0}, twice = {0};
    if (marker_decode(data, &m) != ERR_OK)
        return;
    marker_encode(&m, &once);
    ASSERT(once.len <= data.len);
    enum err err = marker_decode(buf_bytes(&once), &copy);
    ASSERT(err == ERR_OK);
    marker_encode(&copy, &twice);
    ASSERT(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    marker_deinit(&m);
    marker_deinit(&copy);
    buf_deinit(&once);
    buf_deinit(&twice);
}

/* Half of the input for each slot. */
static void spread(struct buf *input, const uint8_t *data, size_t len)
{
    size_t half = len / 2 < CHECKPOINT_SLOT_BYTES ? len / 2 : CHECKPOINT_SLOT_BYTES;
    buf_append(input, data, half);
    memset(buf_reserve(input, CHECKPOINT_SLOT_BYTES), 0, CHECKPOINT_SLOT_BYTES);
    input->len = CHECKPOINT_SLOT_BYTES;
    buf_append(input, data + half, len - half);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct buf input = {0};
    if (len == 0)
        return 0;
    enum subject subject = (data[0] & ~OPTION_MEND) % SUBJECT_COUNT;
    if (subject == SUBJECT_FILE)
        spread(&input, data + 1, len - 1);
    else
        buf_append(&input, data + 1, len - 1);
    if (data[0] & OPTION_MEND)
        mend_all(&input, subject);
    if (subject == SUBJECT_IMAGE)
        check_image(buf_bytes(&input));
    else if (subject == SUBJECT_FILE)
        check_file(buf_bytes(&input));
    else
        check_marker(buf_bytes(&input));
    buf_deinit(&input);
    return 0;
}
