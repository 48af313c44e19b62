#!/usr/bin/env python
"""As docker-stacks' start-singleuser.py."""

import os
import sys

command = ["jupyterhub-singleuser", *sys.argv[1:]]
print("Executing: " + " ".join(command), flush=True)
os.execvp(command[0], command)
