"""Has a folder of a course's grader lab, or a repository, become a handout: the guard makes a container that gives it
to the desk, which is told meanwhile what comes."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from homeroom.contract.by_socket import BySocket
from homeroom.contract.handouts import ADDRESS, LONGEST_SECONDS, directory
from homeroom.courses import coming
from homeroom.courses.watch import tell_desk
from homeroom.records.outbox import SOCKET as GUARD

AT_ONCE = 2
GRACE_SECONDS = 20.0
FOLDERS, REPOSITORIES = (
    ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix=f"handouts-{kind}") for kind in ("folder", "repository")
)
"""Each kind has its own: a folder waits for no host that does not answer."""
FOLDER = ("missing", "link", "odd", "name", "many", "large", "empty", "unreadable", "changes")
REPOSITORY = ("host", "branch", "private", "repository", "certificate", "away", "address", "inner", "git")
FAULTS = frozenset((*FOLDER, *REPOSITORY, "busy", "late", "ended", "no_lab", "full", "desk"))
"""What pages have words for."""


async def bring(hub: Any, handout: Mapping[str, Any]) -> dict[str, str]:
    """Have the desk keep it.

    :param handout: as `homeroom.courses.desk.told.Bringing` has it.
    :returns: nothing; or a `fault`, one of FAULTS, with the `name` of what it is about.
    :raises DeskAway: the desk does not answer.
    """
    course, name = handout["course"], handout["name"]
    own = directory(course, name)
    if own in coming.handouts:
        return {"fault": "busy", "name": ""}
    threads = REPOSITORIES if "url" in handout["source"] else FOLDERS
    coming.handouts[own] = dict(handout)
    try:
        await tell_desk(hub)
        asked = {"course": course, "name": name, **handout["source"], "most_bytes": str(handout["most_bytes"])}
        said = await asyncio.get_running_loop().run_in_executor(threads, _ask, asked)
    finally:
        del coming.handouts[own]
    if not said:
        return {}
    fault = said.get("fault")
    if fault == "unreadable" and not said.get("name"):  # the guard's word for a container that said nothing
        fault = "ended"
    if fault not in FAULTS or fault in ("desk", "ended", "full", "git"):
        hub.log.error("The handout %s of %s cannot be brought: %s", name, course, said)
    return {"fault": str(fault) if fault in FAULTS else "desk", "name": str(said.get("name", ""))[:200]}


def _ask(asked: Mapping[str, str]) -> dict[str, Any]:
    """Ask the guard, and wait."""
    connection = BySocket(str(GUARD), "guard", timeout=LONGEST_SECONDS + GRACE_SECONDS)
    try:
        connection.request("POST", ADDRESS, json.dumps(asked), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return {"fault": "guard", "why": str(error)}
    finally:
        connection.close()
    if answer.status == http.HTTPStatus.FORBIDDEN and "folder" in asked:
        return {"fault": "no_lab"}
    return said if isinstance(said, dict) and answer.status == http.HTTPStatus.OK else {"fault": "guard", "why": said}
