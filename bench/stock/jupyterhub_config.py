"""The stock deployment's hub: DockerSpawner with its defaults, in the way of jupyterhub-deploy-docker's basic example.

Otherwise than there: people sign in with any password, as with Homeroom in the same run, so that no password's digest
is measured; and a lab that is slow to come is waited for.
"""

import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by the loader

c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = os.environ["LAB_IMAGE"]
c.DockerSpawner.network_name = os.environ["LAB_NETWORK"]
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.prefix = os.environ["LAB_PREFIX"]
c.DockerSpawner.remove = True
c.DockerSpawner.notebook_dir = "/home/jovyan/work"
c.DockerSpawner.volumes = {os.environ["LAB_PREFIX"] + "-user-{username}": "/home/jovyan/work"}
c.DockerSpawner.start_timeout = 300
c.DockerSpawner.http_timeout = 300

c.JupyterHub.hub_ip = os.environ["HUB_NAME"]
c.JupyterHub.hub_port = 8080
c.JupyterHub.db_url = "sqlite:////srv/jupyterhub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "/srv/jupyterhub/cookie_secret"

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
