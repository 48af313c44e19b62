"""Stand-ins for providers of accounts, on loopback: GitHub and GitLab by the paths that a sign-in uses, and an OpenID
provider that lies on demand. Each counts who asks."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

Answer = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]
"""A status, what is said as JSON (None: nothing), and headers."""


@dataclass
class Asked:
    """A request: its path with what stands in it, its fields, and the token that it brings."""

    method: str
    path: str
    fields: dict[str, str]
    token: str


class _Server(ThreadingHTTPServer):
    """Python's, which keeps five callers waiting; a class that comes at once is more."""

    request_queue_size = 128
    daemon_threads = True


class Provider:
    """A provider on a port of its own. Subclasses answer in `answer`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.broken: dict[str, Answer] = {}
        """Answers by the beginning of a path, in place of the usual one."""
        self.pause: threading.Event | None = None
        """While it is there and not set, nobody gets an answer."""
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, asked: Asked) -> Answer:
        """What it says."""
        raise NotImplementedError

    def paths(self) -> list[str]:
        """The paths that were asked for."""
        return [asked.path for asked in self.asked]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                text = self.rfile.read(length).decode() if length else parts.query
                fields = {name: values[0] for name, values in parse_qs(text).items()}
                token = self.headers.get("Authorization", "").partition(" ")[2]
                asked = Asked(self.command, parts.path, fields, token)
                provider.asked.append(asked)
                if provider.pause is not None:
                    provider.pause.wait(60)
                broken = (reply for start, reply in provider.broken.items() if parts.path.startswith(start))
                self._say(next(broken, None) or provider.answer(asked))

            do_POST = do_GET

            def _say(self, answer: Answer) -> None:
                status, said, headers = (*answer, {})[:3]
                body = b"" if said is None else json.dumps(said).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler

    @contextmanager
    def running(self) -> Iterator[Any]:
        """Let it answer."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            if self.pause is not None:
                self.pause.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@dataclass
class Account:
    """Somebody at a provider."""

    id: int
    login: str
    member_of: set[str] = field(default_factory=set)


class Codes(Provider):
    """A provider that gives codes and tokens. Whoever comes is `who`."""

    def __init__(self) -> None:
        super().__init__()
        self.who = Account(1, "ada")
        self.tokens: dict[str, Account] = {}
        self.codes: dict[str, tuple[Account, dict[str, str]]] = {}
        self.secret = "the-right-client-secret"  # of a stand-in
        self.grants_refused = ""
        """What it says in place of tokens."""

    def _authorize(self, asked: Asked) -> Answer:
        code = secrets.token_hex(8)
        self.codes[code] = (self.who, asked.fields)
        query = urlencode({"code": code, "state": asked.fields["state"]})
        return 302, None, {"Location": f"{asked.fields['redirect_uri']}?{query}"}

    def _token(self, asked: Asked) -> dict[str, Any]:
        """A token, or an error as GitHub says it."""
        if self.grants_refused or asked.fields.get("client_secret") != self.secret:
            return {"error": self.grants_refused or "incorrect_client_credentials", "error_description": "no"}
        if asked.fields["grant_type"] == "refresh_token":
            who = self.tokens.pop(asked.fields["refresh_token"], None)
        else:
            who, began = self.codes.pop(asked.fields["code"], (None, {}))
            digest = hashlib.sha256(asked.fields.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if (began.get("redirect_uri"), began.get("code_challenge")) != (asked.fields["redirect_uri"], challenge):
                who = None
        if who is None:
            return {"error": "invalid_grant", "error_description": "used, or another's"}
        token, refresh = secrets.token_hex(8), secrets.token_hex(8)
        self.tokens |= {token: who, refresh: who}
        return {"access_token": token, "token_type": "bearer", "scope": "", "refresh_token": refresh}


class GitHub(Codes):
    """GitHub, by five paths. Organizations and teams are `org` and `org:team`."""

    def answer(self, asked: Asked) -> Answer:
        """What it says."""
        if asked.path == "/login/oauth/authorize":
            return self._authorize(asked)
        if asked.path == "/login/oauth/access_token":
            return 200, self._token(asked)
        who = self.tokens.get(asked.token)
        if who is None:
            return 401, {"message": "Bad credentials"}
        if asked.path == "/api/v3/user":
            return 200, {"id": who.id, "login": who.login, "name": who.login.title(), "email": None}
        steps = asked.path.removeprefix("/api/v3/orgs/").split("/")
        one = steps[0] if steps[1] == "members" else f"{steps[0]}:{steps[2]}"
        return (204, None) if one in who.member_of and steps[-1] == who.login else (404, {"message": "Not Found"})


class GitLab(Codes):
    """GitLab, by five paths. Groups are known by their full paths, projects by their numbers."""

    def answer(self, asked: Asked) -> Answer:
        """What it says."""
        if asked.path == "/oauth/authorize":
            return self._authorize(asked)
        if asked.path == "/oauth/token":
            found = self._token(asked)
            return (400 if "error" in found else 200), found
        who = self.tokens.get(asked.token)
        if who is None:
            return 401, {"error": "invalid_token"}
        if asked.path == "/api/v4/user":
            return 200, {"id": who.id, "username": who.login, "name": who.login.title(), "email": "a@uni.example"}
        steps = asked.path.removeprefix("/api/v4/").split("/")
        one = unquote(steps[1]) if steps[0] == "groups" else f"project:{steps[1]}"
        if one in who.member_of and steps[-1] == str(who.id):
            return 200, {"id": who.id, "access_level": 30}
        return 404, {"message": "404 Not found"}


def new_key() -> rsa.RSAPrivateKey:
    """A key to sign with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class LyingOpenID(Provider):
    """An OpenID provider whose ID tokens are as a test has them."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        super().__init__()
        self.key = key
        self.claims: dict[str, Any] = {}
        """What its tokens say otherwise; None leaves a claim out."""
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.document: dict[str, Any] = {}
        self.said: dict[str, Any] = {}
        """What it says where user information is asked for, besides `sub`."""
        self.nonces: dict[str, str] = {}
        self.refuses = ""

    def signed(self, claims: dict[str, Any], kid: str | None = "one", key: Any = None, alg: str = "RS256") -> str:
        """A token, signed as it should be."""
        return jwt.encode(claims, key or self.key, algorithm=alg, headers={"kid": kid} if kid else {})

    def public_keys(self) -> dict[str, Any]:
        """The keys that it publishes."""
        found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**found, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def claims_for(self, nonce: str, client_id: str = "homeroom") -> dict[str, Any]:
        """The claims of a token, as a test has them."""
        now = int(time.time())
        honest = {"iss": self.url, "sub": "ada-1", "aud": client_id, "iat": now, "exp": now + 600, "nonce": nonce}
        return {name: value for name, value in {**honest, **self.claims}.items() if value is not None}

    def answer(self, asked: Asked) -> Answer:
        """What it says."""
        if asked.path.endswith("/.well-known/openid-configuration"):
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "end_session_endpoint": f"{self.url}/bye",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                **self.document,
            }
        if asked.path == "/keys":
            return 200, self.public_keys()
        if asked.path == "/authorize":
            code = secrets.token_hex(8)
            self.nonces[code] = asked.fields["nonce"]
            query = urlencode({"code": code, "state": asked.fields["state"]})
            return 302, None, {"Location": f"{asked.fields['redirect_uri']}?{query}"}
        if asked.path == "/token":
            if self.refuses:
                return 400, {"error": self.refuses}
            nonce = self.nonces.pop(asked.fields.get("code", ""), "")
            token = self.sign(self.claims_for(nonce))
            return 200, {"access_token": "a", "token_type": "Bearer", "refresh_token": "r", "id_token": token}
        if asked.path == "/userinfo":
            return 200, {"sub": self.claims.get("sub", "ada-1"), **self.said}
        return 404, {}
