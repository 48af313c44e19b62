#!/bin/sh
# Makes a Python environment of locked, hashed packages: venv.sh DIRECTORY REQUIREMENTS. Does nothing when it is current.
# On a bare Debian or Ubuntu, as root, it installs what Python's venv needs.
set -eu
directory=$1 requirements=$2
python=${PYTHON:-python3}

fail() { printf '✗ %s\n  %s\n' "$1" "$2" >&2; exit 2; }

# step TITLE COMMAND...: one line, with a tick when it has ended, as generator/core/console.py shows it. What the command
# says is shown only when it failed.
step() {
    title=$1 began=$(date +%s) clear='' tick='✓'
    shift
    if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
        clear=$(printf '\r\033[K') tick=$(printf '\033[32m✓\033[0m')
        printf '  %s ...' "$title"
    fi
    said=$("$@" 2>&1) || {
        printf '%s✗ %s\n' "$clear" "$title"
        printf '%s\n' "$said" | tail -n 15 | sed 's/^/    /'
        return 1
    }
    seconds=$(($(date +%s) - began))
    [ "$seconds" = 0 ] || title="$title ($seconds s)"
    printf '%s%s %s\n' "$clear" "$tick" "$title"
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

install() {
    # A plain `su` leaves sbin out of PATH, without which dpkg refuses to work.
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
    # Left half done by an interrupted run.
    [ -z "$(dpkg --audit)" ] || dpkg --configure -a --force-confdef --force-confold
    apt-get update -q
    apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
}

command -v "$python" >/dev/null 2>&1 || {
    [ "$python" = python3 ] && may_install ||
        fail "there is no $python" "Install Python 3.11 or newer: \`apt-get install python3 python3-venv\`."
    step "Installing python3 and python3-venv" install python3 python3-venv ||
        fail "apt-get could not install python3-venv" "Fix what it says, then run this again."
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old" "Homeroom needs Python 3.11 or newer; name one with \`make up PYTHON=python3.12\`."

stamp=$directory/.installed
current="$(cat "$requirements") $("$python" -c 'import sys; print(sys.executable, sys.version)')"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(printf '%s' "$current" | cksum)" ] && "$directory/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    may_install || fail "this Python cannot make environments" "Install python3-venv: \`sudo apt-get install python3-venv\`."
    step "Installing python3-venv" install python3-venv ||
        fail "apt-get could not install python3-venv" "Fix what it says, then run this again."
}

make_environment() {
    # A link to another directory's, such as the running version's: that one is used there, and stays as it is.
    [ ! -L "$directory" ] || rm "$directory" || return
    "$python" -m venv --clear "$directory" || return
    # The host's own certificates, where nothing else is said: a network that inspects TLS is trusted there.
    bundle=/etc/ssl/certs/ca-certificates.crt
    if [ -z "${PIP_CERT:-}" ] && [ -f "$bundle" ] && ! "$directory/bin/python" -m pip config get global.cert >/dev/null 2>&1; then
        export PIP_CERT=$bundle
    fi
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
    # A bundle beside the tree has them, so that no network is needed; one of another version may not have all.
    for wheels in bundle/*/wheels; do
        [ ! -d "$wheels" ] || ! "$directory/bin/python" -m pip install -qq --require-hashes --no-deps --no-index \
            --find-links="$wheels" -r "$requirements" 2>/dev/null || return 0
    done
    "$directory/bin/python" -m pip install -qq --require-hashes --no-deps -r "$requirements"
}

rm -f "$stamp"
step "Installing locked Python packages in $directory" make_environment ||
    fail "the locked packages could not be installed" "The lines above say why: the network, its proxy (HTTPS_PROXY), certificates (PIP_CERT), or a full disk."
printf '%s' "$current" | cksum > "$stamp"
