#!/bin/bash
# The official image's contract: POSTGRES_PASSWORD(_FILE), POSTGRES_USER, POSTGRES_DB,
# POSTGRES_INITDB_ARGS, /docker-entrypoint-initdb.d/*.{sh,sql} at the first start.
set -euo pipefail

[[ ${1:0:1} != - ]] || set -- postgres "$@"
[[ $1 == postgres ]] || exec "$@"

if [[ $(id -u) == 0 ]]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres {} +
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  [[ -z ${POSTGRES_PASSWORD_FILE:-} ]] || POSTGRES_PASSWORD=$(< "$POSTGRES_PASSWORD_FILE")
  : "${POSTGRES_PASSWORD:?is not set, and a new database needs it}"
  # shellcheck disable=SC2086 # several arguments in one variable are its purpose
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    ${POSTGRES_INITDB_ARGS:-} > /dev/null
  printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"

  PGUSER=$user pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start > /dev/null
  sql=(psql -v ON_ERROR_STOP=1 --username "$user" --no-password --no-psqlrc)
  if [[ $database != postgres ]]; then
    "${sql[@]}" --dbname postgres --set db="$database" <<< 'CREATE DATABASE :"db";' > /dev/null
  fi
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) . "$script" ;;
      *.sql) "${sql[@]}" --dbname "$database" --file "$script" ;;
    esac
  done
  PGUSER=$user pg_ctl -D "$PGDATA" -m fast -w stop > /dev/null
fi

exec "$@"
