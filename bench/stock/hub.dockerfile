# The hub of the stock deployment: what the documentation says to install, with the proxy that the hub starts itself.
FROM debian:trixie-slim
RUN --mount=type=secret,id=apt.conf,mode=0644 --mount=type=secret,id=apt.list,mode=0644 \
    export APT_CONFIG=/run/secrets/apt.conf \
 && apt-get update -q \
 && apt-get install -qy --no-install-recommends python3-venv nodejs npm ca-certificates
COPY package.json package-lock.json constraints.txt /opt/
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca --mount=type=cache,target=/root/.npm \
    export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc NODE_EXTRA_CA_CERTS=/run/secrets/ca \
 && cd /opt && npm ci --omit=dev --no-audit --no-fund --no-update-notifier
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    export PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_CERT=/run/secrets/ca \
 && python3 -m venv /opt/hub \
 && /opt/hub/bin/pip install --constraint /opt/constraints.txt jupyterhub dockerspawner
COPY jupyterhub_config.py /srv/jupyterhub/
ENV PATH=/opt/hub/bin:/opt/node_modules/.bin:$PATH
WORKDIR /srv/jupyterhub
CMD ["jupyterhub", "--config=/srv/jupyterhub/jupyterhub_config.py"]
