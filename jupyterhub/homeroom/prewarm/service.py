"""Starts the labs of a class before its lesson: `python -m homeroom.prewarm.service VERB`.

`serve` is the hub's service: it keeps `site/schedule.yaml`. `run` is `make prewarm`, in the hub's container; it ends
with its standard input, so that nothing is begun for an operator who has gone. `next` is a part of `make status`. Both
answer in lines of JSON. What is begun, for whom and when is the hub's decision (`homeroom.prewarm.prewarmer`).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import logging
import os
import select
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homeroom.contract import sockets
from homeroom.contract.by_socket import BySocket
from homeroom.prewarm import lessons
from homeroom.prewarm.lessons import Due, Lesson

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LESSONS = Path("/srv/jupyterhub/lessons.json")
SERVICE = "prewarm"
STEP_SECONDS = 0.25
LOOK_SECONDS = 20.0
RETRY_SECONDS = 5.0
AWAY_SECONDS = 60.0
"""How long `run` waits for a hub that is restarting."""
TOKEN_SECONDS = 3600

log = logging.getLogger("prewarm")


class HubRefuses(Exception):
    """The hub does not do what it is asked for; with its words."""


class HubAway(HubRefuses):
    """The hub does not answer, for now."""


def step(base_url: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask the hub for one step; returns how far the labs are, or what is `unknown` and what is `known` instead.

    :raises HubRefuses: no such answer.
    """
    connection = BySocket(str(sockets.HUB / "hub.sock"), "hub", timeout=60)
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", f"{base_url}hub/homeroom/prewarm", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise HubAway(f"the hub does not answer: {error}") from error
    finally:
        connection.close()
    with contextlib.suppress(ValueError):
        values = json.loads(text)
        if answer.status == 200 or "unknown" in values:
            return dict(values)
        raise HubRefuses(f"the hub refuses: {values.get('message', answer.reason)}")
    raise HubAway(f"the hub answers {answer.status} {answer.reason}")


def is_done(progress: dict[str, Any]) -> bool:
    """Whether nothing is left to begin or to wait for."""
    return not progress["starting"] and not progress["waiting"]


def body_of(due: Due) -> dict[str, Any]:
    """The request for a lesson's labs."""
    at = due.begin.timestamp()
    return {
        "groups": list(due.lesson.groups),
        "profile": due.lesson.profile,
        "lesson_at": at,
        "keep_until": at + due.lesson.keep_seconds,
    }


def in_words(progress: dict[str, Any]) -> str:
    """How far the labs are, for the log."""
    left = {**progress["skipped"], **{name: f"failed: {why}" for name, why in progress["failed"].items()}}
    words = [f"{progress['prewarmed']} prewarmed"]
    words += [f"{progress['waiting']} wait for capacity"] if progress["full"] else []
    words += [f"{len(left)} without: " + ", ".join(f"{name} {why}" for name, why in left.items())] if left else []
    return "; ".join(words)


def serve(known: list[Lesson], base_url: str, token: str) -> None:
    """Start each lesson's labs in its time; never returns."""
    done: set[tuple[Lesson, datetime]] = set()
    while True:
        pause = LOOK_SECONDS
        for one in lessons.due(known, datetime.now(UTC)):
            key = (one.lesson, one.begin)
            if key in done:
                continue
            try:
                progress = step(base_url, token, body_of(one))
            except HubRefuses as error:
                log.warning("%s: %s", one.lesson.name, error)
                pause = RETRY_SECONDS
                continue
            if "unknown" in progress:
                log.error("%s: there is no group %s", one.lesson.name, progress["unknown"])
                done.add(key)
            elif is_done(progress):
                log.info("%s at %s: %s", one.lesson.name, one.begin.isoformat(), in_words(progress))
                done.add(key)
            else:
                pause = min(pause, RETRY_SECONDS if progress["full"] else STEP_SECONDS)
        ahead = [begin.timestamp() for lesson in known if (begin := lesson.labs_from(datetime.now(UTC)))]
        time.sleep(max(STEP_SECONDS, min([pause, *(at - time.time() for at in ahead if at > time.time())])))


def run(base_url: str, token: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """How far the labs are, step by step, until all that can be begun has been.

    :raises HubRefuses: the hub refuses, or stays away.
    """
    last_answer = time.monotonic()
    while True:
        try:
            progress = step(base_url, token, body)
        except HubAway:
            if time.monotonic() - last_answer > AWAY_SECONDS:
                raise
            time.sleep(1)
            continue
        last_answer = time.monotonic()
        yield progress
        if "unknown" in progress or is_done(progress) or (progress["full"] and not progress["starting"]):
            return
        if select.select([sys.stdin], [], [], STEP_SECONDS)[0] and not sys.stdin.read(1):
            return


def open_session() -> Session:
    """A session on the hub's database beside the hub, which waits for the hub's own writes instead of failing."""
    import sqlalchemy
    from sqlalchemy.orm import Session

    from homeroom.contract.database import DATABASE, LOCK_SECONDS

    return Session(sqlalchemy.create_engine(f"sqlite:///{DATABASE}", connect_args={"timeout": LOCK_SECONDS}))


def upcoming(known: list[Lesson]) -> dict[str, Any]:
    """The next lesson, and how many labs wait for their people; from the database beside the running hub."""
    from jupyterhub.orm import APIToken, Spawner

    from homeroom.culling.culling import LabState

    now = datetime.now(UTC)
    due = lessons.upcoming(known, now)
    with open_session() as session:
        opened = {client for (client,) in session.query(APIToken.client_id).distinct()}
        running = session.query(Spawner).filter(Spawner.server_id.is_not(None))
        facts = [(lab.oauth_client_id, LabState.from_state(lab.state or {})) for lab in running]
    prewarmed = sum(one is not None and one.prewarmed and client not in opened for client, one in facts)
    if due is None:
        return {"prewarmed": prewarmed, "lesson": None}
    lesson = due.lesson
    start = due.begin.timestamp() - lesson.lead_seconds
    local = {"begin": due.begin, "labs_from": datetime.fromtimestamp(start, UTC)}
    times = {name: at.astimezone(lesson.zone).isoformat(timespec="minutes") for name, at in local.items()}
    return {"prewarmed": prewarmed, "lesson": {"name": lesson.name, "groups": list(lesson.groups), **times}}


def own_token() -> str:
    """A token with the service's rights, which the hub forgets when its time is over.

    It must not be removed here: its number would be given to the next one, which the hub would then take for this one.
    """
    from jupyterhub.orm import Service

    with open_session() as session:
        service = Service.find(session, SERVICE)
        if service is None:
            raise HubRefuses(f"the hub has no service {SERVICE}")
        return str(service.new_api_token(note="make prewarm", expires_in=TOKEN_SECONDS))


def main(arguments: list[str]) -> int:
    """Carry out one verb; 1 where the hub is away, with its words on standard error."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.prewarm.service")
    parser.add_argument("verb", choices=["serve", "run", "next"])
    parser.add_argument("group", nargs="?", default="")
    parser.add_argument("--profile", default="")
    parser.add_argument("--keep-minutes", type=int, default=60)
    given = parser.parse_args(arguments)
    logging.basicConfig(format="[prewarm] %(message)s")
    log.setLevel(logging.INFO)
    values = json.loads(LESSONS.read_text(encoding="utf-8"))
    if given.verb == "next":
        print(json.dumps(upcoming(lessons.parsed(values))))
        return 0
    if given.verb == "serve":
        serve(lessons.parsed(values), values["base_url"], os.environ["JUPYTERHUB_API_TOKEN"])
    now = time.time()
    body = {"groups": [given.group], "profile": given.profile}
    body |= {"lesson_at": now, "keep_until": now + 60 * given.keep_minutes}
    try:
        for progress in run(values["base_url"], own_token(), body):
            print(json.dumps(progress), flush=True)
    except HubRefuses as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
