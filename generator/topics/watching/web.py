"""Web addresses that are told something: the webhook of a chat, a topic of ntfy, and one that is merely asked."""

from __future__ import annotations

import base64
import html
import http
import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from generator.core.errors import HomeroomError
from generator.core.no_redirect import NoRedirect
from generator.schema.settings import Settings
from generator.topics.watching.deadline import within
from generator.topics.watching.message import Message, one_line

STEP_SECONDS = 15
WHOLE_SECONDS = 60
LONGEST_ANSWER_BYTES = 300


def post(settings: Settings, message: Message) -> str:
    """Post a message to ALERT_WEBHOOK; returns what came back.

    :raises HomeroomError: it was not taken.
    """
    url, body = form(settings, message)
    return _ask("ALERT_WEBHOOK", url, json.dumps(body).encode())


def ask(name: str, url: str) -> str:
    """Ask for an address; returns what came back.

    :param name: the setting that holds it.
    :raises HomeroomError: it did not answer, or with an error.
    """
    return _ask(name, url, None)


def form(settings: Settings, message: Message) -> tuple[str, dict[str, Any]]:
    """Where a message is posted, and as what. Lines stand in a block of code: there nobody is called by `@all`, and no
    picture of an address elsewhere is shown."""
    url = settings.ALERT_WEBHOOK
    if settings.ALERT_WEBHOOK_KIND == "ntfy":
        parts = urlsplit(url)
        place, _, topic = parts.path.rstrip("/").rpartition("/")
        body = {"topic": topic, "title": message.title, "message": message.text}
        return urlunsplit(parts._replace(path=f"{place}/")), body
    title, text = (part.replace("`", "'").replace("@", "@\u200b") for part in (message.title, message.text))
    if settings.ALERT_WEBHOOK_KIND == "slack":
        title, text = (html.escape(part, quote=False) for part in (title, text))  # `<!channel>` would call everybody
    return url, {"text": f"`{title}`\n```\n{text}\n```"}


def _ask(name: str, url: str, body: bytes | None) -> str:
    try:
        return within(WHOLE_SECONDS, lambda: _call(url, body))
    except urllib.error.HTTPError as answer:
        kind, remedy = _meaning(answer.code)
        cause = f"{_host(url)} {kind}: {answer.code} {one_line(str(answer.reason))[:100]}"
        raise HomeroomError(cause, location=f".env: {name}", remedy=remedy) from None
    except (OSError, http.client.HTTPException, ValueError) as failure:
        raise _refusal(name, url, failure) from None


def _meaning(code: int) -> tuple[str, str]:
    """What an answer that is no success means, and what to do."""
    if 300 <= code < 400:
        return "leads elsewhere", "Set the address that it leads to."
    if code == http.HTTPStatus.TOO_MANY_REQUESTS or code >= 500:
        return "cannot take it now", "It is tried again by itself; see to that server if it lasts."
    return "refuses it", "Make a new address there."


def _call(url: str, body: bytes | None) -> str:
    # What is told goes to the address that is set, and to no other.
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=ssl.create_default_context()), NoRedirect()
    )
    parts = urlsplit(url)
    plain_url = urlunsplit(parts._replace(netloc=_host(url)))
    request = urllib.request.Request(plain_url, data=body)  # noqa: S310  # the settings take only http and https
    if parts.username is not None:
        request.add_header("Authorization", _credentials(parts.username, parts.password or ""))
    if body is not None:
        request.add_header("Content-Type", "application/json")
    request.add_header("User-Agent", "homeroom")
    with opener.open(request, timeout=STEP_SECONDS) as answer:
        said = answer.read(LONGEST_ANSWER_BYTES).decode(errors="replace")
        words = f": {one_line(said)[:100]}" if said.strip() and body is not None else ""
        return f"{_host(url)} answered {answer.status}{words}"


def _credentials(user: str, password: str) -> str:
    """Of an address such as `https://user:password@host/` or, with a token, `https://:token@host/`."""
    if not user:
        return f"Bearer {unquote(password)}"
    return f"Basic {base64.b64encode(f'{unquote(user)}:{unquote(password)}'.encode()).decode()}"


def _refusal(name: str, url: str, failure: Exception) -> HomeroomError:
    """What kept it from answering, in words. The address itself is a secret: only its host is named."""
    reason = failure.reason if isinstance(failure, urllib.error.URLError) else failure
    host = _host(url)
    match reason:
        case ssl.SSLCertVerificationError():
            cause = f"the certificate of {host} is not trusted: {one_line(reason.verify_message)}"
            remedy = "Set the name in its certificate; an authority of yours is trusted by `update-ca-certificates`."
        case ssl.SSLError():
            cause, remedy = f"{host} does not speak TLS", "Write http:// where it has none."
        case TimeoutError():
            cause, remedy = f"{host} does not answer in time", "See to the network, its proxy (HTTPS_PROXY), firewalls."
        case ConnectionRefusedError():
            cause, remedy = f"{host} refuses the connection", "See to host and port, and whether it runs."
        case socket.gaierror():
            cause, remedy = f"the name of {host} is not known", "See to its spelling, and to the DNS."
        case _:
            words = getattr(reason, "strerror", None) or type(reason).__name__
            cause, remedy = f"{host} cannot be reached: {one_line(str(words))}", "See to the address and the network."
    return HomeroomError(cause, location=f".env: {name}", remedy=remedy)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
