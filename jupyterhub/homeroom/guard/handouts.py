"""A folder of a course's grader lab, or a repository, becomes a handout: by a container that lives for it.

It sees one socket, behind which the hand-in desk waits for this very handout; and for a folder that one home,
read-only, and no network. Both follow from the course and the handout's name. For a repository it sees no home, and is
on the network of the labs, behind the same firewall. It runs no program of either, and has no capability.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from homeroom.contract import handouts as contract
from homeroom.contract.grader_labs import grader_name
from homeroom.contract.handouts import LONGEST_SECONDS, LONGEST_URL, directory
from homeroom.contract.home_names import GROUP, OWNER, directory_name
from homeroom.guard import errand
from homeroom.guard.errands import Errands
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, only_keys

SERVICE = "handout"
MEMORY_BYTES = 256 << 20
AT_ONCE = 2
"""Of each kind: no folder waits for a host that does not answer."""
COURSE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
NAME = re.compile(contract.NAME)
FOLDER = re.compile(contract.FOLDER)
BYTES = re.compile(r"[1-9][0-9]{0,14}")
URL = re.compile(contract.URL)
BRANCH = re.compile(f"(?:{contract.BRANCH})?")
INNER = re.compile(r"(?:(?!(?:.*/)?\.\.?(?:/|$))[^/\\\x00-\x1f\x7f]+(?:/[^/\\\x00-\x1f\x7f]+)*)?")
FORMS = {"course": COURSE, "name": NAME, "folder": FOLDER, "most_bytes": BYTES}
OF_REPOSITORY = {"course": COURSE, "name": NAME, "url": URL, "branch": BRANCH, "inner": INNER, "most_bytes": BYTES}
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
FETCH_MEMORY_BYTES = 512 << 20
FETCH_PIDS = 128


def checked(given: Any) -> dict[str, str]:
    """What is asked for: the course, the handout's name, how large it may be; and the folder in the grader lab, or the
    address of the repository, the branch or tag, and the folder of it.

    :raises Refused: it is none of these.
    """
    forms = OF_REPOSITORY if isinstance(given, dict) and "url" in given else FORMS
    if not only_keys(given, *forms) or not all(isinstance(one, str) for one in given.values()):
        raise Refused(f"a handout has {', '.join(forms)}")
    found = {name: str(given.get(name, "")) for name in forms}
    if len(found.get("url", "")) > LONGEST_URL or len(found.get("inner", "")) > LONGEST_URL:
        raise Refused("there is no such repository")
    if not all(form.fullmatch(found[name]) for name, form in forms.items()):
        raise Refused("there is no such handout")
    return found


def is_fetched(asked: dict[str, str]) -> bool:
    """Whether it comes over the network."""
    return "url" in asked


def volume(policy: Policy, asked: dict[str, str]) -> str:
    """The volume that is the home of the grader lab; empty where homes are directories, or none is read."""
    if policy.homes_path or is_fetched(asked):
        return ""
    return errand.home_volume(policy, directory_name(grader_name(asked["course"])))


def container_body(policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
    """The container: the one home, the one socket, no network and nothing else; or as `_fetching` says."""
    if is_fetched(asked):
        return _fetching(policy, asked)
    home = directory_name(grader_name(asked["course"]))
    mounts = [errand.home_mount(policy, home, read_only=True), _socket(policy, asked)]
    return errand.container_body(
        f"{policy.deployment}-hub:local",
        ["python", "-m", "homeroom.courses.handouts.pack", asked["folder"], asked["most_bytes"]],
        user=f"{OWNER}:{GROUP}",
        deployment=policy.deployment,
        service=SERVICE,
        mounts=mounts,
        memory_bytes=MEMORY_BYTES,
    )


def _socket(policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
    return errand.socket_mount(policy, directory(asked["course"], asked["name"]))


def _fetching(policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
    """The container that fetches a repository: of the labs' image, on their network, with what they are given of it.

    :raises Refused: labs have no network here.
    """
    rule = next((each for each in policy.runs if not each.profile), None)
    network = next(iter(sorted(policy.networks)), "")
    if rule is None or not network:
        raise Refused("labs have no network here")
    trusted = [
        {"Type": "bind", "Source": each.source, "Target": each.target, "ReadOnly": True}
        for each in policy.binds
        if each.target == CERTIFICATES
    ]
    told = {name: asked[name] for name in ("url", "branch", "inner", "most_bytes")}
    body = errand.container_body(
        rule.image,
        ["/opt/jupyter/bin/python", "-P", "-m", "homeroom_lab.handouts.bring_repository", json.dumps(told)],
        user=f"{OWNER}:{GROUP}",
        deployment=policy.deployment,
        service=SERVICE,
        mounts=[_socket(policy, asked), *trusted],
        memory_bytes=FETCH_MEMORY_BYTES,
        NetworkMode=network,
        ReadonlyRootfs=False,
        PidsLimit=FETCH_PIDS,
    )
    return {**body, "Entrypoint": [], "WorkingDir": "/tmp", "Env": ["HOME=/tmp", *sorted(policy.fetch_environment)]}  # noqa: S108 - the container's own


class HandOut:
    """Has folders and repositories become handouts, a few of each kind at once and each by one.

    :param lab_sockets: where the guard sees the volume of the labs' sockets.
    """

    def __init__(self, send: errand.Send, lab_sockets: Path) -> None:
        self._folders, self._repositories = (
            Errands(
                send,
                at_once=AT_ONCE,
                longest_seconds=LONGEST_SECONDS,
                fault="nothing can be handed out",
                lab_sockets=lab_sockets,
            )
            for _ in range(2)
        )

    async def run(self, policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
        """Have one be given to the desk; what became of it, as `homeroom.courses.handouts.pack` says it."""
        own = directory(asked["course"], asked["name"])
        errands = self._repositories if is_fetched(asked) else self._folders
        return await errands.run(own, lambda: container_body(policy, asked))
