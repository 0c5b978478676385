/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/uri.h"

#include "base/mem.h"
#include "base/num.h"
#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Turns each %XX into its byte, in place. False: there is one that is none, or a zero byte. */
static bool decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (*from != '%') {
            *to = *from++;
            continue;
        }
        int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || high * 16 + low == 0)
            return false;
        *to = (char)(high * 16 + low);
        from += 3;
    }
    *to = '\0';
    return true;
}

static bool wrong(char *why, const char *text)
{
    snprintf(why, URI_WHY_BYTES, "-u: %s", text);
    return false;
}

/* "[user:]password@": *rest moves behind it. */
static bool take_user(struct uri *u, char **rest, char *why)
{
    char *end = strrchr(*rest, '@');
    if (end == NULL)
        return true;
    *end = '\0';
    char *colon = strchr(*rest, ':');
    if (colon != NULL) {
        *colon = '\0';
        if (!decode(*rest))
            return wrong(why, "the user has a % without two hexadecimal digits behind it");
        u->user = **rest != '\0' ? *rest : NULL;
        *rest = colon + 1;
    }
    if (!decode(*rest))
        return wrong(why, "the password has a % without two hexadecimal digits behind it");
    u->password = *rest;
    *rest = end + 1;
    return true;
}

static bool take_port(struct uri *u, const char *text, char *why)
{
    int64_t port;
    if (!num_parse_i64(bytes_of_string(text), &port) || port < 1 || port > 65535)
        return wrong(why, "a port is a number from 1 to 65535");
    u->port = (int)port;
    return true;
}

/* "host", "host:port", "[::1]:port". */
static bool take_host(struct uri *u, char *rest, char *why)
{
    char *colon = strchr(rest, ':');
    if (*rest == '[') {
        char *end = strchr(rest, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return wrong(why, "an address in brackets is [address] or [address]:port");
        *end = '\0';
        colon = end[1] == ':' ? end + 1 : NULL;
        rest++;
    }
    if (colon != NULL) {
        *colon = '\0';
        if (!take_port(u, colon + 1, why))
            return false;
    }
    if (*rest != '\0')
        u->host = rest;
    return true;
}

static bool parse(struct uri *u, char *why)
{
    char *rest = strstr(u->text, "://");
    if (rest == NULL || (strncmp(u->text, "redis:", 6) != 0 && strncmp(u->text, "rediss:", 7) != 0))
        return wrong(why, "it begins with redis:// or, for TLS, rediss://");
    u->tls = strncmp(u->text, "rediss:", 7) == 0;
    rest += 3;
    char *user_end = strrchr(rest, '@');
    char *path = strchr(user_end != NULL ? user_end : rest, '/');
    if (path != NULL && strcmp(path, "/") != 0 && strcmp(path, "/0") != 0)
        return wrong(why, "there is one database, /0");
    if (path != NULL)
        *path = '\0';
    return take_user(u, &rest, why) && take_host(u, rest, why);
}

bool uri_parse(struct uri *u, const char *text, char why[URI_WHY_BYTES])
{
    *u = (struct uri){.text = mem_strdup(text)};
    if (parse(u, why))
        return true;
    uri_deinit(u);
    return false;
}

void uri_deinit(struct uri *u)
{
    mem_free(u->text);
    *u = (struct uri){0};
}
