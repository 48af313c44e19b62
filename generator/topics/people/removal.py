"""`make user-remove`, `make user-restore` and `make purge-removed`: people leave, come back, and are forgotten."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import docker.errors

from generator.core import operator
from generator.core.console import counted, note, quoted, warn
from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.core.labels import DEPLOYMENT_LABEL, SERVER_LABEL, USER_LABEL
from generator.core.paths import RENDERED
from generator.engine import hub_module, verb_container
from generator.engine.deployment import Deployment
from generator.timers import steady
from generator.topics.courses import desk
from generator.topics.people import records
from generator.topics.storage import home_use, homes

MODULE = "homeroom.sign_in.leavers"
DAY_SECONDS = 86400
SHOWN = 20
LONGEST_WHY = 300


class NobodyCalled(HomeroomError):
    """The hub knows nobody of a name."""


def ask(deployment: Deployment, verb: str, **given: Any) -> dict[str, Any]:
    """Ask the hub for something about who leaves.

    :raises HomeroomError: it does not answer.
    """
    return hub_module.ask(deployment, MODULE, verb, about="about people who leave", given=json.dumps(given))


def require_name(name: str, verb: str) -> None:
    """See that somebody is named. :raises HomeroomError: nobody is."""
    if not name:
        raise HomeroomError("NAME is missing", location="NAME", remedy=f"Run `make {verb} NAME=ada`.")


def remove(deployment: Deployment, names: Sequence[str], why: str, *, now: bool = False) -> None:
    """Remove people, and say what became of it.

    :param now: their files go at once, too.
    :raises HomeroomError: nobody is removed: a name is unknown or an administrator's; or somebody's lab goes on.
    """
    if len(why) > LONGEST_WHY:
        raise HomeroomError(f"WHY is longer than {LONGEST_WHY} letters", location="WHY", remedy="Say it in fewer.")
    removed_at = steady.note().removed_at
    answer = ask(deployment, "remove", names=list(names), who=operator.name(), why=why, at=int(removed_at))
    if answer["unknown"]:
        one = answer["unknown"][0]
        raise NobodyCalled(
            f"there is nobody called {', '.join(map(quoted, answer['unknown']))}",
            location="NAME",
            remedy=did_you_mean(one, answer["known"], "`make people` lists everybody whom the hub knows."),
        )
    if answer["admins"]:
        raise HomeroomError(
            f"{', '.join(map(quoted, answer['admins']))}: an administrator; nobody was removed",
            location="NAME",
            remedy="Take that away first, on the page Admin or in site/people.yaml.",
        )
    if answer["shared"]:
        raise HomeroomError(
            f"{', '.join(map(quoted, answer['shared']))}: no person, but a lab that several enter; nobody was removed",
            location="NAME",
            remedy="Take the course out of site/courses.yaml first, and run `make up`.",
        )
    if answer["waiting"]:
        raise HomeroomError(
            f"{', '.join(map(quoted, answer['waiting']))}: locked out, but not all of their labs are gone yet",
            remedy="The hub goes on with it; `make status` shows the labs. Run this again to see it through.",
        )
    _tell_untold(answer)
    if now:
        purge(deployment, names)
        return
    fresh = [name for name in names if name not in answer["before"]]
    if not fresh:
        note(f"{_named(names)} was removed before." if len(names) == 1 else "They were removed before.")
        return
    last_day = until(removed_at, deployment.settings.RETENTION_DAYS)
    note(
        f"Removed {_named(fresh)}: sessions, tokens and labs are gone. The files are kept until {last_day}; until then "
        f"`make user-restore NAME={fresh[0]}` brings {'the person' if len(fresh) == 1 else 'a person'} back."
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(quoted, names[:SHOWN])) + more


def until(since: float, days: int) -> str:
    """Until which day files are kept that were set aside then."""
    return f"{datetime.fromtimestamp(since + days * DAY_SECONDS):%Y-%m-%d}"


def _tell_untold(answer: Mapping[str, Any]) -> None:
    if answer["untold"]:
        warn("The guard does not answer, so `make audit` does not show this yet; the hub tells it later.")


def restore(deployment: Deployment, name: str) -> None:
    """Bring back somebody who was removed.

    :raises HomeroomError: nobody of this name was, or the files are gone.
    """
    answer = ask(deployment, "restore", name=name, who=operator.name())
    if answer["state"] == "unknown":
        raise HomeroomError(
            f"nobody called {quoted(name)} was removed",
            location="NAME",
            remedy=did_you_mean(name, answer["removed"], f"`make account NAME={name}` makes an account."),
        )
    if answer["state"] == "purged":
        raise HomeroomError(
            f"the files of {quoted(name)} were removed for good, and with them what was kept of the account",
            location="NAME",
            remedy=f"`make account NAME={name}` makes a new account. `make backup` may have copies: docs/privacy.md.",
        )
    if answer["state"] == "going":
        raise HomeroomError(
            f"the files of {quoted(name)} are being removed for good, and some may be gone",
            location="NAME",
            remedy=f"`make purge-removed` sees that through; then `make account NAME={name}` makes a new account.",
        )
    if answer["waiting"]:
        raise HomeroomError(
            f"{quoted(name)} is not back yet: the hub does not carry it out",
            remedy="`make status` shows whether it is well; it goes on with it once it is.",
        )
    _tell_untold(answer)
    note(f"[bold]{quoted(name)}[/bold] is back, with files, groups and the password of before. Tokens are made anew.")


def due(removed: Iterable[Mapping[str, Any]], now: float, days: int) -> list[str]:
    """Whose files have been kept for long enough, or are half removed: that was cut off, and is carried on."""
    return [
        one["name"]
        for one in removed
        if not one["purged"] and one["mark"] != "leaving" and (one["going"] or now - one["at"] >= days * DAY_SECONDS)
    ]


def purge_due(deployment: Deployment, today: str = "") -> None:
    """Remove the files of those for good who were removed RETENTION_DAYS ago, and what of the log is older than
    AUDIT_DAYS. While the clock is not believed it only goes on with what was begun.

    :param today: the day that the operator says it is, in ISO 8601: then the clock is believed.
    :raises HomeroomError: it is another day by this machine's clock.
    """
    settings = deployment.settings
    doubt = steady.why_wait(today)
    removed = ask(deployment, "removed")["removed"]
    found = due([one for one in removed if one["going"] or not doubt], time.time(), settings.RETENTION_DAYS)
    if doubt:
        if found:
            purge(deployment, found)
        _tell_doubt(doubt, removed, settings.RETENTION_DAYS)
        return
    if found:
        purge(deployment, found)
    expired = int(records.ask(deployment, "expire", f"--days={settings.AUDIT_DAYS}"))
    kept = "" if not expired else f" {counted(expired, 'line')} of the log expired."
    if not found or kept:
        note(f"{'' if found else 'Nobody is due.'}{kept}".strip())


def _tell_doubt(doubt: str, removed: Sequence[Mapping[str, Any]], days: int) -> None:
    now = time.time()
    waiting = due([one for one in removed if not one["going"]], now, days)
    warn(
        f"Nothing is removed for good now, for this machine's clock may be wrong: {doubt}. It shows "
        f"{datetime.fromtimestamp(now):%Y-%m-%d %H:%M}, and by that the time of {counted(len(waiting), 'home')} would "
        "be over. "
        "Once it has gone on for a day, the next run goes by it; if it is right, "
        f"`make purge-removed TODAY={datetime.fromtimestamp(now):%Y-%m-%d}` says so."
    )


def purge(deployment: Deployment, names: Sequence[str]) -> None:
    """Remove people's files for good, then what the hub has of them. From the first moment on nobody of them can come
    back; who is back already is left alone.

    :raises HomeroomError: somebody's files cannot be removed; the others' are gone.
    """
    going = ask(deployment, "begin-purge", names=list(names))["going"]
    if back := [name for name in names if name not in going]:
        note(f"Left alone, for they come back just now: {_named(back)}.")
    gone, faults = [], []
    for name in going:
        try:
            remove_home(deployment, name)
            gone.append(name)
        except HomeroomError as error:
            faults.append(error)
    home_use.forget(RENDERED)
    if gone:
        with desk.open_for_a_verb(deployment):
            answer = ask(deployment, "purge", names=gone, who=operator.name())
        _tell_untold(answer)
        note(f"Removed for good: {_named(gone)}. Copies that were made before expire by themselves (docs/privacy.md).")
    raise_all(faults)


def remove_home(deployment: Deployment, name: str) -> None:
    """Remove somebody's home, and those of their exams; one that is not there is no fault. Where homes are directories
    now, the volume that it was before goes, too.

    :raises HomeroomError: it cannot be.
    """
    settings = deployment.settings
    if settings.HOMES:
        homes.run_verb(deployment.client, settings, "remove", homes.home_name(name))
    _remove_volume(deployment, name, homes.volume_prefix(deployment.project) + homes.home_name(name))
    labels = [f"{DEPLOYMENT_LABEL}={deployment.project}", f"{USER_LABEL}={name}", SERVER_LABEL]
    for volume in deployment.client.volumes.list(filters={"label": labels}):
        _remove_volume(deployment, name, str(volume.name))


def _remove_volume(deployment: Deployment, name: str, volume_name: str) -> None:
    """Remove a volume of somebody's. :raises HomeroomError: it cannot be."""
    try:
        volume = deployment.client.volumes.get(volume_name)
        labels = volume.attrs["Labels"] or {}
        if (labels.get(DEPLOYMENT_LABEL), labels.get(USER_LABEL)) != (deployment.project, name):
            raise HomeroomError(
                f"the volume {volume_name} is not labelled as {quoted(name)}'s, and was left alone",
                remedy="Look at it with `docker volume inspect`, and remove it by hand if it is.",
            )
        verb_container.let_go(deployment.client, deployment.project, volume_name)
        volume.remove()
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        raise HomeroomError(
            f"the home of {quoted(name)} cannot be removed: {error.explanation}",
            location=f"the volume {volume_name}",
            remedy=f"Remove what uses it (`docker ps -a --filter volume={volume_name}`), then `make purge-removed`.",
        ) from None
