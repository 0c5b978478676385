/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/access_set.h"

#include "base/mem.h"
#include "commands/permission.h"
#include "config/config_source.h"
#include "config/words.h"

/* --- the configuration ------------------------------------------------------------------------ */

static bool new_users_have_all_channels(const struct services *sv)
{
    return sv->config->acl_pubsub_default == CONFIG_CHANNELS_ALL;
}

/* One user in each line. */
static enum err read_configured(const struct services *sv, struct users *us, struct buf *why)
{
    struct words words;
    const char *line = sv->config->users;
    enum err err = ERR_OK;
    words_init(&words);
    while (err == ERR_OK && *line != '\0') {
        size_t len = strcspn(line, "\n");
        err = words_split(&words, bytes_of(line, len));
        if (err == ERR_OK)
            err = users_configure(us, words.items, words.count, why);
        else
            buf_append_string(why, "a user with unbalanced quotes, or too many rules");
        line += line[len] == '\n' ? len + 1 : len;
    }
    words_deinit(&words);
    return err;
}

/* A user as a line of the configuration, behind "user"; no word of it has a blank inside. */
static void append_line(const struct user *u, struct buf *lines)
{
    struct buf text = {0};
    user_describe(u, &text);
    struct bytes *items = mem_alloc((text.len + 1) * sizeof(*items));
    size_t count = 0;
    for (size_t at = strlen("user "); at <= text.len;) {
        const char *word = text.data + at;
        const char *end = at == text.len ? NULL : memchr(word, ' ', text.len - at);
        size_t len = end == NULL ? text.len - at : (size_t)(end - word);
        items[count++] = bytes_of(word, len);
        at += len + 1;
    }
    buf_append_string(lines, lines->len > 0 ? "\n" : "");
    words_join(items, count, lines);
    mem_free(items);
    buf_deinit(&text);
}

/* What a start would make of requirepass and, if so asked, of the "user" lines. */
static struct users *users_at_start(const struct services *sv, bool with_lines)
{
    struct users *us = users_create(users_vocabulary(sv->users));
    struct buf why = {0};
    users_set_all_channels(us, new_users_have_all_channels(sv));
    users_set_default_password(us, bytes_of_string(sv->config->requirepass));
    if (with_lines && read_configured(sv, us, &why) != ERR_OK) {
        users_destroy(us);
        us = NULL; /* acl-pubsub-default has changed, and a rule with it */
    }
    buf_deinit(&why);
    return us;
}

static bool users_equal(const struct users *a, const struct users *b)
{
    struct buf text_a = {0}, text_b = {0};
    users_write(a, &text_a);
    users_write(b, &text_b);
    bool equal = bytes_equal(buf_bytes(&text_a), buf_bytes(&text_b));
    buf_deinit(&text_a);
    buf_deinit(&text_b);
    return equal;
}

static bool lines_are_right(const struct services *sv)
{
    struct users *us = users_at_start(sv, true);
    bool right = us != NULL && users_equal(us, sv->users);
    if (us != NULL)
        users_destroy(us);
    return right;
}

static bool default_needs_line(const struct services *sv)
{
    struct users *us = users_at_start(sv, false);
    struct buf plain = {0}, now = {0};
    user_describe(users_default(us), &plain);
    user_describe(users_default(sv->users), &now);
    bool same = bytes_equal(buf_bytes(&plain), buf_bytes(&now));
    buf_deinit(&plain);
    buf_deinit(&now);
    users_destroy(us);
    return !same;
}

void access_tell_config(struct services *sv)
{
    struct buf lines = {0};
    if (!access_has_file(sv) && lines_are_right(sv))
        return;
    for (size_t i = 0; i < users_count(sv->users) && !access_has_file(sv); i++) {
        const struct user *u = users_at(sv->users, i);
        if (u != users_default(sv->users) || default_needs_line(sv))
            append_line(u, &lines);
    }
    mem_free(sv->config->users);
    sv->config->users = mem_strndup(buf_bytes(&lines).data, lines.len);
    buf_deinit(&lines);
}

/* --- the file ------------------------------------------------------------------------------- */

static enum err read_file(struct services *sv, struct users **fresh, struct buf *why)
{
    const char *path = sv->config->aclfile;
    struct buf text = {0}, id = {0}, reason = {0};
    enum err err = sv->config_files->read(sv->config_files, path, &text, &id, &reason);
    if (err != ERR_OK) {
        buf_printf(why, "Error loading ACLs, opening file '%s': %.*s", path, (int)reason.len,
                   buf_bytes(&reason).data);
        err = ERR_INVALID;
    } else {
        *fresh = users_create(users_vocabulary(sv->users));
        users_set_all_channels(*fresh, new_users_have_all_channels(sv));
        err = users_read(*fresh, path, buf_bytes(&text), why);
        if (err != ERR_OK)
            users_destroy(*fresh);
    }
    buf_deinit(&text);
    buf_deinit(&id);
    buf_deinit(&reason);
    return err;
}

struct removal {
    struct services *sv;
    struct session *asking;
};

static void on_removed(void *ctx, struct user *u)
{
    const struct removal *r = ctx;
    if (r->sv->sessions != NULL)
        permission_user_removed(r->sv, u, r->asking);
}

enum err access_load(struct services *sv, struct session *asking, struct buf *why)
{
    struct users *fresh;
    enum err err = read_file(sv, &fresh, why);
    if (err != ERR_OK)
        return err;
    struct removal removal = {sv, asking};
    if (sv->sessions != NULL)
        permission_user_changes(sv, users_default(sv->users), users_default(fresh), asking);
    users_replace(sv->users, fresh, on_removed, &removal);
    if (sv->sessions != NULL)
        permission_default_changed(sv);
    return ERR_OK;
}

enum err access_save(struct services *sv, struct buf *why)
{
    struct buf text = {0};
    users_write(sv->users, &text);
    enum err err =
        sv->config_files->replace(sv->config_files, sv->config->aclfile, buf_bytes(&text), why);
    buf_deinit(&text);
    return err;
}

/* --- beginning, and changes ------------------------------------------------------------------- */

enum err access_open(struct services *sv, struct buf *why)
{
    users_set_all_channels(sv->users, new_users_have_all_channels(sv));
    users_set_default_password(sv->users, bytes_of_string(sv->config->requirepass));
    if (!access_has_file(sv))
        return read_configured(sv, sv->users, why);
    if (sv->config->users[0] == '\0')
        return access_load(sv, NULL, why);
    buf_append_string(
        why, "there are users in the configuration and in a file (aclfile), and one of them "
             "would be forgotten: keep them in one place");
    return ERR_INVALID;
}

void access_configured(struct services *sv, const struct directive *d)
{
    if (strcmp(d->name, "requirepass") == 0) {
        users_set_default_password(sv->users, bytes_of_string(sv->config->requirepass));
        permission_default_changed(sv);
    } else if (strcmp(d->name, "acl-pubsub-default") == 0) {
        users_set_all_channels(sv->users, new_users_have_all_channels(sv));
    } else if (strcmp(d->name, "acllog-max-len") == 0) {
        access_log_trim(sv->access_log, (size_t)sv->config->acllog_max_len);
    }
}
