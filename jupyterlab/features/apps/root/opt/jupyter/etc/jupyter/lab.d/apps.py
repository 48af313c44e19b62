"""Kernels and terminals, which have the server's environment, tell applications where they are seen."""

import os

from homeroom_lab.apps.environment import variables

os.environ |= variables(os.environ)
