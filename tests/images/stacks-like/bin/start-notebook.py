#!/usr/bin/env python
"""As docker-stacks' start-notebook.py: the hub's single-user server where a hub started it, else JupyterLab."""

import os
import shlex
import sys

command = ["/usr/local/bin/start-singleuser.py"] if "JUPYTERHUB_API_TOKEN" in os.environ else ["jupyter", "lab"]
command += shlex.split(os.environ.get("NOTEBOOK_ARGS", "")) + sys.argv[1:]
print("Executing: " + " ".join(command), flush=True)
os.execvp(command[0], command)
