"""What the edge serves, and what the proxy and the hub are told of the names that people come by."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from generator.core.errors import HomeroomError
from generator.rendering.context import Context, Rendered
from generator.rendering.template import render as filled
from generator.schema.settings import Settings

CADDYFILE, NAMES, ACME_ROOT = "edge/Caddyfile", "edge/names", "edge/acme-root.pem"
PROXY_HOSTS = "proxy.json"
FILES = dict.fromkeys((CADDYFILE, NAMES, ACME_ROOT, PROXY_HOSTS), "")
"""What it may write. Nobody reads these at a start alone: edge and proxy take up what changes."""
AUTHORITY_PATH = "/homeroom-ca.crt"
"""Where people get the certificate of our own authority, with TLS=internal."""
ASK_ADDRESS = "127.0.0.1:8099"
"""Where the edge asks the hub, by itself, for whom a certificate may be had."""
TEMPLATE = Path(__file__).with_name("Caddyfile.j2")
USUAL_PORT = 443


def render(context: Context) -> Rendered:
    """The edge's configuration where there is one, and under which names the proxy finds what."""
    settings = context.settings
    files = {PROXY_HOSTS: proxy_hosts(settings)}
    if settings.has_edge:
        known = [host for host in hosts(settings) if not (settings.issues_on_demand and host.startswith("*"))]
        files |= {CADDYFILE: caddyfile(settings), NAMES: "".join(f"{host}\n" for host in known)}
        if settings.TLS == "acme" and settings.ACME_ROOT:
            files[ACME_ROOT] = read_root(Path(settings.ACME_ROOT))
    return Rendered(
        hub={
            "hub_url": origin(settings.public_url),
            "labs_host": settings.labs_host,
            "labs_apart": settings.SUBDOMAINS == "on",
            "secure": settings.TLS != "off",
            "on_demand": settings.issues_on_demand,
        },
        files=files,
    )


def hosts(settings: Settings) -> list[str]:
    """The names that certificates are for, the hub's first; a wildcard stands for those of users' labs."""
    labs = f"*.{settings.labs_host}" if settings.SUBDOMAINS == "on" else settings.labs_host
    return [host for host in (settings.HUB_HOST, labs) if host]


def origin(url: str) -> str:
    """An address without its path; empty for none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if url else ""


def proxy_hosts(settings: Settings) -> str:
    """The text of `proxy.json`."""
    known = {
        "hub": origin(settings.public_url),
        "labs": origin(settings.labs_url),
        "apart": settings.SUBDOMAINS == "on",
        "https": settings.has_edge,
    }
    return json.dumps(known, indent=2) + "\n"


def caddyfile(settings: Settings) -> str:
    """The text of the Caddyfile: every value of a setting in it has a form that cannot be read as anything else."""
    names = [f"[{host}]" if ":" in host else host for host in hosts(settings)]
    sites = [f"https://{name}" for name in names]
    values = {
        "mode": settings.TLS,
        "default_sni": settings.HUB_HOST,
        "hosts": names,
        "sites": [[each] for each in sites] if settings.issues_on_demand else [sites],
        "base_url": settings.BASE_URL,
        "on_demand": settings.issues_on_demand,
        "ask_address": ASK_ADDRESS,
        "port": "" if settings.HTTPS_PORT == USUAL_PORT else f":{settings.HTTPS_PORT}",
        "authority_path": AUTHORITY_PATH,
        "acme_directory": settings.ACME_DIRECTORY,
        "acme_email": settings.ACME_EMAIL,
        "acme_root": f"/srv/jupyterhub/{ACME_ROOT}" if settings.ACME_ROOT else "",
    }
    return filled(TEMPLATE, values)


def read_root(path: Path) -> str:
    """The certificate by which an ACME directory is known.

    :raises HomeroomError: there is none in the file.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        text, cause = "", f"{path} cannot be read: {error.strerror}"
    else:
        cause = f"{path} holds no certificate (BEGIN CERTIFICATE)"
    if "BEGIN CERTIFICATE" not in text:
        raise HomeroomError(cause, location=".env: ACME_ROOT", remedy="Name a PEM file, or leave it out.")
    return text
