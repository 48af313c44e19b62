#!/bin/sh
# The edge: `homeroom-edge VERB`.
#   serve     runs Caddy, and takes up what changes: its Caddyfile, and a certificate that was renewed
#   take-up   takes it up now
#   check     says what is wrong with a Caddyfile and a certificate, in a container of its own; serves nothing
#   state     says which certificates are served, and what of the last change was refused
#   health    ends with 0 when it listens
#   ca        prints the certificate of our own authority
# A fault is a line: `fault`, the file, what is wrong, what to do, with tabs between. Nothing is served of what has one:
# what was served before goes on.
set -eu
umask 077
here=/srv/jupyterhub/edge # what is rendered: Caddyfile, and the names in a line each
given=/srv/tls            # the operator's certificate and key
kept=/data/files          # the last pair of them that was right, which Caddy reads
run=/tmp/edge
admin=$run/admin.sock
watch_seconds=2

fault() {
    printf 'fault\t%s\t%s\t%s\n' "$1" "$2" "$3"
    return 1
}

wants_files() { grep -q "$kept/" "$here/Caddyfile"; }

# What decides whether there is something to take up.
digest() { cat "$here"/* "$given/fullchain.pem" "$given/privkey.pem" 2>/dev/null | sha256sum; }

is_address() {
    case $1 in
        *:*) return 0 ;;
        *[!0-9.]*) return 1 ;;
    esac
}

# A name that is meant by a wildcard, which no certificate or greeting can be asked for by itself.
meant_by() {
    case $1 in
        "*."*) echo "any-lab-at-all${1#\*}" ;;
        *) echo "$1" ;;
    esac
}

# Whether a certificate is for a name or an address.
is_for() {
    if is_address "$2"; then by=-checkip; else by=-checkhost; fi
    openssl x509 -in "$1" -noout "$by" "$(meant_by "$2")" | grep -q 'does match'
}

# Say what is wrong with the pair in a directory.
examine() {
    certificate=$1/fullchain.pem key=$1/privkey.pem
    openssl x509 -in "$certificate" -noout 2>/dev/null ||
        fault fullchain.pem "holds no certificate (BEGIN CERTIFICATE)" \
            "Put the certificate there, with those between it and its authority behind it, in PEM." || return
    if grep -q ENCRYPTED "$key"; then
        fault privkey.pem "is protected by a passphrase, which nobody would type at a restart" \
            "Write it without: openssl pkey -in privkey.pem -out plain.pem, and put that in its place." || return
    fi
    openssl pkey -in "$key" -passin pass: -noout 2>/dev/null ||
        fault privkey.pem "holds no private key" "Put the certificate's key there, in PEM." || return
    [ "$(openssl x509 -in "$certificate" -noout -pubkey)" = "$(openssl pkey -in "$key" -passin pass: -pubout)" ] ||
        fault privkey.pem "is not the key of the certificate in fullchain.pem" \
            "Put both there as they were issued together; the first certificate in fullchain.pem is the hub's." || return
    openssl x509 -in "$certificate" -noout -checkend 0 >/dev/null ||
        fault fullchain.pem "has expired: $(openssl x509 -in "$certificate" -noout -enddate)" \
            "Renew it; also see that this machine's clock is right." || return
    [ "$(date -d "$(openssl x509 -in "$certificate" -noout -startdate | cut -d= -f2)" +%s)" -le "$(date +%s)" ] ||
        fault fullchain.pem "is not valid yet: $(openssl x509 -in "$certificate" -noout -startdate)" \
            "See that this machine's clock is right, or use it from that day on." || return
    while read -r name; do
        is_for "$certificate" "$name" ||
            fault fullchain.pem "is not for $name" "Have one issued that names it, or correct the name in .env." || return
    done <"$here/names"
}

# Make a copy of the operator's pair the one that Caddy reads, if it is right.
take_files() {
    for file in fullchain.pem privkey.pem; do
        [ -e "$given/$file" ] ||
            fault $file "is not there" "Put certificate and key there: docs/tls.md shows how." || return
        [ -r "$given/$file" ] ||
            fault $file "cannot be read by the edge, which is user 992" "chown 992 $file && chmod 400 $file" || return
    done
    new=$(mktemp -d "$kept.XXXXXX")
    if cp "$given/fullchain.pem" "$given/privkey.pem" "$new/" && examine "$new"; then
        ln -s "$new" "$kept.next"
        mv -T "$kept.next" "$kept"
        find /data -maxdepth 1 -name 'files.*' ! -path "$new" -exec rm -r {} +
    else
        rm -r "$new"
        return 1
    fi
}

load() {
    caddy reload --config "$here/Caddyfile" --adapter caddyfile --address "unix/$admin" --force 2>"$run/said" ||
        fault Caddyfile "is refused: $(tail -1 "$run/said" | tr '\t' ' ')" "\`make logs SERVICE=edge\` shows more."
}

# Take up what there is; one at a time.
take_up() (
    flock 9
    digest >"$run/tried"
    if { ! wants_files || take_files; } >"$run/faults" && load >>"$run/faults"; then
        echo "taken up: Caddyfile and certificate" >&2
    else
        cat "$run/faults"
        return 1
    fi
) 9>"$run/lock"

serve() {
    mkdir -p "$run"
    rm -f "$admin" "$kept.next"
    : >"$run/faults"
    digest >"$run/tried"
    if wants_files && ! take_files >"$run/faults"; then
        cat "$run/faults" >&2
        until [ -e "$kept" ] || take_files >"$run/faults"; do sleep "$watch_seconds"; done
    fi
    caddy run --config "$here/Caddyfile" --adapter caddyfile &
    caddy=$!
    trap 'kill -TERM $caddy; wait $caddy; exit 0' TERM INT
    while kill -0 "$caddy" 2>/dev/null; do
        sleep "$watch_seconds" & wait $!
        if [ -S "$admin" ] && [ "$(digest)" != "$(cat "$run/tried")" ]; then
            take_up >&2 || :
        fi
    done
    wait "$caddy"
}

check() {
    mkdir -p "$run"
    ! wants_files || take_files
    caddy validate --config "$here/Caddyfile" --adapter caddyfile 2>"$run/said" ||
        fault Caddyfile "is refused: $(tail -1 "$run/said" | tr '\t' ' ')" "This is a mistake of Homeroom's: tell it."
}

state() {
    cat "$run/faults"
    while read -r name; do
        served=$run/served.pem
        if is_address "$name"; then by=-noservername; else by="-servername $(meant_by "$name")"; fi
        # shellcheck disable=SC2086  # two words
        if openssl s_client -connect 127.0.0.1:8443 $by </dev/null 2>/dev/null | openssl x509 >"$served" 2>/dev/null; then
            printf 'served\t%s\t%s\t%s\n' "$name" "$(openssl x509 -in "$served" -noout -enddate | cut -d= -f2)" \
                "$(openssl x509 -in "$served" -noout -issuer -nameopt sep_comma_plus,utf8,esc_ctrl | cut -d= -f2-)"
        else
            printf 'missing\t%s\n' "$name"
        fi
    done <"$here/names"
}

case $1 in
    serve) serve ;;
    take-up) take_up ;;
    check) check ;;
    state) state ;;
    health) [ -S "$admin" ] && bash -c ': </dev/tcp/127.0.0.1/8443' ;;
    ca) cat /data/caddy/pki/authorities/local/root.crt ;;
    *) echo "there is no verb $1: serve, take-up, check, state, health or ca" >&2; exit 2 ;;
esac
