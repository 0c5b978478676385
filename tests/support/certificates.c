/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/certificates.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COMMAND_BYTES_MAX 4096

static const char script[] =
    "set -e; cd '%s'\n"
    "key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'\n"
    "openssl req -x509 $key -days 30 -subj '/CN=Test authority' -keyout ca.key -out ca.crt\n"
    "for name in server other client; do\n"
    "    echo 'subjectAltName = DNS:localhost,IP:127.0.0.1' >$name.ext\n"
    "    openssl req $key -subj /CN=$name -keyout $name.key -out $name.csr\n"
    "    openssl x509 -req -days 30 -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial \\\n"
    "        -extfile $name.ext -out $name.crt\n"
    "done\n"
    "openssl req -x509 $key -days 30 -subj /CN=stranger -keyout stranger.key -out stranger.crt\n"
    "openssl pkey -in server.key -aes256 -passout pass:sesame -out locked.key\n";

static const char *const files[] = {
    "ca.crt",     "ca.key",     "ca.srl",     "server.crt",   "server.key",   "server.csr",
    "server.ext", "other.crt",  "other.key",  "other.csr",    "other.ext",    "client.crt",
    "client.key", "client.csr", "client.ext", "stranger.crt", "stranger.key", "locked.key",
};

bool certificates_make(const char *folder)
{
    char commands[COMMAND_BYTES_MAX], line[COMMAND_BYTES_MAX + 32];
    snprintf(commands, sizeof(commands), script, folder);
    snprintf(line, sizeof(line), "( %s ) >/dev/null 2>&1", commands);
    return system(line) == 0;
}

void certificates_remove(const char *folder)
{
    char path[COMMAND_BYTES_MAX];
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        unlink(path);
    }
}
