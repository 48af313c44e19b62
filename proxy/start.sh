#!/bin/sh
# Starts the proxy. The hub's page is the default target; labs are added by the hub over the API socket.
set -eu
rm -f /run/proxy/api.sock /run/edge/proxy.sock    # left by a proxy that was killed; the new one could not listen
umask 0007    # hub and edge reach their sockets through the directories' groups
exec node --max-http-header-size=32768 /opt/proxy/door.mjs
