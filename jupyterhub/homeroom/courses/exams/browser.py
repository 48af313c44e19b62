"""Exams that are written in Safe Exam Browser alone, with the settings that the exam names.

Safe Exam Browser says with each request that it has certain settings: the digest of the request's address and of the
key of these settings. https://safeexambrowser.org/developer/seb-config-key.html. Where its engine sends no headers of
its own, as on macOS and iOS, the page asks its program for the same digest, and the form has it.

It is looked at when somebody enters the exam. That browser is given a cookie, which no lab is sent, and from then on no
other gets the way into the lab from the hub, nor a token.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Collection
from typing import Any

from jupyterhub.utils import get_browser_protocol

from homeroom.contract.exam_labs import is_exam
from homeroom.exam_labs import exam_lab
from homeroom.exam_labs.exam_lab import ExamLab, Key
from homeroom.texts.refusal import Refusal

HEADERS = ("X-SafeExamBrowser-ConfigKeyHash", "X-SafeExamBrowser-RequestHash")
"""The first is of the settings alone, the second of the program, too: a key of an exam may be either."""
FIELD = "safe_exam_browser"
"""Of the form: the same, as the page was told, with a blank between."""
COOKIE = "homeroom-exam"
LONGEST_TOLD = 200
_entered: dict[Key, str] = {}
"""What the browser has in which somebody entered last. A hub that comes back knows of none: labs that are open stay so,
and who needs the way again presses *Enter the exam* again."""


def told_by(handler: Any) -> list[str]:
    """The digests that a request comes with."""
    said = [handler.request.headers.get(name, "") for name in HEADERS]
    said += handler.get_body_argument(FIELD, "")[:LONGEST_TOLD].split()
    return [each.lower() for each in said if each]


def digest(address: str, key: str) -> str:
    """What Safe Exam Browser says at an address, in the settings of this key."""
    return hashlib.sha256(f"{address}{key}".encode()).hexdigest()


def require(handler: Any, keys: Collection[str]) -> None:
    """See that a request comes from Safe Exam Browser with the settings of one of these keys.

    :raises Refusal: 403, from another browser, or with other settings.
    """
    said, request = told_by(handler), handler.request
    if not said:
        raise Refusal(403, "exams.wrong.browser")
    address = f"{get_browser_protocol(request)}://{request.host}{request.uri}"
    right = [digest(address, key) for key in keys]
    if not any(hmac.compare_digest(one.encode(), each.encode()) for one in said for each in right):
        handler.log.warning("Safe Exam Browser has other settings than the exam at %s asks for", address)
        raise Refusal(403, "exams.wrong.browser_settings")


def keep(handler: Any, lab: ExamLab) -> None:
    """Have this browser, and no other, get into a lab."""
    kept = secrets.token_hex(16)
    _entered[lab.person, lab.server] = hashlib.sha256(kept.encode()).hexdigest()
    handler._set_cookie(COOKIE, kept, path=handler.hub.base_url)


def check(handler: Any, person: str, server: str | None) -> None:
    """See that the exam that somebody sits is entered by the browser in which it was begun, and by no token; and that
    whoever sits one enters no other lab, whosever that is.

    :raises Refusal: 403, it would be otherwise.
    """
    now = time.time()
    if server is None:
        if exam_lab.sat_by(person, now) is not None:
            raise Refusal(403, "exams.wrong.token")
        return
    sat = exam_lab.sat_by(handler.current_user.name, now)
    if sat is not None and (person, server) != (sat.person, sat.server):
        raise Refusal(403, "exams.wrong.other_lab", title=sat.title)
    lab = exam_lab.of(person, server) if is_exam(server) else None
    if lab is None or not lab.browser_keys:
        return
    kept = handler.get_secure_cookie(COOKIE) or b""
    if not hmac.compare_digest(hashlib.sha256(kept).hexdigest(), _entered.get((person, server), "")):
        raise Refusal(403, "exams.wrong.other_browser")
