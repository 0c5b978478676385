/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mem.h"
#include "base/random.h"
#include "fake_disk.h"
#include "storage/checkpoint.h"
#include "storage/marker.h"
#include <criterion/criterion.h>

static struct checkpoint_epoch epochs[CHECKPOINT_EPOCHS_MAX + 5];

static struct checkpoint sample(int64_t synced_offset)
{
    for (size_t i = 0; i < COUNT_OF(epochs); i++)
        epochs[i] = (struct checkpoint_epoch){.epoch = (int32_t)i, .first_offset = (int64_t)i * 10};
    return (struct checkpoint){.log_start = 3,
                               .segment_base = 2,
                               .synced_pos = 77,
                               .synced_offset = synced_offset,
                               .reserved = synced_offset + 1000,
                               .max_timestamp_ms = 5,
                               .segment_began_ms = 6,
                               .segment_max_timestamp_ms = 7,
                               .segment_max_timestamp_offset = 8,
                               .dropped_max_ms = INT64_MIN,
                               .failed = true,
                               .boot_id = "a boot",
                               .epochs = epochs,
                               .epoch_count = 3};
}

static void write_one(struct fake_disk *d, int64_t synced_offset, struct checkpoint_place *place,
                      bool sync)
{
    struct checkpoint c = sample(synced_offset);
    struct buf image = {0};
    checkpoint_encode(&c, place->sequence, &image);
    cr_assert_eq(checkpoint_write(&d->disk, "p", place, buf_bytes(&image), sync), ERR_OK);
    if (sync)
        checkpoint_advance(place);
    buf_deinit(&image);
}

/* A disk with a checkpoint of offset 10 in directory p. */
static struct fake_disk *make(struct checkpoint_place *place)
{
    struct fake_disk *d = fake_disk_create();
    struct checkpoint c = sample(10);
    struct buf image = {0};
    checkpoint_encode(&c, 1, &image);
    cr_assert_eq(disk_mkdir(&d->disk, "p"), ERR_OK);
    cr_assert_eq(checkpoint_create(&d->disk, "p", buf_bytes(&image)), ERR_OK);
    cr_assert_eq(disk_sync_dir(&d->disk, "p"), ERR_OK);
    cr_assert_eq(disk_sync_dir(&d->disk, ""), ERR_OK);
    *place = (struct checkpoint_place){.sequence = 2, .slot = 1};
    buf_deinit(&image);
    return d;
}

static int64_t read_back(struct fake_disk *d)
{
    struct checkpoint c;
    struct checkpoint_place place;
    bool alone;
    cr_assert_eq(checkpoint_read(&d->disk, "p", &c, &place, &alone), ERR_OK);
    mem_free(c.epochs);
    return c.synced_offset;
}

Test(checkpoint, reads_back_as_it_was_written)
{
    struct checkpoint c = sample(10), back;
    struct buf image = {0};
    uint64_t sequence;
    checkpoint_encode(&c, 42, &image);
    cr_assert_eq(checkpoint_decode(buf_bytes(&image), &back, &sequence), ERR_OK);
    cr_assert_eq(sequence, 42);
    cr_assert_eq(back.log_start, 3);
    cr_assert_eq(back.segment_base, 2);
    cr_assert_eq(back.synced_pos, 77);
    cr_assert_eq(back.synced_offset, 10);
    cr_assert_eq(back.reserved, 1010);
    cr_assert_eq(back.dropped_max_ms, INT64_MIN);
    cr_assert(back.failed);
    cr_assert_str_eq(back.boot_id, "a boot");
    cr_assert_eq(back.epoch_count, 3);
    cr_assert_eq(back.epochs[2].first_offset, 20);
    mem_free(back.epochs);
    buf_deinit(&image);
}

Test(checkpoint, longest_epoch_history_still_fits_a_slot_and_the_oldest_are_dropped)
{
    struct checkpoint c = sample(10), back;
    struct buf image = {0};
    uint64_t sequence;
    c.epoch_count = COUNT_OF(epochs);
    checkpoint_encode(&c, 1, &image);
    cr_assert_leq(image.len, CHECKPOINT_SLOT_BYTES);
    cr_assert_eq(checkpoint_decode(buf_bytes(&image), &back, &sequence), ERR_OK);
    cr_assert_eq(back.epochs[0].epoch, 5);
    mem_free(back.epochs);
    buf_deinit(&image);
}

Test(checkpoint, any_flipped_bit_is_noticed)
{
    struct checkpoint c = sample(10), back;
    struct buf image = {0};
    uint64_t sequence;
    checkpoint_encode(&c, 1, &image);
    for (size_t bit = 0; bit < image.len * 8; bit++) {
        image.data[bit / 8] = (char)(image.data[bit / 8] ^ (1 << bit % 8));
        cr_assert_neq(checkpoint_decode(buf_bytes(&image), &back, &sequence), ERR_OK, "bit %zu",
                      bit);
        image.data[bit / 8] = (char)(image.data[bit / 8] ^ (1 << bit % 8));
    }
    buf_deinit(&image);
}

Test(checkpoint, power_cut_at_any_time_leaves_the_last_synced_one_or_a_later)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct checkpoint_place place;
        struct fake_disk *d = make(&place);
        struct random random;
        int64_t synced = 10, last = 10;
        random_seed(&random, seed);
        for (uint64_t n = random_below(&random, 12); n > 0; n--) {
            bool sync = random_below(&random, 3) == 0;
            write_one(d, ++last, &place, sync);
            if (sync)
                synced = last;
        }
        fake_disk_power_off(d);
        fake_disk_power_on(d, FAKE_KEEP_SOME, seed);
        int64_t found = read_back(d);
        cr_assert(found >= synced && found <= last, "seed %llu", (unsigned long long)seed);
        fake_disk_destroy(d);
    }
}

Test(checkpoint, what_was_read_is_durable_before_the_other_slot_is_written)
{
    struct checkpoint_place place;
    struct fake_disk *d = make(&place);
    write_one(d, 11, &place, true);
    write_one(d, 12, &place, false);
    fake_disk_power_off(d);
    fake_disk_power_on(d, FAKE_KEEP_ALL, 1);
    cr_assert_eq(read_back(d), 12);
    fake_disk_power_off(d);
    fake_disk_power_on(d, FAKE_KEEP_SYNCED, 2);
    cr_assert_eq(read_back(d), 12);
    fake_disk_destroy(d);
}

Test(checkpoint, missing_file_and_spoiled_slots_are_told_apart)
{
    struct checkpoint_place place;
    struct fake_disk *d = make(&place);
    struct checkpoint c;
    bool alone;
    cr_assert_eq(checkpoint_read(&d->disk, "nowhere", &c, &place, &alone), ERR_NOT_FOUND);
    memset(fake_disk_bytes(d, "p/checkpoint")->data, 0, 10);
    cr_assert_eq(read_back(d), 10, "one slot is enough");
    memset(fake_disk_bytes(d, "p/checkpoint")->data, 0, 2 * CHECKPOINT_SLOT_BYTES);
    cr_assert_eq(checkpoint_read(&d->disk, "p", &c, &place, &alone), ERR_CORRUPT);
    fake_disk_destroy(d);
}

Test(checkpoint, says_when_the_other_slot_may_have_been_the_last_word)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        struct checkpoint_place place;
        struct fake_disk *d = make(&place);
        struct checkpoint c;
        bool alone = true;
        cr_assert_eq(checkpoint_read(&d->disk, "p", &c, &place, &alone), ERR_OK);
        cr_expect_not(alone, "both are written at creation");
        mem_free(c.epochs);
        write_one(d, 11, &place, true);
        fake_disk_bytes(d, "p/checkpoint")->data[slot * CHECKPOINT_SLOT_BYTES + 60] ^= 1;
        unsigned newest = place.slot ^ 1;
        cr_assert_eq(checkpoint_read(&d->disk, "p", &c, &place, &alone), ERR_OK);
        cr_expect(alone);
        cr_expect_eq(c.synced_offset, slot == newest ? 10 : 11);
        cr_expect_eq(place.slot, slot, "the next one mends it");
        mem_free(c.epochs);
        write_one(d, 12, &place, true);
        cr_assert_eq(checkpoint_read(&d->disk, "p", &c, &place, &alone), ERR_OK);
        cr_expect_not(alone);
        mem_free(c.epochs);
        fake_disk_destroy(d);
    }
}

Test(marker, reads_back_as_it_was_written_and_any_flipped_bit_is_noticed)
{
    struct marker_segment segments[2] = {
        {.base_offset = 0, .bytes = 100, .index_entries = 5, .time_index_entries = 4},
        {.base_offset = 9, .bytes = 7, .max_timestamp_ms = 99, .max_timestamp_known = true},
    };
    struct marker m = {.place = {.sequence = 9, .slot = 1},
                       .checkpoint = sample(10),
                       .next_offset = 10,
                       .last_batch_base = 9,
                       .last_batch_len = 7,
                       .segments = segments,
                       .segment_count = 2},
                  back;
    struct buf data = {0};
    marker_encode(&m, &data);
    cr_assert_eq(marker_decode(buf_bytes(&data), &back), ERR_OK);
    cr_assert_eq(back.place.sequence, 9);
    cr_assert_eq(back.checkpoint.synced_pos, 77);
    cr_assert_eq(back.segment_count, 2);
    cr_assert_eq(back.segments[1].max_timestamp_ms, 99);
    cr_assert(back.segments[1].max_timestamp_known);
    marker_deinit(&back);
    for (size_t bit = 0; bit < data.len * 8; bit++) {
        data.data[bit / 8] = (char)(data.data[bit / 8] ^ (1 << bit % 8));
        cr_assert_neq(marker_decode(buf_bytes(&data), &back), ERR_OK, "bit %zu", bit);
        data.data[bit / 8] = (char)(data.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < data.len; len++)
        cr_assert_neq(marker_decode(bytes_of(data.data, len), &back), ERR_OK);
    buf_deinit(&data);
}

Test(checkpoint, says_how_far_compaction_came_in_a_version_of_its_own)
{
    struct checkpoint c = sample(10), d;
    struct buf image = {0};
    uint64_t sequence;
    checkpoint_encode(&c, 7, &image);
    cr_assert_eq(image.data[15], 1, "one that was never compacted stays as it was");
    c.compacted_to = 2;
    c.cleaned_to = 1;
    checkpoint_encode(&c, 7, &image);
    cr_assert_eq(image.data[15], 2);
    cr_assert_eq(checkpoint_decode(buf_bytes(&image), &d, &sequence), ERR_OK);
    cr_assert_eq(d.compacted_to, 2);
    cr_assert_eq(d.cleaned_to, 1);
    cr_assert_eq(d.epoch_count, 3);
    mem_free(d.epochs);
    c.compacted_to = 3; /* in the active segment nothing is compacted */
    checkpoint_encode(&c, 7, &image);
    cr_assert_eq(checkpoint_decode(buf_bytes(&image), &d, &sequence), ERR_CORRUPT);
    buf_deinit(&image);
}
