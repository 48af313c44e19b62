#!/bin/bash
# As docker-stacks' start.sh: hooks, then the user that NB_USER, NB_UID and NB_GID name where it runs as root, then "$@".
set -e
_log() { echo "$@" >&2; }
_log "Entered start.sh with args:" "$@"

run_hooks() {
    for file in "$1"/*.sh; do
        [ -f "${file}" ] || continue
        _log "Sourcing shell script: ${file}"
        # shellcheck disable=SC1090
        source "${file}"
    done
}

[ $# -gt 0 ] || set -- bash
run_hooks /usr/local/bin/start-notebook.d
if [ "$(id -u)" = 0 ]; then
    usermod --uid "${NB_UID}" --gid "${NB_GID}" jovyan
    run_hooks /usr/local/bin/before-notebook.d
    exec setpriv --reuid "${NB_UID}" --regid "${NB_GID}" --init-groups "$@"
fi
if [ "${NB_UID}" != "$(id -u)" ] || [ "${NB_GID}" != "$(id -g)" ]; then
    _log "WARNING: container must be started as root to change the desired user's name, id or group!"
fi
run_hooks /usr/local/bin/before-notebook.d
_log "Executing the command:" "$@"
exec "$@"
