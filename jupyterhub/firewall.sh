#!/bin/sh
# The labs' firewall: `homeroom-firewall VERB DEPLOYMENT`. Needs the host's network and NET_ADMIN, and nothing else.
#   keep    puts the rules of firewall.nft in force and, when somebody removes or changes them, in force again
#   check   ends with 0 when these very rules are in force
#   remove  takes them away: `make down`
# A stop leaves the rules, so that labs are not open while this service is replaced by a newer one.
set -eu
verb=$1
table=homeroom_$2
rules=/srv/jupyterhub/firewall.nft

on() { grep -q 'hook prerouting' "$rules"; }
present() { nft --stateless --terse list table ip "$table" 2>/dev/null || true; }
digest() { sed -n 's/^ *comment "\(.*\)"$/\1/p' "$rules"; }

keep() {
    trap 'exit 0' TERM INT
    if ! on; then
        echo "LAB_FIREWALL=off: labs reach private networks and this machine's own services"
        nft --file "$rules" 2>/dev/null || true # none were there, or this engine lets nobody at them
        sleep infinity & wait
    fi
    wanted=
    while :; do
        if [ -z "$wanted" ] || [ "$(present)" != "$wanted" ]; then
            if nft --file "$rules"; then # all of it or nothing
                echo "the rules are ${wanted:+again }in force"
                wanted=$(present)
            else
                echo "the rules cannot be put in force; trying again"
            fi
        fi
        sleep 5 & wait $!
    done
}

case $verb in
    keep) keep ;;
    check) ! on || present | grep -q "comment \"$(digest)\"" ;;
    remove) nft delete table ip "$table" 2>/dev/null || true ;;
    *) echo "there is no verb $verb: keep, check or remove" >&2; exit 2 ;;
esac
