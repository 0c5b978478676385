/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mem.h"
#include "base/random.h"
#include "fake_disk.h"
#include "storage/write_back.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define FILE_BYTES ((size_t)24 * 1024 * 1024)

/* A disk that writes down what the device was asked to begin with. */
struct rig {
    struct fake_disk *fake;
    struct disk_ops ops;
    struct disk_file *file;
    char *bytes; /* of the file */
    uint64_t begun, begun_from, hints;
};

static struct rig rig; /* the hooks of a disk have no place of their own for this */

/* What it is asked for has been written by then. */
static void note_begin(struct disk_file *file, uint64_t pos, uint64_t len)
{
    uint64_t size = fake_disk_bytes(rig.fake, "f")->len;
    (void)file;
    if (rig.hints++ == 0)
        rig.begun_from = rig.begun = pos;
    cr_assert_eq(pos, rig.begun, "each byte once, and none left out");
    cr_assert_leq(pos + len, size);
    rig.begun = pos + len;
}

/* An empty file, and what shall be in it. */
static void setup(void)
{
    struct random random;
    rig = (struct rig){.fake = fake_disk_create()};
    rig.ops = *rig.fake->disk.ops;
    rig.ops.begin_sync = note_begin;
    rig.fake->disk.ops = &rig.ops;
    cr_assert_eq(disk_open(&rig.fake->disk, "f", DISK_WRITE | DISK_CREATE, &rig.file), ERR_OK);
    rig.bytes = mem_alloc(FILE_BYTES);
    random_seed(&random, 1);
    for (size_t i = 0; i < FILE_BYTES; i++)
        rig.bytes[i] = (char)(1 + random_next(&random) % 255);
}

static void teardown(void)
{
    disk_close(rig.file);
    fake_disk_destroy(rig.fake);
    mem_free(rig.bytes);
}

static struct bytes piece_at(size_t pos, size_t len)
{
    return bytes_of(rig.bytes + pos, len);
}

static void write_pieces(struct write_back *w, size_t from, size_t len, size_t piece)
{
    for (size_t pos = from; pos < from + len; pos += piece)
        cr_assert_eq(write_back_add(w, piece_at(pos, piece), pos), ERR_OK);
}

Test(write_back, pieces_of_any_size_and_with_gaps_come_where_they_belong, .init = setup,
     .fini = teardown)
{
    struct random random;
    struct write_back w;
    bool *kept = mem_zalloc(FILE_BYTES, sizeof(bool));
    random_seed(&random, 2);
    write_back_init(&w, rig.file, 0);
    for (size_t pos = 0; pos < FILE_BYTES;) {
        size_t most = random_next(&random) % 8 == 0 ? 600000 : 3000;
        size_t len = 1 + (size_t)(random_next(&random) % most);
        if (len > FILE_BYTES - pos)
            len = FILE_BYTES - pos;
        if (pos + len == FILE_BYTES || random_next(&random) % 10 != 0) {
            cr_assert_eq(write_back_add(&w, piece_at(pos, len), pos), ERR_OK);
            memset(kept + pos, true, len);
        }
        pos += len;
    }
    cr_assert_eq(write_back_end(&w), ERR_OK);
    write_back_deinit(&w);
    const struct buf *file = fake_disk_bytes(rig.fake, "f");
    cr_assert_eq(file->len, FILE_BYTES);
    for (size_t i = 0; i < FILE_BYTES; i++)
        if (file->data[i] != (kept[i] ? rig.bytes[i] : 0))
            cr_assert_fail("byte %zu of %zu differs", i, FILE_BYTES);
    mem_free(kept);
}

Test(write_back, small_pieces_share_writes_and_large_ones_have_their_own, .init = setup,
     .fini = teardown)
{
    struct write_back w;
    write_back_init(&w, rig.file, 0);
    write_pieces(&w, 0, 1000000, 100);
    cr_assert_eq(write_back_end(&w), ERR_OK);
    cr_assert_leq(rig.fake->calls[FAKE_WRITE], 10);
    uint64_t before = rig.fake->calls[FAKE_WRITE];
    write_pieces(&w, 1000000, 1000000, 100000);
    cr_assert_eq(rig.fake->calls[FAKE_WRITE], before + 10);
    cr_assert_eq(write_back_end(&w), ERR_OK);
    cr_assert_eq(rig.fake->calls[FAKE_WRITE], before + 10, "nothing was left");
    write_back_deinit(&w);
    cr_assert_arr_eq(fake_disk_bytes(rig.fake, "f")->data, rig.bytes, 2000000);
}

Test(write_back, the_device_begins_while_more_is_to_come, .init = setup, .fini = teardown)
{
    struct write_back w;
    const size_t from = 4096;
    write_back_init(&w, rig.file, from);
    write_pieces(&w, from, (size_t)10 * 1024 * 1024, 1024);
    cr_assert_geq(rig.hints, 2);
    write_pieces(&w, from + (size_t)10 * 1024 * 1024, (size_t)10 * 1024 * 1024, (size_t)512 * 1024);
    cr_assert_eq(write_back_end(&w), ERR_OK);
    write_back_deinit(&w);
    cr_assert_eq(rig.begun_from, from);
    cr_assert_geq(rig.begun, from + (size_t)16 * 1024 * 1024);
    cr_assert_leq(rig.hints, 6, "not for each piece");
}

Test(write_back, an_error_of_what_was_gathered_is_told, .init = setup, .fini = teardown)
{
    struct write_back w;
    write_back_init(&w, rig.file, 0);
    write_pieces(&w, 0, 1000, 100);
    fake_disk_fail(rig.fake, FAKE_WRITE, 0, 1, ERR_IO);
    cr_assert_eq(write_back_end(&w), ERR_IO);
    write_pieces(&w, 1000, 1000, 100);
    fake_disk_fail(rig.fake, FAKE_WRITE, 0, 1, ERR_IO);
    cr_assert_eq(write_back_add(&w, piece_at(3000, 100), 3000), ERR_IO, "behind a gap");
    fake_disk_fail(rig.fake, FAKE_WRITE, 0, 1, ERR_NOSPACE);
    cr_assert_eq(write_back_add(&w, piece_at(4000, 100000), 4000), ERR_NOSPACE);
    write_back_deinit(&w);
}

Test(write_back, without_a_file_nothing_is_written, .init = setup, .fini = teardown)
{
    struct write_back w;
    write_back_init(&w, NULL, 0);
    write_pieces(&w, 0, FILE_BYTES, 65536);
    cr_assert_eq(write_back_end(&w), ERR_OK);
    write_back_deinit(&w);
    cr_assert_eq(rig.fake->calls[FAKE_WRITE], 0);
}
