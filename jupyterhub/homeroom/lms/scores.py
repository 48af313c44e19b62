"""One person's grade in one column of a platform's gradebook (AGS scores)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from homeroom.lms.tokens import Tokens
from homeroom.lms.web import SHOWN, Web

KIND = "application/vnd.ims.lis.v1.score+json"
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
OLDER = ("older", "earlier", "outdated", "out of date")
"""What platforms say, in one or another way, that have a newer grade already."""

Result = Literal["sent", "refused"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A grade.

    :param user_id: as launches say it (`sub`).
    :param points: None: there is none any more.
    """

    user_id: str
    points: float | None
    maximum: float


def scores_address(column: str) -> str:
    """Where a column takes grades: `/scores` stands before what its address asks for."""
    parts = urlsplit(column)
    return parts._replace(path=f"{parts.path.rstrip('/')}/scores", fragment="").geturl()


def body_of(score: Score, at: datetime, *, for_canvas: bool) -> dict[str, Any]:
    """What is sent. Only a finished grade is a grade to all platforms: anything less takes it away."""
    body: dict[str, Any] = {
        "userId": score.user_id,
        "timestamp": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "scoreMaximum": _plain(score.maximum),
    }
    if score.points is None:
        body |= {"activityProgress": "Initialized", "gradingProgress": "NotReady"}
    else:
        body |= {
            "scoreGiven": _plain(score.points),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
        }
    if for_canvas:
        body[CANVAS_SUBMISSION] = {"new_submission": False}
    return body


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else round(number, 6)


async def send(web: Web, tokens: Tokens, column: str, score: Score) -> tuple[Result, str]:
    """Send a grade; returns what came of it, and what the platform said against it.

    What it has already, or something newer, it need not take.

    :raises LMSFault: the platform is away, or does not let this hub in: others' grades would fare no better.
    """
    body = json.dumps(body_of(score, datetime.now(UTC), for_canvas=web.platform.is_canvas)).encode()
    answer = await tokens.ask(web, "POST", scores_address(column), {"Content-Type": KIND}, body)
    if 200 <= answer.status < 300:
        return "sent", ""
    said = f"{answer.status} {answer.text[:SHOWN]}".strip()
    if answer.status == 409 or (answer.status == 400 and any(word in answer.text.lower() for word in OLDER)):
        return "sent", said
    return "refused", said
