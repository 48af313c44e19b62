"""A learning platform of the tests' own: keys, login, launches, registration, with the manners of Moodle, Canvas and
Open edX."""

from __future__ import annotations

import html
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from jwcrypto import jwk

from tests.lti_services import Answer, Services

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
CLIENT_ID = "homeroom-at-school"
DEPLOYMENT_ID = "1"
ISSUER = "https://moodle.example"
SERVICES = ("/token", "/lineitems", "/members")
"""Where tools ask by themselves."""
MOODLE = {
    "name": "moodle",
    "issuer": ISSUER,
    "client_id": CLIENT_ID,
    "authorize_url": f"{ISSUER}/auth",
    "jwks_url": f"{ISSUER}/jwks",
    "deployment_ids": [DEPLOYMENT_ID],
}
"""A platform as `site/lti.yaml` describes one."""


def new_key(kid: str, algorithm: str = "RS256") -> jwk.JWK:
    """A key pair of a platform's."""
    return jwk.JWK.generate(kty="RSA", size=2048, kid=kid, alg=algorithm, use="sig")


_free_keys: list[jwk.JWK] = []
"""Those of platforms that are gone: a key takes as long to make as a launch."""


def token(key: jwk.JWK, claims: dict[str, Any], algorithm: str = "RS256", kid: str | None = None) -> str:
    """A token with these claims, signed."""
    return jwt.encode(claims, key.get_op_key("sign"), algorithm, headers={"kid": key["kid"] if kid is None else kid})


@dataclass(kw_only=True)
class Person:
    """Somebody at the platform."""

    sub: str
    given_name: str = "Ada"
    family_name: str = "Lovelace"
    email: str = "ada@school.example"
    roles: list[str] = field(default_factory=lambda: [f"{MEMBERSHIP}#Learner"])


def claims_of(issuer: str, nonce: str, person: Person, /, **more: Any) -> dict[str, Any]:
    """The claims of a launch, as Moodle makes them; `more` is laid over them, and None takes a claim away."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": CLIENT_ID,
        "sub": person.sub,
        "nonce": nonce,
        "iat": now,
        "exp": now + 60,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": f"{person.given_name} {person.family_name}",
        "email": person.email,
        CLAIM + "version": "1.3.0",
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "deployment_id": DEPLOYMENT_ID,
        CLAIM + "target_link_uri": "https://hub.example/hub/",
        CLAIM + "roles": person.roles,
        CLAIM + "context": {"id": "12", "label": "BIO1", "title": "Biology", "type": ["CourseSection"]},
        CLAIM + "resource_link": {"id": "7", "title": "Exercises"},
        CLAIM + "launch_presentation": {"locale": "de", "document_target": "window"},
        CLAIM + "ext": {"user_username": person.email.partition("@")[0], "lms": "moodle-2"},
        **more,
    }
    return {name: value for name, value in claims.items() if value is not None}


def canvas_manners(person: Person) -> dict[str, Any]:
    """What Canvas does otherwise: long ids, an assistant who is an instructor besides, `azp`, an hour of life."""
    return {
        "azp": CLIENT_ID,
        "exp": int(time.time()) + 3600,
        CLAIM + "deployment_id": "1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb",
        CLAIM + "context": {"id": "4dde05e8ca1973bcca9bffc13e1548820eee93a3", "label": "BIO", "title": "Biology"},
        CLAIM + "ext": None,
        CLAIM + "custom": {"username": person.email},
        CLAIM + "launch_presentation": {"locale": "en-GB", "document_target": "iframe"},
        "https://purl.imsglobal.org/spec/lti/claim/lti1p1": {"user_id": person.sub},
    }


def edx_manners(person: Person) -> dict[str, Any]:
    """What Open edX does otherwise: a course's key as its id, several audiences, a name of its own, and no e-mail."""
    return {
        "aud": [CLIENT_ID],
        "exp": int(time.time()) + 300,
        "preferred_username": person.email.partition("@")[0],
        "email": None,
        "given_name": None,
        "family_name": None,
        CLAIM + "ext": None,
        CLAIM + "launch_presentation": None,
        CLAIM + "context": {"id": "course-v1:School+BIO1+2026", "type": ["CourseOffering"], "title": "Biology"},
    }


@dataclass(frozen=True, kw_only=True)
class Website:
    """A name and a certificate, by which a platform is a website of its own.

    :param context: TLS as it speaks it.
    :param address: a further one of this machine's at which it listens, for the hub's container.
    """

    name: str
    context: ssl.SSLContext
    address: str


class LearningPlatform:
    """A platform on this machine: `http://127.0.0.1:PORT`, or a website of its own.

    :param person: who is signed in at it.
    :param asks: whether people have to sign in at the platform before a launch goes on.
    :param delay: waits before the keys are given, for a key server that hangs.
    """

    def __init__(self, website: Website | None = None) -> None:
        self.person = Person(sub="2")
        self.key = _free_keys.pop() if _free_keys else new_key("first")
        self.keys = [self.key]
        self.more: dict[str, Any] = {}
        self.asks = False
        self.delay: Callable[[], object] = lambda: None
        self.key_requests = 0
        self.registered: list[dict[str, Any]] = []
        self.answers: list[str] = []
        self.pages: dict[str, str] = {}
        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler())]
        port = self.servers[0].server_port
        self.url = f"http://127.0.0.1:{port}"
        if website is not None:
            self.url = f"https://{website.name}:{port}"
            self.servers.append(ThreadingHTTPServer((website.address, port), self._handler()))
            for each in self.servers:  # each connection shakes hands in its own thread
                each.socket = website.context.wrap_socket(each.socket, server_side=True, do_handshake_on_connect=False)
        for each in self.servers:
            each.daemon_threads = True
        self.services = Services(self.url)

    def values(self, name: str = "school", **more: Any) -> dict[str, Any]:
        """The platform as the hub is told of it."""
        return {
            "name": name,
            "issuer": self.url,
            "client_id": CLIENT_ID,
            "authorize_url": f"{self.url}/auth",
            "jwks_url": f"{self.url}/jwks",
            "token_url": f"{self.url}/token",
            "deployment_ids": [DEPLOYMENT_ID],
            **more,
        }

    def login(self, **more: str) -> dict[str, str]:
        """What a login request of the platform's says."""
        return {
            "iss": self.url,
            "client_id": CLIENT_ID,
            "lti_deployment_id": DEPLOYMENT_ID,
            "login_hint": self.person.sub,
            "lti_message_hint": "7",
            "target_link_uri": "https://hub.example/hub/",
            **more,
        }

    def launch(self, login: dict[str, str], **more: Any) -> dict[str, str]:
        """The form with which the platform answers a login that came to it."""
        claims = claims_of(self.url, login["nonce"], self.person, **{**self.more, **more})
        return {"state": login["state"], "id_token": token(self.key, claims)}

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [key.export_public(as_dict=True) for key in self.keys]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Nothing is written."""

            def do_GET(self) -> None:
                path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
                if path == "/jwks":
                    platform.key_requests += 1
                    platform.delay()
                    self.answer(json.dumps(platform.jwks()), "application/json")
                elif path == "/auth":
                    self.answer(_form(query["redirect_uri"], platform.launch(query), asks=platform.asks))
                elif path == "/.well-known/openid-configuration":
                    self.answer(json.dumps(platform.configuration()), "application/json")
                elif path in platform.pages:
                    self.answer(platform.pages[path])
                elif path.startswith(SERVICES):
                    self.serve(b"")
                else:
                    self.answer("not here", status=404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if self.path == "/register":
                    asked = json.loads(body)
                    platform.registered.append({**asked, "authorization": self.headers.get("Authorization")})
                    tool = "https://purl.imsglobal.org/spec/lti-tool-configuration"
                    given = {**asked, "client_id": CLIENT_ID, tool: {**asked[tool], "deployment_id": DEPLOYMENT_ID}}
                    self.answer(json.dumps(given), "application/json")
                elif self.path.startswith(SERVICES):
                    self.serve(body)
                else:
                    platform.answers.append(dict(parse_qsl(body.decode())).get("JWT", ""))
                    self.answer("<title>Course</title><h1>The link is kept</h1>")

            def serve(self, body: bytes) -> None:
                found: Answer = platform.services.answer(self.command, self.path, self.headers, body)
                given = found.body if isinstance(found.body, bytes) else json.dumps(found.body).encode()
                self.send(given, found.kind, found.status, found.headers)

            def answer(self, text: str, kind: str = "text/html", status: int = 200) -> None:
                self.send(text.encode(), kind, status, {})

            def send(self, body: bytes, kind: str, status: int, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def configuration(self) -> dict[str, Any]:
        """What the platform says of itself, for those who register."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "registration_endpoint": f"{self.url}/register",
            "id_token_signing_alg_values_supported": ["RS256"],
        }


def _form(address: str, fields: dict[str, str], *, asks: bool) -> str:
    """A page that sends a form by itself, as platforms do; with `asks` once somebody presses its button."""
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(v)}">' for name, v in fields.items())
    sent = "<script>document.forms[0].submit()</script>"
    form = f'<form action="{html.escape(address)}" method="post">{inputs}<button>Sign in at the school</button></form>'
    return form if asks else form + sent


def login_link(hub: str, login: dict[str, str]) -> str:
    """The address with which a platform begins a launch."""
    return f"{hub}hub/lti13/oauth_login?{urlencode(login)}"


def login_page(hub: str, login: dict[str, str], target: str = "_self") -> str:
    """A course's page with a button that begins a launch."""
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(v)}">' for name, v in login.items())
    return (
        f'<title>Course</title><h1>Biology</h1><form action="{hub}hub/lti13/oauth_login" method="post" '
        f'target="{target}">{inputs}<button>Open the exercises</button></form><iframe name="frame"></iframe>'
    )


@contextmanager
def learning_platform(website: Website | None = None) -> Iterator[LearningPlatform]:
    """A platform, for as long as it is needed."""
    made = LearningPlatform(website)
    key = made.key
    threads = [threading.Thread(target=each.serve_forever, args=(0.005,), daemon=True) for each in made.servers]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for server, thread in zip(made.servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
        _free_keys.append(key)


def state() -> str:
    """A state as hubs make them."""
    return secrets.token_hex(32)
