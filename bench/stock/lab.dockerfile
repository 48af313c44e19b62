# The lab of the stock deployment: JupyterLab and JupyterHub by pip in one environment, as their documentation has it;
# and beside them what a notebook draws tables with.
FROM debian:trixie-slim
RUN --mount=type=secret,id=apt.conf,mode=0644 --mount=type=secret,id=apt.list,mode=0644 \
    export APT_CONFIG=/run/secrets/apt.conf \
 && apt-get update -q \
 && apt-get install -qy --no-install-recommends python3-venv ca-certificates
COPY constraints.txt /opt/
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    export PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_CERT=/run/secrets/ca \
 && python3 -m venv /opt/lab \
 && /opt/lab/bin/pip install --constraint /opt/constraints.txt jupyterlab jupyterhub pandas matplotlib
RUN useradd --uid 1000 --gid 100 --create-home --shell /bin/bash jovyan && install -d -o 1000 -g 100 /home/jovyan/work
ENV PATH=/opt/lab/bin:$PATH LANG=C.UTF-8
USER 1000:100
WORKDIR /home/jovyan
CMD ["jupyterhub-singleuser"]
