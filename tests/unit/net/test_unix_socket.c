/* SPDX-License-Identifier: BSD-3-Clause */
/* Unix sockets: the file, and streams over them. */
#include "net/unix_socket.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CHECK_OK(call) cr_assert_eq((call), ERR_OK, #call)

struct host {
    struct reactor *reactor;
    struct unix_socket *socket;
    struct stream *stream; /* the last accepted */
    unsigned readiness;
    char folder[32];
    char path[64];
};

static void stream_ready(struct stream *stream, unsigned readiness)
{
    struct host *h = stream->owner;
    h->readiness |= readiness;
}

static void accepted(void *ctx, struct stream *stream)
{
    struct host *h = ctx;
    stream->ready = stream_ready;
    stream->owner = h;
    h->stream = stream;
}

static enum err host_listen(struct host *h, const char *path, mode_t perm,
                            struct unix_socket **socket)
{
    struct unix_socket_options options = {
        .path = path, .perm = perm, .backlog = 16, .owner = {accepted, h}};
    return unix_socket_listen(h->reactor, &options, socket);
}

static void host_open(struct host *h)
{
    *h = (struct host){.folder = "/tmp/echolog-unix-XXXXXX"};
    cr_assert_not_null(mkdtemp(h->folder));
    snprintf(h->path, sizeof(h->path), "%s/sock", h->folder);
    CHECK_OK(reactor_create(&h->reactor));
}

static void host_close(struct host *h)
{
    if (h->stream != NULL)
        stream_close(h->stream);
    if (h->socket != NULL)
        unix_socket_close(h->socket);
    reactor_destroy(h->reactor);
    unlink(h->path);
    cr_assert_eq(rmdir(h->folder), 0, "%s is not empty", h->folder);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_lt(strlen(path), sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0, "%s",
                 strerror(errno));
    return fd;
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* A socket file without anybody behind it, as a killed server leaves it. */
static void leave_behind(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, path);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    cr_assert(is_there(path));
}

Test(unix_socket, its_streams_carry_bytes_both_ways_and_tell_the_end)
{
    struct host h;
    host_open(&h);
    CHECK_OK(host_listen(&h, h.path, 0, &h.socket));
    int fd = connect_to(h.path);
    while (h.stream == NULL)
        reactor_wait(h.reactor, -1);
    cr_assert_eq(send(fd, "hello", 5, 0), 5);
    while ((h.readiness & STREAM_READABLE) == 0)
        reactor_wait(h.reactor, -1);
    char data[16];
    size_t got, put;
    CHECK_OK(stream_read(h.stream, data, sizeof(data), &got));
    cr_assert_eq(got, 5);
    struct iovec iov = {data, got};
    CHECK_OK(stream_write(h.stream, &iov, 1, &put));
    cr_assert_eq(recv(fd, data, sizeof(data), 0), 5);
    close(fd);
    while ((h.readiness & STREAM_ENDED) == 0)
        reactor_wait(h.reactor, -1);
    cr_assert_eq(stream_read(h.stream, data, sizeof(data), &got), ERR_CLOSED);
    host_close(&h);
}

Test(unix_socket, both_ends_are_told_by_its_path_and_are_from_here)
{
    struct host h;
    host_open(&h);
    CHECK_OK(host_listen(&h, h.path, 0, &h.socket));
    int fd = connect_to(h.path);
    while (h.stream == NULL)
        reactor_wait(h.reactor, -1);
    char expected[STREAM_ADDRESS_BYTES_MAX];
    snprintf(expected, sizeof(expected), "%s:0", h.path);
    cr_assert_str_eq(h.stream->peer, expected);
    cr_assert_str_eq(h.stream->local, expected);
    cr_assert_eq(h.stream->transport, STREAM_UNIX);
    cr_assert(h.stream->from_here);
    close(fd);
    host_close(&h);
}

Test(unix_socket, the_file_has_the_permissions_asked_for_and_goes_at_close)
{
    struct host h;
    host_open(&h);
    CHECK_OK(host_listen(&h, h.path, 0702, &h.socket));
    struct stat st;
    cr_assert_eq(stat(h.path, &st), 0);
    cr_assert(S_ISSOCK(st.st_mode));
    cr_assert_eq(st.st_mode & 0777, 0702);
    unix_socket_close(h.socket);
    h.socket = NULL;
    cr_assert(!is_there(h.path));
    host_close(&h);
}

Test(unix_socket, one_that_was_left_behind_is_replaced)
{
    struct host h;
    host_open(&h);
    leave_behind(h.path);
    CHECK_OK(host_listen(&h, h.path, 0, &h.socket));
    close(connect_to(h.path));
    host_close(&h);
}

Test(unix_socket, one_that_somebody_listens_on_is_left_alone)
{
    struct host h;
    host_open(&h);
    CHECK_OK(host_listen(&h, h.path, 0, &h.socket));
    struct unix_socket *second = NULL;
    cr_assert_eq(host_listen(&h, h.path, 0, &second), ERR_EXISTS);
    close(connect_to(h.path));
    host_close(&h);
}

Test(unix_socket, what_is_no_socket_is_left_alone)
{
    struct host h;
    host_open(&h);
    struct unix_socket *socket = NULL;
    int fd = open(h.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    cr_assert_eq(host_listen(&h, h.path, 0, &socket), ERR_INVALID);
    cr_assert(is_there(h.path));
    unlink(h.path);
    cr_assert_eq(symlink("/nowhere/at/all", h.path), 0);
    cr_assert_eq(host_listen(&h, h.path, 0, &socket), ERR_INVALID);
    cr_assert(is_there(h.path));
    host_close(&h);
}

Test(unix_socket, a_path_that_cannot_be_is_refused)
{
    struct host h;
    host_open(&h);
    struct unix_socket *socket = NULL;
    char longest[200];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    cr_assert_eq(host_listen(&h, longest, 0, &socket), ERR_TOO_LARGE);
    cr_assert_eq(host_listen(&h, "", 0, &socket), ERR_INVALID);
    cr_assert_eq(host_listen(&h, "/no/such/folder/sock", 0, &socket), ERR_NOT_FOUND);
    host_close(&h);
}

Test(unix_socket, the_longest_path_works_and_is_told_whole)
{
    struct host h;
    host_open(&h);
    size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
    char path[200], expected[210];
    memset(path, 'x', sizeof(path));
    memcpy(path, h.path, strlen(h.path));
    path[room - 1] = '\0';
    CHECK_OK(host_listen(&h, path, 0, &h.socket));
    int fd = connect_to(path);
    while (h.stream == NULL)
        reactor_wait(h.reactor, -1);
    snprintf(expected, sizeof(expected), "%s:0", path);
    cr_assert_str_eq(h.stream->local, expected);
    close(fd);
    host_close(&h);
}

Test(unix_socket, a_successors_file_is_not_removed)
{
    struct host h;
    host_open(&h);
    CHECK_OK(host_listen(&h, h.path, 0, &h.socket));
    unlink(h.path);
    struct unix_socket *successor = NULL;
    CHECK_OK(host_listen(&h, h.path, 0, &successor));
    unix_socket_close(h.socket);
    h.socket = successor;
    cr_assert(is_there(h.path));
    close(connect_to(h.path));
    host_close(&h);
}
