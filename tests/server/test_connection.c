/* SPDX-License-Identifier: BSD-3-Clause */
/* What a connection can do besides messages: greeting, names, passwords, listing and ending clients. */
#include "server/harness.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Test(connection, ping_and_echo_answer_as_redis_does)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+PONG", "PING");
    EXPECT(c, "\"hi there\"", "PING %s", "hi there");
    EXPECT(c, "\"a\\x00b\"", "ECHO %b", "a\0b", (size_t)3);
    EXPECT(c, "\"\"", "ECHO %s", "");
    EXPECT(c, "+PONG", "pInG");
    EXPECT(c, "-ERR wrong number of arguments for 'ping' command", "PING a b");
    EXPECT(c, "-ERR wrong number of arguments for 'echo' command", "ECHO");
    redisFree(c);
    server_end(&s);
}

Test(connection, an_unknown_command_is_named_with_its_arguments)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "-ERR unknown command 'FOO', with args beginning with: 'a' 'b' ", "FOO a b");
    EXPECT(c, "-ERR unknown command 'FOO', with args beginning with: ", "FOO");
    EXPECT(c, "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.", "CLIENT FOO");
    EXPECT(c, "-ERR wrong number of arguments for 'client' command", "CLIENT");
    EXPECT(c, "-ERR wrong number of arguments for 'client|setname' command", "CLIENT SETNAME");
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(connection, select_takes_database_0_only)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "SELECT 0");
    EXPECT(c, "-ERR DB index is out of range", "SELECT 99");
    EXPECT(c, "-ERR value is not an integer or out of range", "SELECT abc");
    redisFree(c);
    server_end(&s);
}

Test(connection, quit_answers_and_closes)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "QUIT\r\nPING\r\n");
    raw_expect(fd, "+OK\r\n");
    raw_expect_closed(fd);
    close(fd);
    server_end(&s);
}

Test(connection, hello_describes_the_server_and_switches_the_protocol)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT_LIKE(c,
                "(\"server\", \"*\", \"version\", \"*\", \"proto\", 2, \"id\", *, \"mode\", "
                "\"standalone\", \"role\", \"master\", \"modules\", ())",
                "HELLO 2");
    EXPECT_LIKE(c, "(\"server\"*", "HELLO");
    EXPECT(c, "-NOPROTO unsupported protocol version", "HELLO 4");
    EXPECT(c, "-ERR Protocol version is not an integer or out of range", "HELLO abc");
    EXPECT(c, "-ERR Syntax error in HELLO option 'FOO'", "HELLO 2 FOO");
    EXPECT_LIKE(c, "(\"server\"*", "HELLO 2 SETNAME greeter");
    EXPECT(c, "\"greeter\"", "CLIENT GETNAME");
    redisFree(c);

    int fd = raw_open(&s);
    RAW_SEND(fd, "HELLO 3\r\n");
    raw_expect(fd, "%7\r\n$6\r\nserver\r\n");
    free(raw_read_until(fd, "$7\r\nmodules\r\n*0\r\n"));
    RAW_SEND(fd, "CLIENT GETNAME\r\n");
    raw_expect(fd, "_\r\n");
    RAW_SEND(fd, "HELLO 2\r\n");
    raw_expect(fd, "*14\r\n$6\r\nserver\r\n");
    close(fd);
    server_end(&s);
}

Test(connection, reset_puts_the_connection_back_to_its_beginning)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "HELLO 3 SETNAME someone\r\n");
    free(raw_read_until(fd, "$7\r\nmodules\r\n*0\r\n"));
    RAW_SEND(fd, "SUBSCRIBE news\r\nMULTI\r\nRESET\r\n");
    raw_expect(fd, ">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n+OK\r\n+RESET\r\n");
    RAW_SEND(fd, "CLIENT GETNAME\r\nEXEC\r\nPUBSUB NUMSUB news\r\n");
    raw_expect(fd, "$-1\r\n-ERR EXEC without MULTI\r\n*2\r\n$4\r\nnews\r\n:0\r\n");
    close(fd);
    server_end(&s);
}

Test(connection, a_password_is_asked_for_when_one_is_configured)
{
    struct server s = server_start("--requirepass", "sesame", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "-NOAUTH Authentication required.", "PING");
    EXPECT(c, "-NOAUTH Authentication required.", "PUBLISH a b");
    EXPECT(c, "-NOAUTH Authentication required.", "PRODUCE t v");
    EXPECT_LIKE(c, "-NOAUTH HELLO must be called with the client already authenticated*",
                "HELLO 2");
    EXPECT(c, "-WRONGPASS invalid username-password pair or user is disabled.", "AUTH wrong");
    EXPECT(c, "-WRONGPASS invalid username-password pair or user is disabled.",
           "AUTH someone sesame");
    EXPECT(c, "-WRONGPASS invalid username-password pair or user is disabled.", "AUTH %s", "");
    EXPECT(c, "-NOAUTH Authentication required.", "PING");
    EXPECT(c, "+OK", "AUTH sesame");
    EXPECT(c, "+PONG", "PING");
    redisFree(c);

    c = client_open(&s);
    EXPECT_LIKE(c, "(\"server\"*", "HELLO 2 AUTH default sesame");
    EXPECT(c, "+PONG", "PING");
    EXPECT(c, "+RESET", "RESET");
    EXPECT(c, "-NOAUTH Authentication required.", "PING");
    redisFree(c);
    server_end(&s);
}

Test(connection, a_password_without_one_configured_is_an_error)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c,
           "-ERR AUTH <password> called without any password configured for the default user. Are "
           "you sure your configuration is correct?",
           "AUTH sesame");
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(connection, clients_have_ids_that_grow_and_names_that_can_be_set)
{
    struct server s = server_start(NULL);
    redisContext *a = client_open(&s);
    redisContext *b = client_open(&s);
    char *first = client_ask(a, "CLIENT ID");
    char *second = client_ask(b, "CLIENT ID");
    cr_assert_gt(atoi(second), atoi(first));
    free(first);
    free(second);

    EXPECT(a, "nil", "CLIENT GETNAME");
    EXPECT(a, "+OK", "CLIENT SETNAME alice");
    EXPECT(a, "\"alice\"", "CLIENT GETNAME");
    EXPECT(a, "-ERR Client names cannot contain spaces, newlines or special characters.",
           "CLIENT SETNAME %s", "a b");
    EXPECT(a, "\"alice\"", "CLIENT GETNAME");
    EXPECT(a, "+OK", "CLIENT SETNAME %s", "");
    EXPECT(a, "nil", "CLIENT GETNAME");
    EXPECT(a, "+OK", "CLIENT SETINFO LIB-NAME mine");
    EXPECT(a, "+OK", "CLIENT SETINFO LIB-VER 1.2");
    EXPECT(b, "nil", "CLIENT GETNAME");
    redisFree(a);
    redisFree(b);
    server_end(&s);
}

Test(connection, client_list_shows_a_line_for_each)
{
    struct server s = server_start(NULL);
    redisContext *a = client_open(&s);
    redisContext *b = client_open(&s);
    EXPECT(b, "+OK", "CLIENT SETNAME bob");
    EXPECT_LIKE(a, "\"id=* addr=127.0.0.1:* name= *\\x0aid=* addr=127.0.0.1:* name=bob *\\x0a\"",
                "CLIENT LIST");
    EXPECT_LIKE(b, "\"id=* name=bob *cmd=client|info*\\x0a\"", "CLIENT INFO");
    EXPECT(a, "\"\"", "CLIENT LIST TYPE pubsub");
    EXPECT(a, "-ERR Unknown client type 'foo'", "CLIENT LIST TYPE foo");
    redisFree(a);
    redisFree(b);
    server_end(&s);
}

Test(connection, client_kill_ends_the_named_connection_only)
{
    struct server s = server_start(NULL);
    redisContext *a = client_open(&s);
    redisContext *b = client_open(&s);
    char *id = client_ask(b, "CLIENT ID");
    EXPECT(a, "1", "CLIENT KILL ID %s", id);
    EXPECT_LIKE(b, "*onnection*", "PING"); /* closed by the server, or reset */
    EXPECT(a, "0", "CLIENT KILL ID %s", id);
    EXPECT(a, "+PONG", "PING");
    EXPECT(a, "-ERR No such client", "CLIENT KILL 1.1.1.1:1");
    EXPECT(a, "-ERR client-id should be greater than 0", "CLIENT KILL ID abc");
    free(id);
    redisFree(a);
    redisFree(b);
    server_end(&s);
}

Test(connection, client_reply_off_and_skip_leave_replies_out)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "CLIENT REPLY OFF\r\nPING\r\nFOO\r\nCLIENT REPLY ON\r\nECHO on\r\n");
    raw_expect(fd, "+OK\r\n$2\r\non\r\n");
    RAW_SEND(fd, "CLIENT REPLY SKIP\r\nPING\r\nECHO again\r\n");
    raw_expect(fd, "$5\r\nagain\r\n");
    RAW_SEND(fd, "CLIENT REPLY foo\r\n");
    raw_expect(fd, "-ERR syntax error\r\n");
    close(fd);
    server_end(&s);
}

Test(connection, one_more_client_than_allowed_is_told_so_and_closed)
{
    struct server s = server_start("--maxclients", "2", NULL);
    redisContext *a = client_open(&s);
    redisContext *b = client_open(&s);
    EXPECT(a, "+PONG", "PING");
    EXPECT(b, "+PONG", "PING");
    int fd = raw_open(&s);
    raw_expect(fd, "-ERR max number of clients reached\r\n");
    raw_expect_closed(fd);
    close(fd);
    EXPECT(a, "+PONG", "PING");
    redisFree(a);
    redisFree(b);
    server_end(&s);
}

Test(connection, a_pipeline_is_answered_in_order)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    for (int i = 0; i < 1000; i++)
        redisAppendCommand(c, i % 3 == 0 ? "PRODUCE t %d" : "ECHO %d", i);
    for (int i = 0; i < 1000; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), i % 3 == 0 ? "(0, %d)" : "\"%d\"",
                 i % 3 == 0 ? i / 3 : i);
        EXPECT_NEXT(c, expected);
    }
    redisFree(c);
    server_end(&s);
}

/* As a shell does: printf ... | nc -N */
Test(connection, a_client_that_stops_sending_is_answered_first)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "TOPIC CREATE t\r\nFETCH t 0 0\r\nPING\r\n");
    shutdown(fd, SHUT_WR);
    raw_expect(fd, "+OK\r\n*0\r\n+PONG\r\n");
    raw_expect_closed(fd);
    close(fd);
    server_end(&s);
}

Test(connection, commands_are_described_from_one_table)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisReply *count = redisCommand(c, "COMMAND COUNT");
    redisReply *all = redisCommand(c, "COMMAND");
    redisReply *list = redisCommand(c, "COMMAND LIST");
    cr_assert_gt(count->integer, 30);
    cr_assert_eq((long long)all->elements, count->integer);
    cr_assert_geq((long long)list->elements, count->integer);
    freeReplyObject(count);
    freeReplyObject(all);
    freeReplyObject(list);

    EXPECT_LIKE(c, "((\"ping\", -1, (*), 0, 0, 0, *), nil)", "COMMAND INFO ping nosuch");
    EXPECT_LIKE(c, "((\"produce\", *", "COMMAND INFO PRODUCE");
    EXPECT_LIKE(c, "(\"publish\", (\"summary\", \"*", "COMMAND DOCS publish");
    redisFree(c);
    server_end(&s);
}

Test(connection, info_time_and_dbsize_answer)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT_LIKE(c, "\"# Server\\x0d\\x0a*tcp_port:*connected_clients:1\\x0d*\"", "INFO");
    EXPECT_LIKE(c, "\"# Clients\\x0d\\x0a*\"", "INFO clients");
    EXPECT_LIKE(c, "(\"17*\", \"*\")", "TIME");
    EXPECT_LIKE(c, "0", "DBSIZE");
    redisFree(c);
    server_end(&s);
}

Test(connection, shutdown_ends_the_server_cleanly)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "-ERR syntax error", "SHUTDOWN FOO");
    EXPECT(c, "(0, 0)", "PRODUCE t kept");
    EXPECT(c, "Server closed the connection", "SHUTDOWN");
    redisFree(c);
    cr_assert_eq(server_wait(&s), 0);

    server_again(&s);
    c = client_open(&s);
    EXPECT_LIKE(c, "((0, *, nil, \"kept\", ()))", "FETCH t 0 0");
    redisFree(c);
    server_end(&s);
}
