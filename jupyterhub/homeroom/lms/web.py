"""Requests to a learning platform: bounded in time and size, to addresses that are a platform's and nobody else's."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from homeroom.lms.connection import Platform
from homeroom.lms.fault import LMSFault

SECONDS = 30.0
LARGEST_BYTES = 8 << 20
LONGEST_ADDRESS = 2000
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""Between tries, when a platform says later, or nothing."""
LONGEST_PAUSE_SECONDS = 60.0
LATER = {408, 425, 429, 500, 502, 503, 504}
NEXT = re.compile(r"<([^>]*)>\s*((?:;[^,<]*)*)")
REL_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"[^\"]*\bnext\b[^\"]*\"|next)(?:\s|;|$)", re.IGNORECASE)
SHOWN = 200

log = logging.getLogger("homeroom.lms")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a platform answered."""

    status: int
    text: str
    body: Any
    next_page: str
    """Where the list goes on; empty: it does not."""


class OwnHosts(AbstractResolver):
    """Addresses of names: those of the platform's configuration may be anywhere, all others in the open network alone.
    What a launch says leads to no service of this network's."""

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts
        self._system = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """:raises LMSFault: it is a name of a private network's. :raises OSError: there is no such name."""
        found = await self._system.resolve(host, port, family)
        if host not in self._hosts and not all(is_public(each["host"]) for each in found):
            raise LMSFault("closed", f"{host} is in a private network, and not in the platform's configuration")
        return found

    async def close(self) -> None:
        """Nothing is open."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open network's."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


def require_own(address: str, platform: Platform) -> None:
    """See that an address is one that this platform may name.

    :raises LMSFault: it is not.
    """
    parts = _split(address)
    host = parts.hostname or "" if parts else ""
    if parts is None or not host or len(address) > LONGEST_ADDRESS or parts.username is not None:
        raise LMSFault("nonsense", f"{address[:SHOWN]!r} is no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in platform.hosts):
        raise LMSFault("closed", f"{address[:SHOWN]} is no https:// address")
    is_number = bool(re.fullmatch(r"[0-9.]+|[0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*", host))
    if host not in platform.hosts and is_number and not is_public(host):
        raise LMSFault("closed", f"{host} is in a private network, and not in the platform's configuration")


def _split(address: str) -> Any:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


class Web:
    """Asks one platform, request by request: never two at once.

    :param sleep: waits so many seconds.
    """

    def __init__(self, platform: Platform, sleep: Sleep = asyncio.sleep) -> None:
        self.platform = platform
        self._sleep = sleep
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Web:
        context = ssl.create_default_context()
        if self.platform.certificate:
            try:
                context.load_verify_locations(cadata=self.platform.certificate)
            except (ssl.SSLError, ValueError) as error:
                raise LMSFault("missing", f"ca_file of {self.platform.name} is no certificate: {error}") from None
        connector = aiohttp.TCPConnector(
            ssl=context, resolver=OwnHosts(self.platform.hosts), limit=1, force_close=False, use_dns_cache=False
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding",),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request, tried again a few times where the platform says later.

        :raises LMSFault: `away`, it says later each time or nothing; `closed`, the address is not the platform's;
            `nonsense`, its answer is too large.
        """
        require_own(address, self.platform)
        said = ""
        for pause in (*PAUSES_SECONDS, None):
            try:
                answer, after = await self._once(method, address, headers, body)
                if not says_later(answer):
                    return answer
                said = f"{answer.status} {answer.text[:SHOWN]}".strip()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                said, after = _why(error), 0.0
            if pause is None:
                break
            log.info("%s: asked again: %s", self.platform.name, said)
            await self._sleep(min(LONGEST_PAUSE_SECONDS, max(after, pause)))
        raise LMSFault("away", f"{self.platform.name} does not answer as it should: {said}")

    async def _once(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Answer, float]:
        if self._session is None:
            raise RuntimeError("not open")
        async with self._session.request(
            method, address, headers={**headers, "Accept-Encoding": "identity"}, data=body, allow_redirects=False
        ) as found:
            given = await _bounded(found.content)
            text = given.decode("utf-8", errors="replace")
            after = found.headers.get("Retry-After", "")
            answer = Answer(
                status=found.status, text=text, body=_json(given), next_page=next_page(address, found.headers)
            )
            return answer, float(after) if re.fullmatch(r"[0-9]{1,4}", after) else 0.0


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """What comes. :raises LMSFault: it is too much; no more of it is read."""
    pieces, size_bytes = [], 0
    async for piece in content.iter_chunked(1 << 16):
        size_bytes += len(piece)
        if size_bytes > LARGEST_BYTES:
            raise LMSFault("nonsense", f"the answer is larger than {LARGEST_BYTES >> 20} MiB")
        pieces.append(piece)
    return b"".join(pieces)


def _json(given: bytes) -> Any:
    """What stands there; None where it is no JSON in UTF-8."""
    try:
        return json.loads(given.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def says_later(answer: Answer) -> bool:
    """Whether it is worth asking again: too many requests, which Canvas says by 403, or a fault of the platform's."""
    return answer.status in LATER or (answer.status == 403 and "rate limit" in answer.text[:SHOWN].lower())


def next_page(address: str, headers: Any) -> str:
    """Where a list goes on, by its Link headers, with and without quotes; empty: it does not."""
    for line in headers.getall("Link", ()):
        for target, parameters in NEXT.findall(line):
            if REL_NEXT.search(parameters):
                return str(urljoin(address, target))
    return ""


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came within {SECONDS:.0f} seconds"
    return str(error) or type(error).__name__
