"""As docker-stacks' own: asks the server on its port, every 3 s."""

import os
import urllib.request

port = os.environ.get("JUPYTER_PORT", "8888")
prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")
urllib.request.urlopen(f"http://localhost:{port}{prefix}api", timeout=1).close()
