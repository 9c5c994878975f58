#!/bin/sh
# The official image's contract: options alone mean redis-server; root gives way to redis.
set -eu

case ${1:-} in -* | *.conf) set -- redis-server "$@" ;; esac

if [ "$1" = redis-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis {} +
    exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
  fi
  # The original is compiled to accept connections from its network.
  exec "$@" --protected-mode no
fi
exec "$@"
