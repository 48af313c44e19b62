#!/bin/sh
# Starts the proxy. The hub's page is the default target; labs are added by the hub over the API socket.
set -eu
rm -f /run/proxy/api.sock    # left by a proxy that was killed; the new one could not listen
umask 0007                   # the hub reaches the socket through their common group
exec node --import=/opt/proxy/sockets.mjs /opt/proxy/node_modules/.bin/configurable-http-proxy \
    --ip=0.0.0.0 --port=8000 \
    --api-socket=/run/proxy/api.sock \
    --default-target=http+unix://%2Frun%2Fhub%2Fhub.sock \
    --error-target="http+unix://%2Frun%2Fhub%2Fhub.sock${BASE_URL:-/}hub/error" \
    --log-level="${LOG_LEVEL:-info}"
