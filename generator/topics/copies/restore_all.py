"""`make restore ALL=<deployment>`: everything of a copy onto a deployment that holds nothing yet."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import docker.errors

from generator.core.atomic import write_atomically
from generator.core.console import counted, note, quoted, step
from generator.core.errors import HomeroomError, raise_all
from generator.core.labels import DEPLOYMENT_LABEL, USER_LABEL
from generator.core.lock import exclusive
from generator.core.paths import ENV_FILE, ROOT, SITE
from generator.engine import kept
from generator.engine.deployment import Deployment
from generator.schema import env_file
from generator.topics.copies import copier, room, secrets, stones, target
from generator.topics.copies.backup import BUSY
from generator.topics.copies.copier import Copier
from generator.topics.copies.reach import sign_in
from generator.topics.copies.refusals import refusal
from generator.topics.copies.restore import CAPABILITIES, Copy, chosen, known_copies, require_password
from generator.topics.copies.sources import EXAMS, HOMES, MADE, SHARES, STATE, Source
from generator.topics.people import records
from generator.topics.storage import homes, storage

VOLUMES = f"{STATE}/volumes"
NEW_ENV, NEW_SITE = ROOT / ".env.restoring", ROOT / ".site.restoring"
SITE_PLACE = "/restore/site"
NOTE = "restoring.json"
SHOWN = 5


Fit = Callable[[Copier, Copy, Mapping[str, Any]], Mapping[str, Any]]
"""Is given the copy that was chosen, once its `.env` and `site/` lie beside those that are there, and what it says of
itself; returns what is to come back."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What came back.

    :param copy: of which copy.
    :param same: how many files and folders are as they were.
    :param removed: the people who were removed since.
    :param aside: under which names is kept what lay there, in words.
    """

    copy: Copy
    homes: int
    same: int
    removed: tuple[str, ...]
    aside: str


def restore_all(deployment: Deployment, named: str, wanted: str) -> None:
    """Bring everything back: homes, shares, accounts, keys, `.env` and `site/`; the last two that were there are kept
    under other names. One that was cut off goes on where it was.

    :param named: the deployment's name, by which the operator says that this one is meant.
    :param wanted: a copy's name or a day; empty: the newest.
    :raises HomeroomError: this deployment holds something, or what came back is not as it was.
    """
    target.of(deployment.settings, ROOT)
    require_password()
    if named != deployment.project:
        raise HomeroomError(
            f"ALL={named} is not this deployment, which is {deployment.project}",
            location="ALL",
            remedy="Copies are found by COMPOSE_PROJECT_NAME: set it in .env to the name that the copies are of.",
        )
    came = bring_everything(deployment, named, wanted)
    gone = came.removed
    still = f" {', '.join(map(quoted, gone[:SHOWN]))} stay removed." if gone else ""
    note(
        f"{counted(came.homes, 'home')} and all else are as they were at {came.copy.words}. `make up` brings the "
        f"deployment up.{still}{came.aside}"
    )


def as_it_was(here: Copier, copy: Copy, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Everything of a copy, under the names that it had."""
    return manifest


def bring_everything(deployment: Deployment, of: str, wanted: str, *, fit: Fit = as_it_was) -> Brought:
    """Bring everything of a copy into a deployment that holds nothing yet, and compare it.

    :param of: whose copies: the name of a deployment.
    :param wanted: a copy's name or a day; empty: the newest.
    :param fit: may change what is brought back, and the settings that were laid out.
    :raises HomeroomError: this deployment holds something, there is no room, or what came back is not as it was.
    """
    place = target.of(deployment.settings, ROOT)
    begun, known = secrets.FOLDER / NOTE, begun_with()
    if not known:
        require_empty(deployment)
    copier.ensure_image(deployment)
    with exclusive(secrets.FOLDER, busy=BUSY):
        copier.remove_leftovers(deployment)  # one that was killed may have left a container that holds volumes
        shutil.rmtree(NEW_SITE, ignore_errors=True)
        NEW_SITE.mkdir()
        site = Source(host=str(NEW_SITE), inside=SITE_PLACE, read_only=False)
        with (
            step(f"Reading settings and site/ at {place.address}") as shown,
            copier.opened(deployment, place, [site], capabilities=CAPABILITIES, reads_only=True) as here,
        ):
            sign_in(here)
            copies = known_copies(here, of)
            copy = chosen(copies, wanted or known)
            require_same(copy, known)
            manifest = fit(here, copy, read_settings(here, copy, operator(deployment)))
            shown.say(copy.words)
        keep_engine(NEW_ENV, deployment.settings.ENGINE_SOCKET)
        settings = env_file.load(NEW_ENV)
        raise_all(list(homes.homes_faults(settings, ROOT)))
        there = replace(deployment, settings=settings)
        if not known:
            room.require(there, copy)
        parts = [*sources_of(there, manifest, NEW_SITE), stones.place(there)]
        write_atomically(begun, json.dumps({"copy": copy.name}) + "\n", mode=0o600)
        with (
            step("Bringing back homes, shares and accounts, and comparing them") as shown,
            copier.opened(deployment, place, parts, capabilities=CAPABILITIES, reads_only=True, lays_out=True) as here,
        ):
            stood = stones.keep(here, copies[0].name)
            result = bring(here, copy, manifest)
            purged = list(stones.purged_since(stood, copy.made_at))
            exams = [inside for inside, of in manifest.get("exams", {}).items() if of[USER_LABEL] in purged]
            stones.clear_homes(here, purged, exams)
            shown.say(f"{result['same']} files and folders")
        stones.remove_volumes(there, purged, exams)
        aside = put_in_place(copy.made_at)  # last: one that is cut off is typed again with this machine's own settings
        begun.unlink()
    if place.address != settings.BACKUP_TO:
        aside += f" Copies go to {quoted(settings.BACKUP_TO)} from now on, as on the old machine: BACKUP_TO in .env."
    gone = tuple(stones.removed_since(stood, copy.made_at))
    return Brought(copy=copy, homes=result["homes"], same=result["same"], removed=gone, aside=aside)


def begun_with() -> str:
    """The name of the copy that a run which was cut off has begun to bring back; empty where there is none."""
    begun = secrets.FOLDER / NOTE
    return str(json.loads(begun.read_text(encoding="utf-8"))["copy"]) if begun.exists() else ""


def require_same(copy: Copy, known: str) -> None:
    """See that no two copies are mixed.

    :param known: the copy that was begun with; empty: none was.
    :raises HomeroomError: this is another one.
    """
    if known and copy.name != known:
        raise HomeroomError(
            f"the copy {known} has come back in part, and this is {copy.name}",
            location="COPY",
            remedy=f"Run it with COPY={known}, or without COPY: it goes on from there.",
        )


def keep_engine(env: Path, socket: str) -> None:
    """Have the settings of the copy name this machine's engine, which may be another one than the old machine had."""
    if socket != env_file.load(env).ENGINE_SOCKET:
        lines = [line for line in env.read_text(encoding="utf-8").splitlines() if not line.startswith("ENGINE_SOCKET=")]
        text = "\n".join([*lines, env_file.written("ENGINE_SOCKET", socket), ""])
        write_atomically(env, text, mode=0o600)


def require_empty(deployment: Deployment) -> None:
    """See that nothing is there that could be overwritten.

    :raises HomeroomError: something is.
    """
    people = homes.owners(deployment.client, deployment.settings)
    names = [f"{deployment.project}_{row.volume}" for row in kept.EVERYWHERE]
    there = [*(f"the home of {one}" for one in people), *(f"the volume {one}" for one in names if has(deployment, one))]
    if there:
        more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
        raise HomeroomError(
            f"{deployment.project} holds something already: {', '.join(there[:SHOWN])}{more}",
            location="ALL",
            remedy="All comes back only where nothing is: before the first `make up`, or once these were removed by "
            "hand. For single people: `make restore NAME=ada`.",
        )


def has(deployment: Deployment, volume: str) -> bool:
    """Whether a volume is there."""
    try:
        deployment.client.volumes.get(volume)
    except docker.errors.NotFound:
        return False
    return True


def operator(deployment: Deployment) -> str:
    """Who runs this command, as containers of the engine know them: `uid:gid`."""
    return "0:0" if deployment.engine.rootless else f"{os.getuid()}:{os.getgid()}"


def read_settings(here: Copier, copy: Copy, owner: str) -> Mapping[str, Any]:
    """Lay the copy's `.env` and `site/` out beside those that are there; what the copy says of itself.

    :param owner: to whom they belong, `uid:gid`: who had them on the old machine may be somebody else on this one.
    :raises HomeroomError: they cannot be read.
    """
    env = here.restic("dump", "--quiet", copy.name, f"{STATE}/env")
    made = here.restic("dump", "--quiet", copy.name, f"{MADE}/manifest.json")
    laid = here.restic("restore", "--quiet", "--verify", f"--target={SITE_PLACE}", f"{copy.name}:{STATE}/site")
    given = here.run("chown", "--recursive", "--no-dereference", owner, SITE_PLACE)
    for done in (env, made, laid, given):
        if done.returncode:
            raise refusal(done, here.target, doing="reading the settings of the copy", into=str(ROOT))
    write_atomically(NEW_ENV, env.stdout, mode=0o600)
    found: Mapping[str, Any] = json.loads(made.stdout)
    return found


def sources_of(deployment: Deployment, manifest: Mapping[str, Any], site: Path) -> Iterator[Source]:
    """Where each part of a copy comes to; volumes that are not there are made, as Compose and the hub make them.

    :raises HomeroomError: a directory that is shared is not there.
    """
    shares = {one.share.name: one.source for one in storage.load(deployment.settings, site, ROOT).shared}
    label = {DEPLOYMENT_LABEL: deployment.project}
    for inside in manifest["parts"]:
        top, _, name = str(inside).rpartition("/")
        if inside == HOMES:
            yield Source(host=deployment.settings.HOMES, inside=HOMES, read_only=False)
        elif top == HOMES:
            labels = {**label, USER_LABEL: homes.person_of(name)}
            yield _made(deployment, homes.volume_prefix(deployment.project) + name, inside, labels)
        elif top == EXAMS:
            of = manifest["exams"][inside]
            yield _made(deployment, homes.exam_prefix(deployment.project) + name, inside, {**label, **of})
        elif top == SHARES and name in shares and not shares[name].startswith("/"):
            yield _made(deployment, shares[name], inside, {**label, storage.SHARE_LABEL: name})
        elif top == SHARES and name in shares:
            yield Source(host=shares[name], inside=inside, read_only=False)
        elif top == VOLUMES and name != records.VOLUME:
            compose = {"com.docker.compose.project": deployment.project, "com.docker.compose.volume": name}
            yield _made(deployment, f"{deployment.project}_{name}", inside, compose)


def _made(deployment: Deployment, volume: str, inside: str, labels: Mapping[str, str]) -> Source:
    if not has(deployment, volume):
        deployment.client.volumes.create(volume, labels=dict(labels))
    return Source(host=volume, inside=inside, read_only=False)


def put_in_place(made_at: datetime) -> str:
    """Put `.env` and `site/` of the copy in their places; what lay there is kept beside them. Returns that in words."""
    kept_as = []
    for old, new in ((ENV_FILE, NEW_ENV), (SITE, NEW_SITE)):
        aside = old.with_name(f"{old.name}.before-restore-{made_at:%Y%m%d%H%M%S}")
        if old.exists() and not aside.exists():  # else a run that was cut off has kept it, and this is the copy's
            old.rename(aside)
        if aside.exists():
            kept_as.append(aside.name)
        shutil.rmtree(old, ignore_errors=True)
        new.rename(old)
    return f" What was here is kept as {' and '.join(kept_as)}." if kept_as else ""


def bring(here: Copier, copy: Copy, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Have everything laid into its volumes and compared.

    :raises HomeroomError: it could not be, or something is not as it was.
    """
    done = here.run(
        *("python3", "-m", "homeroom_copies.bring_all", copy.name, *manifest["databases"], "--", *here.options)
    )
    if done.returncode:
        raise refusal(done, here.target, doing="bringing everything back", into="the engine's disk, or HOMES")
    result: Mapping[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    if result["wrong"]:
        raise HomeroomError(
            f"{result['wrong']} files or folders are not as they were: {'; '.join(result['first'])}",
            location=here.target.address,
            remedy="Make room if a disk is full, and run it again: it goes on from here.",
        )
    return result
