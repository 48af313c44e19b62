#!/bin/sh
# Makes a Python environment of locked, hashed packages: venv.sh DIRECTORY REQUIREMENTS. Does nothing when it is current.
# On a bare Debian or Ubuntu, as root, it installs what Python's venv needs.
set -eu
directory=$1 requirements=$2
python=${PYTHON:-python3}

fail() { printf '✗ %s\n  %s\n' "$1" "$2" >&2; exit 2; }

command -v "$python" >/dev/null 2>&1 || {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 ||
        fail "there is no $python" "Install Python 3.11 or newer: \`apt-get install python3 python3-venv\`."
    echo "Installing python3 and python3-venv from this system's packages"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3 python3-venv; } >/dev/null ||
        fail "apt-get could not install python3-venv" "Run \`apt-get update && apt-get install python3-venv\` to see why."
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old" "Homeroom needs Python 3.11 or newer; name one with \`make up PYTHON=python3.12\`."

stamp=$directory/.installed
current="$(cat "$requirements") $("$python" -c 'import sys; print(sys.executable, sys.version)')"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(printf '%s' "$current" | cksum)" ] && "$directory/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    package=python3-venv
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 ||
        fail "this Python cannot make environments" "Install $package: \`sudo apt-get install $package\`."
    echo "Installing $package from this system's packages"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $package; } >/dev/null ||
        fail "apt-get could not install $package" "Run \`apt-get update && apt-get install $package\` to see why."
}

echo "Preparing $directory (locked packages)"
rm -f "$stamp"
"$python" -m venv --clear "$directory" || fail "$directory could not be made" "See the lines above; is the disk full?"
# The host's own certificates, where nothing else is said: a network that inspects TLS is trusted there.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -z "${PIP_CERT:-}" ] && [ -f "$bundle" ] && ! "$directory/bin/python" -m pip config get global.cert >/dev/null 2>&1; then
    export PIP_CERT=$bundle
fi
PIP_DISABLE_PIP_VERSION_CHECK=1 "$directory/bin/python" -m pip install -qq --require-hashes --no-deps -r "$requirements" ||
    fail "the locked packages could not be installed" "See the lines above: the network, its proxy (HTTPS_PROXY) or certificates (PIP_CERT)."
printf '%s' "$current" | cksum > "$stamp"
