/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts the real server on a scratch directory and a free port, and speaks to it: through hiredis,
 * which is a client that is not ours, or byte by byte over a plain socket. Everything that waits has
 * a deadline; what goes wrong fails the test. The server dies with the test, whatever happens.
 *
 *     struct server s = server_start(NULL);
 *     redisContext *c = client_open(&s);
 *     EXPECT(c, "(0, 0)", "PRODUCE t hello");
 *     redisFree(c);
 *     server_end(&s);
 *
 * The program under test is $ECHOLOG_SERVER. This folder knows nothing of src. */
#ifndef TESTS_SERVER_HARNESS_H
#define TESTS_SERVER_HARNESS_H

#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <sys/types.h>

#define SERVER_DIRECTIVES_MAX 32
#define SERVER_PATH_MAX 256

/* --- the server --------------------------------------------------------------------------------- */

struct server {
    pid_t pid; /* 0 while it is not running */
    int port;
    char scratch[SERVER_PATH_MAX];                 /* a directory of this test's own */
    char dir[SERVER_PATH_MAX];                     /* the data directory in it */
    char output[SERVER_PATH_MAX];                  /* the file with all it printed */
    const char *file;                              /* borrowed: its configuration file, or NULL */
    const char *directives[SERVER_DIRECTIVES_MAX]; /* borrowed; ends with NULL */
};

/* A server with a fresh data directory; extra arguments up to NULL: server_start("--maxclients",
 * "5", NULL). It accepts connections when this returns. */
struct server server_start(const char *directive, ...);
/* The same with a configuration file, which the harness's own directives win over. */
struct server server_start_file(const char *file, const char *directive, ...);
/* What servers that start from here on read as standard input, instead of nothing. */
void server_feed(const char *path);
/* SIGTERM; it must end with status 0. The data stays. */
void server_stop(struct server *s);
/* SIGKILL. The data stays. */
void server_kill(struct server *s);
/* Starts a stopped or killed server again, on the same data; the port may be another. */
void server_again(struct server *s);
/* Waits for a server that was told to shut down by other means; returns its exit status. */
int server_wait(struct server *s);
/* Stops it if it runs and removes the scratch directory. */
void server_end(struct server *s);
/* Whether it has printed `text` so far. */
bool server_has_printed(const struct server *s, const char *text);
/* Where it says, last, that it accepts TLS connections. */
int server_tls_port(const struct server *s);

/* Runs the server's program to its end, with the given arguments up to NULL. Returns its exit
 * status; all it printed goes into `output` (at most `room` bytes, NUL-terminated). */
int server_run(char *output, size_t room, const char *argument, ...);

/* --- a client ----------------------------------------------------------------------------------- */

redisContext *client_open(const struct server *s);
redisContext *client_open_unix(const char *path);
/* Over a connected descriptor, which it takes. */
redisContext *client_over(int fd);

/* A reply as one line of text: "+OK", "-ERR unknown …", "42", "\"bulk\"", "nil", "(1, \"a\", ())".
 * Bytes that do not print are \xNN. The text is malloc'ed. */
char *reply_text(const redisReply *reply);
/* Sends a command in hiredis's printf form (%s, %d, and %b for bytes with a size_t) and returns the reply's text, malloc'ed. */
char *client_ask(redisContext *c, const char *format, ...);
/* Asks again and again until the reply matches the glob. */
void client_await(redisContext *c, const char *glob, const char *format, ...);
/* The next reply that was not asked for with client_ask: a push, or one of a pipeline. */
char *client_next(redisContext *c);
/* Sends a command without waiting. */
void client_send(redisContext *c, const char *format, ...);
/* Whether `text` matches a glob of * and ?. */
bool text_like(const char *text, const char *glob);

/* The reply is exactly this text. */
#define EXPECT(c, expected, ...) expect_equal(client_ask(c, __VA_ARGS__), expected, __LINE__)
/* The reply matches this glob. */
#define EXPECT_LIKE(c, glob, ...) expect_like(client_ask(c, __VA_ARGS__), glob, __LINE__)
/* The next reply or push is exactly this text, or matches this glob. */
#define EXPECT_NEXT(c, expected) expect_equal(client_next(c), expected, __LINE__)
#define EXPECT_NEXT_LIKE(c, glob) expect_like(client_next(c), glob, __LINE__)

/* They free `got`. */
void expect_equal(char *got, const char *expected, int line);
void expect_like(char *got, const char *glob, int line);

/* --- a plain socket ----------------------------------------------------------------------------- */

int raw_open(const struct server *s);
void raw_send(int fd, const void *bytes, size_t len);
/* The same where the server may close the connection meanwhile. */
void raw_send_while_open(int fd, const void *bytes, size_t len);
/* Sends a string literal, which may hold NUL bytes. */
#define RAW_SEND(fd, literal) raw_send(fd, literal, sizeof(literal) - 1)
/* The next bytes are exactly these. */
void raw_expect(int fd, const char *expected);
/* Reads until what was read ends with `ending`; malloc'ed, NUL-terminated. */
char *raw_read_until(int fd, const char *ending);
/* The server closes the connection without another byte. */
void raw_expect_closed(int fd);

#endif
