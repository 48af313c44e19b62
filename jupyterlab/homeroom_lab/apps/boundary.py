"""What passes between a browser and an application in a lab, as rules of plain data.

The application is its owner's, the browser may be a visitor's, and another website may be open in it. So requests have
to come from here, the visitor's cookies and token for the lab stay behind, and answers set nothing beyond the
application's own path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OF_THE_LAB = ("jupyterhub-", "__Host-jupyterhub-", "__Secure-jupyterhub-", "username-")
"""How the names of the hub's and the server's own cookies begin."""
XSRF = "_xsrf"
"""A cookie that the lab has, and any application that is written with Tornado as well."""
DROPPED = frozenset(
    {
        # About the whole address, the hub and all labs with it, or to other websites.
        "alt-svc",
        "clear-site-data",
        "nel",
        "origin-agent-cluster",
        "public-key-pins",
        "report-to",
        "reporting-endpoints",
        "service-worker-allowed",
        "strict-transport-security",
        # About one connection.
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What no answer of an application passes on."""
FRAMES = "frame-ancestors 'self'"
"""No other website shows an application in a frame; a notebook here may."""


def is_from_here(method: str, headers: Mapping[str, str], *, host: str, with_token: bool) -> bool:
    """Whether a request comes from a page of this address, or from no page.

    Another website's links are followed; nothing else of it is. Without TLS browsers tell less of a request, so there
    `Origin` and `Referer` decide.

    :param headers: their names in any case, as Tornado has them.
    :param host: the address that was asked for.
    :param with_token: it brings a token for the lab, which no other website has.
    """
    site, mode = headers.get("Sec-Fetch-Site"), headers.get("Sec-Fetch-Mode")
    if site:
        followed = method in READING and mode == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
        return site in ("same-origin", "none") or followed
    origin = headers.get("Origin")
    if origin:
        return named_host(origin) == host
    if method in READING or with_token:
        return True
    return named_host(headers.get("Referer", "")) == host


def named_host(address: str) -> str | None:
    """The host that an address names, with its port; empty where it names none, None where it is no address."""
    try:
        return urlsplit(address).netloc
    except ValueError:  # such as `http://[`
        return None


def is_opened(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a user has opened or reloaded a page of an application: all of its traffic that counts as use, since a
    page that is merely open asks for more by itself."""
    if headers.get("Upgrade", "").lower() == "websocket":
        return False
    if "Sec-Fetch-Mode" in headers:
        return headers["Sec-Fetch-Mode"] == "navigate" and headers.get("Sec-Fetch-User") == "?1"
    return method == "GET" and headers.get("Upgrade-Insecure-Requests") == "1"


def without_token(address: str) -> str:
    """An address, or a query with its question mark, without `token` in it."""
    head, mark, query = address.partition("?")
    left = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "token"]
    return address if "token" not in query else head + (mark + urlencode(left) if left else "")


def own_cookies(cookies: str) -> str:
    """Of a `Cookie` header what is the application's. Browsers put the most specific path first: the last `_xsrf` is
    the lab's."""
    pairs = [pair.strip() for pair in cookies.split(";")]
    names = [pair.partition("=")[0] for pair in pairs]
    of_the_lab = {at for at, name in enumerate(names) if not name or name.startswith(OF_THE_LAB)}
    if XSRF in names:
        of_the_lab.add(len(names) - 1 - names[::-1].index(XSRF))
    return "; ".join(pair for at, pair in enumerate(pairs) if at not in of_the_lab)


def scoped_cookie(cookie: str, path: str) -> str | None:
    """A `Set-Cookie` header that reaches no further than the application's path; None: it cannot be one."""
    pair, *attributes = [part.strip() for part in cookie.split(";")]
    name = pair.partition("=")[0].strip()
    if not name or name.startswith((*OF_THE_LAB, "__Host-")):
        return None
    kept, own_path = [], path
    for attribute in attributes:
        key, _, value = attribute.partition("=")
        if key.strip().lower() == "path":
            own_path = value.strip() if value.strip().startswith(path) else path
        elif key.strip().lower() != "domain":
            kept.append(attribute)
    return "; ".join([pair, f"Path={own_path}", *kept])


def passed_headers(headers: Iterable[tuple[str, str]], path: str) -> Iterator[tuple[str, str]]:
    """The headers of an answer that may be passed on.

    :param path: the application's, from the address's root, with a slash at its end.
    """
    for name, value in headers:
        lower = name.lower()
        if lower == "set-cookie":
            scoped = scoped_cookie(value, path)
            if scoped:
                yield name, scoped
        elif lower not in DROPPED and not lower.startswith("access-control-"):
            yield name, value
    yield "Content-Security-Policy", FRAMES
