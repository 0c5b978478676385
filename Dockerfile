# SPDX-License-Identifier: BSD-3-Clause
# A small image of the server, built from this tree and the distribution's packages:
#
#   docker build -t echolog .
#   docker run -d --name echolog -p 3246:3246 -v echolog:/var/lib/echolog --stop-timeout 60 \
#       echolog --requirepass "K7qz-MvT4-93xw-hPbE-Ld5s"
#
# What stands behind the name of the image are directives. Without a password, protected mode refuses
# everybody outside of the container. For the health check with a password: -e ECHOLOGCLI_AUTH=<password>.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY deps deps
RUN deps/install.sh run
COPY . .
RUN make install-strip PREFIX=/usr DESTDIR=/out
# The packages that the programs need to run, by the names that this release of the distribution has. That for the
# metrics is loaded when it is wanted.
RUN { ldd /out/usr/bin/echolog-server /out/usr/bin/echolog-cli | \
    sed -n 's,.* => .*/\(lib[^ /]*\) .*,*/\1,p'; echo '*/libmicrohttpd.so.12'; } | \
    sort -u | xargs dpkg-query -S | sed 's/[:,].*//' | sort -u >/out/packages

FROM debian:bookworm-slim
COPY --from=build /out /
RUN apt-get update -q && \
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(cat /packages) && \
    rm -rf /var/lib/apt/lists/* /packages && \
    echolog-install-service
USER echolog
WORKDIR /var/lib/echolog
VOLUME /var/lib/echolog
EXPOSE 3246
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["echolog-cli", "PING"]
ENTRYPOINT ["echolog-server", "/etc/echolog/echolog.conf", "--bind", "*", "-::*"]
