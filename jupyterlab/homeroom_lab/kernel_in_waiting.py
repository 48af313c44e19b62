"""What the prestarted kernel runs, in the kernels' own Python: it imports what every kernel does, and waits to be one.

Its standard input brings one line of JSON with the environment, the directory and the arguments of a kernel, which it
then is. Where the input ends without, it is not needed any more.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import time
from importlib import import_module

MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "psutil",
    "sqlite3",
    "tornado.platform.asyncio",
)
"""With what these bring along: all that a kernel has imported when it answers for the first time."""

del sys.path[0]  # this program's directory, where a kernel has nothing to look for
before = set(os.environ)
# What goes wrong goes wrong again in the kernel, which tells it; so does what is told at import.
with contextlib.redirect_stderr(io.StringIO()):
    for module in MODULES:
        with contextlib.suppress(Exception):
            import_module(module)

order = json.loads(sys.stdin.readline() or "null")
if not order:
    sys.exit(0)
for name in before - order["environment"].keys():
    del os.environ[name]
os.environ.update(order["environment"])
time.tzset()
os.chdir(order["directory"])
sys.argv[1:] = order["arguments"]
runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
