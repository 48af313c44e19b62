"""What the host asks of the hub about platforms: it keeps those that registered themselves in its database."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.topics.lti.ways import LTI


def ask_hub(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    """Run `homeroom.lti.service` in the hub's container.

    :raises HomeroomError: LTI is off, the hub does not run, or the command failed.
    """
    if LTI not in deployment.settings.ways:
        raise HomeroomError(
            f"is {deployment.settings.AUTH}, so nobody comes from a course",
            location=".env AUTH",
            remedy="Add lti to it, and write site/lti.yaml: docs/sign-in/lti.md.",
        )
    command, environment = deployment.hub_python("homeroom.lti.service", "--", *arguments)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise HomeroomError(
            f"the hub could not be asked about learning platforms: {said[-1] if said else 'no answer'}",
            remedy="`make up` brings the hub up; `make logs SERVICE=hub` shows what it said.",
        )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
