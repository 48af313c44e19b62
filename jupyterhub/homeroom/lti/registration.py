"""A platform sets up both sides by one address (1EdTech's LTI Dynamic Registration): it opens the address, the hub asks
the platform what it is, and registers there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyterhub.handlers.base import BaseHandler
from tornado.httpclient import HTTPError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from homeroom.hub.loopback import is_loopback
from homeroom.lti import registered
from homeroom.lti.claims import mapping, text
from homeroom.sign_in.way import Refused
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say

LARGEST_ANSWER_BYTES = 2**18
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
ADDRESSES = {"authorize_url": "authorization_endpoint", "jwks_url": "jwks_uri"}


@dataclass(frozen=True, kw_only=True)
class Registered:
    """What came of a registration.

    :param values: the platform's, as `homeroom.lti.platform.Platform` has them, without its name.
    :param deployment_id: where in the platform this hub is now; empty where it did not say.
    """

    values: dict[str, Any]
    deployment_id: str


def is_safe(address: str) -> bool:
    """Whether an address is one of a web server over TLS, or on this machine, where nobody listens in between."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def platform_of(configuration: object, asked: str) -> dict[str, Any]:
    """What a platform says of itself, checked.

    :param asked: the address that it was read from: a platform speaks for itself alone.
    :raises Refused: something is missing, or it speaks for somebody else.
    """
    issuer = text(configuration, "issuer")
    found = {ours: text(configuration, theirs) for ours, theirs in ADDRESSES.items()}
    endpoint = text(configuration, "registration_endpoint")
    for name, value in {"issuer": issuer, **found, "registration_endpoint": endpoint}.items():
        if not is_safe(value):
            raise _refused(f"{name} is {value!r}, which is no https:// address")
    if urlsplit(issuer).hostname != urlsplit(asked).hostname:
        raise _refused(f"{asked} speaks for another issuer: {issuer}")
    offered = configuration.get("id_token_signing_alg_values_supported") if isinstance(configuration, dict) else None
    algorithms = [each for each in ALGORITHMS if isinstance(offered, list) and each in offered] or ["RS256"]
    token_url = text(configuration, "token_endpoint")
    if is_safe(token_url):
        found["token_url"] = token_url
    return {"issuer": issuer, **found, "algorithms": algorithms, "registration_endpoint": endpoint}


def _refused(detail: str) -> Refused:
    return Refused("registration", say("lti.no_registration"), detail=detail)


async def register(configuration_url: str, token: str, asked_for: dict[str, Any], *, seconds: float) -> Registered:
    """Ask a platform what it is, and register there.

    :param token: the platform's, for this registration.
    :param asked_for: what this hub says of itself.
    :param seconds: for how long each answer is waited for.
    :raises Refused: the platform does not answer as it should, with what it said.
    """
    if not is_safe(configuration_url):
        raise _refused(f"openid_configuration is {configuration_url!r}, which is no https:// address")
    found = platform_of(await _ask(HTTPRequest(configuration_url), seconds), configuration_url)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    endpoint = found.pop("registration_endpoint")
    request = HTTPRequest(endpoint, method="POST", headers=headers, body=json.dumps(asked_for))
    answer = await _ask(request, seconds)
    client_id = text(answer, "client_id")
    if not client_id:
        raise _refused("the platform gave no client_id")
    return Registered(
        values={**found, "client_id": client_id}, deployment_id=text(mapping(answer, TOOL), "deployment_id")
    )


async def _ask(request: HTTPRequest, seconds: float) -> object:
    request.connect_timeout = request.request_timeout = seconds
    request.follow_redirects = False
    client = SimpleAsyncHTTPClient(force_instance=True, max_body_size=LARGEST_ANSWER_BYTES)
    try:
        answer = await client.fetch(request)
        return json.loads(answer.body)
    except HTTPError as error:
        said = error.response.body[:300].decode(errors="replace") if error.response and error.response.body else ""
        raise _refused(f"{request.url} answers {error.code} {error.message}: {said}") from None
    except (OSError, ValueError) as error:
        raise _refused(f"{request.url}: {error}") from None
    finally:
        client.close()


class RegistrationPage(BaseHandler):
    """The address that `make lti-register` prints, with its token. The platform opens it, often in a frame."""

    way: ClassVar[Any]  # the `LTIWay` that it is a page of

    async def get(self) -> None:
        """Register, and say what came of it.

        :raises HTTPError: 403, the token is none, was used or is too old.
        """
        invitation = registered.take_invitation(self.db, self.get_argument("token", ""))
        if invitation is None:
            self.log.warning("Refused a registration: its token is none of ours, was used, or is too old")
            raise Refusal(403, "lti.no_invitation")
        name, fault = str(invitation.name), ""
        try:
            if any(each["name"] == name for each in (*self.way.platforms, *self.way.consumers)):
                raise _refused(f"site/lti.yaml has a platform {name}: take it out, or register under another name")
            found = await register(
                self.get_argument("openid_configuration", ""),
                self.get_argument("registration_token", ""),
                self.way.registration(),
                seconds=self.way.fetch_seconds,
            )
            registered.keep(self.db, name, found.values, found.deployment_id)
            self.db.commit()
            self.log.info("Registered the platform %s: %s", name, found.values["issuer"])
        except Refused as refused:
            registered.give_back(self.db, invitation)
            self.log.warning("A registration came to nothing: %s", refused.detail)
            fault = refused.detail
        self.set_header("Content-Security-Policy", "frame-ancestors *")
        self.set_header("Referrer-Policy", "no-referrer")  # the address holds the token
        self.set_header("Cache-Control", "no-store")
        self.set_status(400 if fault else 200)
        self.finish(await self.render_template("lti-registered.html", platform=name, fault=fault))
