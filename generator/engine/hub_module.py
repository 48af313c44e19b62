"""What is asked of the hub from the host: a module in its container, which answers in JSON."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment


def ask(deployment: Deployment, module: str, *arguments: str, about: str, given: str = "") -> dict[str, Any]:
    """Run a module in the hub's container; its answer is its last line.

    :param about: what the question is about, in words that follow `could not be asked`.
    :param given: its standard input, for what nobody should see in a list of processes.
    :raises HomeroomError: the hub does not run, or the command failed.
    """
    command, environment = deployment.hub_python(module, "--", *arguments)
    done = subprocess.run(command, input=f"{given}\n", capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise HomeroomError(
            f"the hub could not be asked {about}: {said[-1] if said else 'no answer'}",
            remedy="`make up` brings the hub up; `make logs SERVICE=hub` shows what it said.",
        )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
