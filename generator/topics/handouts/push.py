"""`make push`: files of the operator's into homes, now: never over a file, and what was deleted does not come back.

For each home a container of the hub's image runs for a moment: as the labs' user, with this home and what is pushed,
and nothing else. So a link in a home leads to nothing but the same home.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shlex
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import docker.errors
import requests
from docker.types import Mount

from generator.core.console import counted, note, quoted, step, warn
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import in_units
from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.engine import verb_container
from generator.engine.deployment import Deployment
from generator.topics.courses.site import hub_groups
from generator.topics.handouts import delivery, places
from generator.topics.handouts.delivery import Answer
from generator.topics.handouts.site import check_target
from generator.topics.handouts.tree import Size, Tree
from generator.topics.storage import homes

PROGRAM = ROOT / "jupyterlab/homeroom_lab/handouts/deliver.py"
PUSH, HOME = "/srv/push", "/home/jovyan"
LAB_USER = "1000:100"
SERVICE = "push"
BUSY = "another push goes on just now"
COURSE_GROUP = re.compile("course-(.+)-teachers")
"""A group that each course has."""
AT_ONCE = 4
LONGEST_SECONDS = 300
STATES = {
    "delivered": "have it",
    "full": "home is full",
    "failed": "could not be copied",
    "none": "no home yet: it is made with their first start",
}


@dataclass(frozen=True, kw_only=True)
class Push:
    """What is pushed, to whom.

    :param files: the operator's files and folders.
    :param to: the folder in the home; empty: the home itself.
    """

    files: Sequence[Path]
    to: str
    people: Sequence[str]


def asked(files: str, group: str, person: str, to: str, answer: Answer, *, course: str = "") -> Push:
    """What an operator's words mean.

    :param course: whose members get them, whatever they are there.
    :raises HomeroomError: a file, group, person or course is not there.
    """
    try:
        names = shlex.split(files)
    except ValueError:
        raise HomeroomError("a quote is not closed", location="FILES", remedy="FILES='one.ipynb two.csv'") from None
    if not names:
        raise HomeroomError("which files?", location="FILES", remedy="make push FILES='sheet.ipynb data' GROUP=biology")
    if sum(map(bool, (group, person, course))) != 1:
        remedy = "Add one of GROUP=biology, COURSE=biology-1 and PERSON=ada."
        raise HomeroomError("to whom?", location="GROUP", remedy=remedy)
    if to:
        try:
            check_target(to)
        except ValueError as error:
            raise HomeroomError(f"TO {error}", location="TO", remedy="TO=week1 or TO=algorithms/week1") from None
    if group and group not in answer.members:
        remedy = did_you_mean(group, answer.members)
        raise HomeroomError(f"there is no group {quoted(group)}", location="GROUP", remedy=remedy)
    if person and person not in answer.people:
        remedy = did_you_mean(person, answer.people)
        raise HomeroomError(f"there is nobody called {quoted(person)}", location="PERSON", remedy=remedy)
    people = _of_course(course, answer) if course else sorted(answer.members[group]) if group else [person]
    return Push(files=[_file(name) for name in names], to=to, people=people)


def _of_course(course: str, answer: Answer) -> list[str]:
    """The members of a course who have been here. :raises HomeroomError: there is no such course."""
    groups = hub_groups(course)
    if not answer.members.keys() & groups:
        found = [COURSE_GROUP.fullmatch(group) for group in answer.members]
        remedy = did_you_mean(course, [one[1] for one in found if one])
        raise HomeroomError(f"there is no course {quoted(course)}", location="COURSE", remedy=remedy)
    return sorted({person for group in groups for person in answer.members.get(group, ())})


def _file(name: str) -> Path:
    path = Path(name).expanduser().absolute()
    if path.is_symlink():
        raise HomeroomError(f"{path} is a link", location="FILES", remedy=f"Name what it leads to: {path.resolve()}")
    if not (path.is_file() or path.is_dir()):
        there = "is neither file nor folder" if path.exists() else "is not there"
        beside = [one.name for one in path.parent.iterdir() if one != path] if path.parent.is_dir() else []
        remedy = did_you_mean(path.name, beside, "Name files and folders as seen from the deployment's directory.")
        raise HomeroomError(f"{path} {there}", location="FILES", remedy=remedy)
    return path


def lay(push: Push, to: Path, max_bytes: int) -> Size:
    """Copy what is pushed to where the containers see it, with its index.

    :raises HomeroomError: it cannot be handed out.
    """
    content = to / "content"
    content.mkdir(parents=True)
    for folder in (to, content):
        folder.chmod(0o755)
    files = size_bytes = 0
    for path in push.files:
        place = content / path.name
        if place.exists():
            remedy = "Push one of them, then the other."
            raise HomeroomError(f"two are called {quoted(path.name)}", location="FILES", remedy=remedy)
        left = max_bytes - size_bytes
        if path.is_dir():
            found = Tree(root=path.parent, inner=path.name, shown=str(path), max_bytes=left).copy(place)
        else:
            found = _lay_file(path, place, left)
        files, size_bytes = files + found.files, size_bytes + found.size_bytes
    revision = hash_of(content)
    row = {"name": f"push-{revision[:16]}", "to": push.to or ".", "revision": revision, "folder": content.name}
    (to / places.INDEX).write_text(json.dumps({"handouts": [row]}), encoding="utf-8")
    (to / places.INDEX).chmod(0o644)
    return Size(files=files, size_bytes=size_bytes)


def _lay_file(path: Path, place: Path, left_bytes: int) -> Size:
    size_bytes = path.stat().st_size
    if size_bytes > left_bytes:
        remedy = "Push less, or raise it in .env."
        raise HomeroomError("is larger than HANDOUT_MAX_SIZE", location=str(path), remedy=remedy)
    shutil.copyfile(path, place, follow_symlinks=False)
    place.chmod(0o755 if path.stat().st_mode & 0o111 else 0o644)
    return Size(files=1, size_bytes=size_bytes)


def hash_of(folder: Path) -> str:
    """The same for the same names and contents: what was pushed and deleted does not come back with the same push."""
    seen = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        seen.update(f"{str(path.relative_to(folder))!a}\n".encode())
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                seen.update(hashlib.file_digest(file, "sha256").digest())
    return seen.hexdigest()[:32]


def run(deployment: Deployment, push: Push, *, confirmed: bool) -> None:
    """Show what would be done; where it is confirmed, do it, and say how it went with each person. What a push that was
    killed has left goes first.

    :raises HomeroomError: another push goes on, or something cannot be pushed; nobody has anything of it then.
    """
    pushes = places.FOLDER / "push"
    pushes.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive(pushes, busy=BUSY):
        verb_container.end_left(deployment.client, deployment.project, SERVICE)
        for left in (*pushes.iterdir(), *places.FOLDER.glob("push-*")):
            shutil.rmtree(left, ignore_errors=True)
        _run(deployment, push, pushes / secrets.token_hex(4), confirmed=confirmed)


def _run(deployment: Deployment, push: Push, staging: Path, *, confirmed: bool) -> None:
    there = set(homes.owners(deployment.client, deployment.settings))
    ready = [person for person in push.people if person in there]
    try:
        size = lay(push, staging, deployment.settings.HANDOUT_MAX_SIZE)
        what = f"{counted(size.files, 'file')}, {in_units(size.size_bytes)}"
        where = quoted(push.to) if push.to else "the home itself"
        if not confirmed:
            note(f"{what} would come into {where} of {counted(len(ready), 'home')}: {_named(ready)}")
            _tell_homeless(push, there)
            note(f"Nothing is done yet. {'Add CONFIRM=1 to do it.' if ready else ''}".rstrip())
            return
        with step(f"Copying {what} into {counted(len(ready), 'home')}"), ThreadPoolExecutor(AT_ONCE) as pool:
            results = dict(zip(ready, pool.map(lambda one: deliver(deployment, staging, one), ready), strict=True))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    tell(results)
    if not push.people:
        note("Nobody who was ever here is among them.")
    _tell_homeless(push, there)


def deliver(deployment: Deployment, staging: Path, person: str) -> dict[str, Any]:
    """Copy it into one home; returns the result as `homeroom_lab.handouts.deliver` prints it."""
    settings = deployment.settings
    source = homes.source(settings, deployment.project, person)
    kind: Literal["bind", "volume"] = "bind" if settings.HOMES else "volume"
    container = None
    try:
        container = deployment.client.containers.create(
            f"{deployment.project}-hub:local",
            ["python", "-I", f"{PUSH}/deliver.py", f"{PUSH}/places", HOME],
            user=LAB_USER,
            mounts=[
                Mount(target=HOME, source=source, type=kind),
                Mount(target=f"{PUSH}/places/push", source=str(staging.resolve()), type="bind", read_only=True),
                Mount(target=f"{PUSH}/deliver.py", source=str(PROGRAM), type="bind", read_only=True),
            ],
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            mem_limit="256m",
            pids_limit=16,
            labels={DEPLOYMENT_LABEL: deployment.project, SERVICE_LABEL: SERVICE},
        )
        container.start()
        container.wait(timeout=LONGEST_SECONDS)
        said = container.logs(stdout=True, stderr=False).decode(errors="replace").strip()
        (result,) = json.loads(said.rpartition("\n")[2])
        return dict(result)
    except (docker.errors.DockerException, requests.RequestException, ValueError) as error:
        return {"state": "failed", "why": str(error).splitlines()[0][:200], "copied": 0, "kept": 0}
    finally:
        if container is not None:
            with suppress(docker.errors.DockerException):
                container.remove(force=True)


def tell(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Say how it went, by outcome."""
    for state, words in STATES.items():
        names = [person for person, result in results.items() if result["state"] == state]
        if names:
            note(f"{words}: {_named(names)}")
    kept = [person for person, result in results.items() if result["kept"]]
    if kept:
        note(f"had a file of that name, which stays as it is: {_named(kept)}")
    for person, result in results.items():
        if result["state"] == "failed":
            warn(f"{quoted(person)}: {quoted(str(result['why']))}")


def _tell_homeless(push: Push, there: set[str]) -> None:
    if missing := [person for person in push.people if person not in there]:
        note(f"{STATES['none']}: {_named(missing)}. Push again then, or make it a handout (docs/handouts.md).")


def _named(names: Sequence[str]) -> str:
    few = [quoted(name) for name in names[: delivery.SHOWN]]
    return (
        ", ".join(few) + (f" and {len(names) - len(few)} more" if len(names) > len(few) else "") if names else "nobody"
    )
