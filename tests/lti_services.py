"""What a learning platform of the tests' gives tools by itself: tokens, a gradebook (AGS) and the members of its course
(NRPS), with the manners of Moodle, Canvas and Open edX."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import jwt

AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
LINE_ITEM, SCORE = f"{AGS}scope/lineitem", f"{AGS}scope/score"
MEMBERS = f"{NRPS}scope/contextmembership.readonly"
SCOPES = (LINE_ITEM, f"{AGS}scope/lineitem.readonly", f"{AGS}scope/result.readonly", SCORE, MEMBERS)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Manners = Literal["moodle", "canvas", "openedx"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered; a body that is text goes out as it is."""

    status: int = 200
    body: Any = None
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Services:
    """They, at a platform's address.

    :param may_make_columns: whether tools make columns of their own.
    :param people: members by their ids; what is said of each is laid over a plain one.
    :param refused: whom the gradebook does not take grades for.
    :param fault: answers in place of the service, for a path; None: as it should be.
    :param tool_keys: the key set that signs the tool's assertions; None: they are not checked.
    """

    url: str
    manners: Manners = "moodle"
    may_make_columns: bool = True
    page_size: int = 50
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    fault: Callable[[str], Answer | None] = lambda _: None
    tool_keys: Callable[[], dict[str, Any]] | None = None
    columns: dict[int, dict[str, Any]] = field(default_factory=dict)
    scores: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    comments: int = 0
    unquoted_links: bool = True

    def claims(self) -> dict[str, Any]:
        """What a launch says of them."""
        scopes = [each for each in SCOPES if each != MEMBERS and (self.may_make_columns or each != LINE_ITEM)]
        endpoint: dict[str, Any] = {"scope": scopes, "lineitems": self.lineitems}
        if not self.may_make_columns:
            self.columns.setdefault(1, {"label": "Exercises", "scoreMaximum": 100})
            endpoint["lineitem"] = self.lineitem(1)
        members = {"context_memberships_url": f"{self.url}/members/12", "service_versions": ["2.0"]}
        return {f"{AGS}claim/endpoint": endpoint, f"{NRPS}claim/namesroleservice": members}

    @property
    def query(self) -> str:
        """What the platform has behind the addresses of its gradebook."""
        return "?type_id=3" if self.manners == "moodle" else ""

    @property
    def lineitems(self) -> str:
        """Where the columns are."""
        return f"{self.url}/lineitems{self.query}"

    def lineitem(self, number: int) -> str:
        """Where one column is."""
        return f"{self.url}/lineitems/{number}/lineitem{self.query}"

    def given(self, label: str) -> dict[str, float | None]:
        """The grades of a column, by people."""
        (number,) = (number for number, each in self.columns.items() if each["label"] == label)
        return {
            who: score.get("scoreGiven") if score["gradingProgress"] == "FullyGraded" else None
            for (where, who), score in self.scores.items()
            if where == number
        }

    def answer(self, method: str, address: str, headers: Any, body: bytes) -> Answer:
        """Answer one request."""
        path = urlsplit(address).path
        self.asked.append((method, path))
        found = self.fault(path)
        if found is not None:
            return found
        if path == "/token":
            return self._token(body)
        scopes = self.tokens.get(str(headers.get("Authorization", "")).removeprefix("Bearer "))
        if scopes is None:
            return Answer(status=401, body={"error": "invalid_token"})
        if path == "/lineitems":
            return self._line_items(method, scopes, address, headers, body)
        if matched := re.fullmatch(r"/lineitems/(\d+)/lineitem/scores", path):
            return self._score(method, scopes, address, int(matched[1]), headers, json.loads(body))
        if matched := re.fullmatch(r"/lineitems/(\d+)/lineitem", path):
            found_column = self.columns.get(int(matched[1]))
            return Answer(body=found_column) if found_column else Answer(status=404)
        if path == "/members/12" and MEMBERS in scopes:
            return self._members(address)
        return Answer(status=403, body={"error": "not in the token's scope, or not here"})

    def _token(self, body: bytes) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        claims = jwt.decode(asked["client_assertion"], options={"verify_signature": False})
        if self.tool_keys is not None:
            kid = jwt.get_unverified_header(asked["client_assertion"])["kid"]
            (key,) = (each for each in self.tool_keys()["keys"] if each["kid"] == kid)
            claims = jwt.decode(
                asked["client_assertion"], jwt.PyJWK(key).key, algorithms=["RS256"], audience=f"{self.url}/token"
            )
        right = (
            asked["grant_type"] == "client_credentials"
            and asked["client_assertion_type"] == ASSERTION
            and claims["iss"] == claims["sub"]
            and claims["aud"] == f"{self.url}/token"
            and 0 < claims["exp"] - time.time() <= 300
            and claims["jti"]
        )
        if not right:
            return Answer(status=400, body={"error": "invalid_client"})
        granted = set(asked["scope"].split()) & set(SCOPES)
        made = secrets.token_hex(16)
        self.tokens[made] = granted
        return Answer(
            body={"access_token": made, "token_type": "Bearer", "expires_in": 3600, "scope": " ".join(sorted(granted))}
        )

    def _line_items(self, method: str, scopes: set[str], address: str, headers: Any, body: bytes) -> Answer:
        if LINE_ITEM not in scopes:
            return Answer(status=403, body={"error": "no scope for line items"})
        if method == "GET":
            listed = [{**each, "id": self.lineitem(number)} for number, each in sorted(self.columns.items())]
            return self._page(address, listed, "application/vnd.ims.lis.v2.lineitemcontainer+json")
        if headers.get("Content-Type") != "application/vnd.ims.lis.v2.lineitem+json":
            return Answer(status=415)
        if not self.may_make_columns:
            return Answer(status=403 if self.manners == "moodle" else 405)
        made = json.loads(body)
        whole = self.manners != "openedx" or isinstance(made.get("scoreMaximum"), int)
        if not made.get("label") or not made.get("scoreMaximum") or made["scoreMaximum"] <= 0 or not whole:
            return Answer(status=400, body={"error": "label and scoreMaximum are needed"})
        number = len(self.columns) + 1
        self.columns[number] = made
        return Answer(status=201, body={**made, "id": self.lineitem(number)})

    def _score(
        self, method: str, scopes: set[str], address: str, number: int, headers: Any, score: dict[str, Any]
    ) -> Answer:
        if method != "POST" or SCORE not in scopes or number not in self.columns:
            return Answer(status=404)
        if headers.get("Content-Type") != "application/vnd.ims.lis.v1.score+json":
            return Answer(status=415)
        if self.manners == "moodle" and parse_qs(urlsplit(address).query).get("type_id") != ["3"]:
            return Answer(status=400, body={"error": "type_id is missing"})
        who, at = str(score["userId"]), datetime.fromisoformat(score["timestamp"])
        if at.tzinfo is None or not score["scoreMaximum"] > 0:
            return Answer(status=400, body={"error": "timestamp without a zone, or no maximum"})
        if who in self.refused or (who not in self.people and self.manners != "openedx"):
            return Answer(status=422 if self.manners == "canvas" else 400, body={"error": f"no student {who}"})
        before = self.scores.get((number, who))
        if before is not None:
            then = datetime.fromisoformat(before["timestamp"])
            older = at.replace(microsecond=0) <= then.replace(microsecond=0) if self.manners == "moodle" else at <= then
            if older:
                return Answer(status=409 if self.manners == "moodle" else 400, body={"error": "older than the last"})
        if self.manners == "canvas":
            self.comments += bool(score.get("comment"))
            if score.get("https://canvas.instructure.com/lti/submission", {}).get("new_submission") is not False:
                return Answer(status=400, body={"error": "the test wants no new attempt"})
        self.scores[(number, who)] = score
        return Answer(status=204 if self.manners == "openedx" else 200, body={})

    def _members(self, address: str) -> Answer:
        listed = [
            {
                "user_id": who,
                "name": f"Person {who}",
                "status": "Active",
                "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
                **said,
            }
            for who, said in self.people.items()
        ]
        kind = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
        page = self._page(address, listed, kind)
        body = {"id": address, "context": {"id": "12"}, "members": page.body}
        return Answer(body=body, kind=kind, headers=page.headers)

    def _page(self, address: str, listed: list[Any], kind: str) -> Answer:
        begin = int(parse_qs(urlsplit(address).query).get("from", ["0"])[0])
        shown = listed[begin : begin + self.page_size]
        headers = {}
        if begin + self.page_size < len(listed):
            base = f"{self.url}{urlsplit(address).path}"
            rel = "next" if self.unquoted_links else '"next"'
            headers["Link"] = f"<{base}?from={begin + self.page_size}>; rel={rel}"
        return Answer(body=shown, kind=kind, headers=headers)
