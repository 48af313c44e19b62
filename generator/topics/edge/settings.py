"""The settings of the edge: where certificates come from, and on which ports HTTPS and HTTP are spoken."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Literal

from generator.schema.deployment import ADDRESS, SERVICES, DeploymentSettings, Host, is_address
from generator.schema.setting import About, Group, setting
from generator.schema.types import OptionalPath, Size, Whole, written_as

TLS = Group(title="TLS", text="HTTPS, and where its certificates come from.", page="tls", order=21)
LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
MOST_PARENT_LETTERS = 189
"""Of a name that has 63 letters and a dot in front of it, of 253 in all."""
Folder = Annotated[str, written_as(r"\.?/[A-Za-z0-9._/@+-]+", "a directory such as ./site/tls or /etc/homeroom-tls")]
Mail = Annotated[str, written_as(r"(?:[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+)?", "an e-mail address")]
Directory = Annotated[
    str, written_as(r"https://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~/%-]*", f"an ACME directory such as {LETS_ENCRYPT}")
]


class EdgeSettings(DeploymentSettings):
    """HTTPS at the edge."""

    LABS_HOST: Host = setting(
        "",
        About(group=ADDRESS, consumers=("hub",), example="labs.example.edu"),
        """A second name of this machine, under which all labs are found: a page of a lab then cannot act on the hub as
        the person who looks at it. It is part of the same certificate. Recommended wherever there is a name.""",
    )
    SUBDOMAINS: Literal["off", "on"] = setting(
        "off",
        About(group=ADDRESS, consumers=("hub", "generator"), example="on"),
        """`on`: the labs of each user have a name of their own, below LABS_HOST or, without it, below HUB_HOST, such as
        `ada.labs.example.edu`: a page of a lab then cannot act on another user's lab either. It needs a wildcard in the
        DNS, and a certificate for it: docs/tls.md.""",
    )
    HTTP_PORT: Whole = setting(
        80,
        About(group=TLS, consumers=("compose", "generator"), unit="TCP port", example="8081"),
        "Port of plain HTTP at the edge. It leads to HTTPS; authorities of TLS=acme ask there.",
        ge=1,
        le=65535,
    )
    TLS_FILES: Folder = setting(
        "./site/tls",
        About(group=TLS, consumers=("compose", "generator"), example="/etc/homeroom-tls"),
        """Directory with `fullchain.pem` and `privkey.pem`, for TLS=files. What is renewed there is taken up while
        everything runs.""",
    )
    ACME_EMAIL: Mail = setting(
        "",
        About(group=TLS, consumers=("hub",), example="it@example.edu"),
        "Whom the authority writes to, for TLS=acme. Some ask for one.",
    )
    ACME_DIRECTORY: Directory = setting(
        LETS_ENCRYPT,
        About(
            group=TLS,
            consumers=("hub",),
            example="https://acme-staging-v02.api.letsencrypt.org/directory",
        ),
        "Address of the authority's ACME directory, for TLS=acme. Let's Encrypt's unless another is named.",
    )
    ACME_ROOT: OptionalPath = setting(
        "",
        About(group=TLS, consumers=("hub",), example="/etc/ssl/certs/campus-ca.pem"),
        "PEM file with the certificate by which the ACME directory itself is known, where it is not a public one.",
    )
    ACME_ON_DEMAND: Literal["off", "on"] = setting(
        "off",
        About(group=TLS, consumers=("hub",), example="on"),
        """`on`: with TLS=acme and SUBDOMAINS=on, a certificate is had for each user's labs as they are first opened.
        The names of users become public with it, and Let's Encrypt gives 50 a week.""",
    )
    EDGE_MEMORY: Size = setting(
        "512M",
        About(group=SERVICES, consumers=("compose", "generator"), unit="bytes, as 512M or 2G", example="1G"),
        "Memory that the edge may use, where there is one.",
    )

    def cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """Yield (setting, cause, remedy) for what no single value shows."""
        yield from self._name_faults()
        if self.SUBDOMAINS == "on":
            yield from self._subdomain_faults()
        if not self.has_edge:
            return
        if self.TRUSTED_PROXIES:
            yield (
                "TRUSTED_PROXIES",
                f"is set, and with TLS={self.TLS} nobody stands in front",
                "Leave it out; or set TLS=behind-proxy where a web server of yours speaks HTTPS.",
            )
        ports = {"HTTP_PORT": self.HTTP_PORT, "HTTPS_PORT": self.HTTPS_PORT, "HUB_PORT": self.HUB_PORT}
        for name, port in list(ports.items())[1:]:
            if other := next((one for one, taken in ports.items() if taken == port and one != name), None):
                yield name, f"is {port}, and so is {other}", "Give each a port of its own."
                return

    def _name_faults(self) -> Iterator[tuple[str, str, str]]:
        if self.LABS_HOST and self.LABS_HOST == self.HUB_HOST:
            yield "LABS_HOST", "is HUB_HOST, and a page of a lab would be one of the hub's", "Name another."
        if self.LABS_HOST and not self.HUB_HOST:
            yield "HUB_HOST", "is not set, and LABS_HOST needs it", "Set it to the name that people type."
        if is_address(self.LABS_HOST):
            yield "LABS_HOST", "is an address; it must be a name", "Have a second name lead to this machine."
        if self.TLS != "acme":
            return
        if is_address(self.HUB_HOST) or (self.HUB_HOST and "." not in self.HUB_HOST):
            remedy = "Set HUB_HOST to a name of the DNS that leads here, or TLS=internal."
            yield "HUB_HOST", f"is {self.HUB_HOST}, for which no authority gives a certificate", remedy
        elif self.HUB_HOST and ipaddress.ip_address(self.HUB_IP).is_loopback and self.ACME_DIRECTORY == LETS_ENCRYPT:
            remedy = "Set HUB_IP=0.0.0.0, or TLS=internal for a trial on this machine."
            yield "HUB_IP", f"is {self.HUB_IP}, where the authority does not reach this machine", remedy

    def _subdomain_faults(self) -> Iterator[tuple[str, str, str]]:
        if not self.HUB_HOST:
            if not self.LABS_HOST and self.TLS == "off":  # else it is told already
                yield "HUB_HOST", "is not set, and SUBDOMAINS=on needs it", "Set it to the name that people type."
        elif is_address(self.labs_host):
            yield "SUBDOMAINS", f"is on, and there are no names below {self.labs_host}", "Set HUB_HOST to a name."
        elif self.HUB_HOST.endswith(f".{self.LABS_HOST}"):
            remedy = "Take a name for LABS_HOST that HUB_HOST does not end with, or leave LABS_HOST out."
            yield "LABS_HOST", f"is {self.LABS_HOST}, below which the hub is: a lab could have its name", remedy
        elif len(self.labs_host) > MOST_PARENT_LETTERS:
            remedy = f"Take one with {MOST_PARENT_LETTERS} letters at most."
            yield "SUBDOMAINS", f"is on, and {self.labs_host} is too long for names below it", remedy
        if self.TLS == "off" and not ipaddress.ip_address(self.HUB_IP).is_loopback:
            remedy = "Set TLS, as docs/tls.md shows; or HUB_IP=127.0.0.1 for a trial on this machine."
            yield "SUBDOMAINS", "is on without TLS: labs could set the hub's cookies", remedy
        if self.TLS == "acme" and self.ACME_ON_DEMAND == "off":
            remedy = (
                "Use a wildcard certificate of yours (TLS=files), or set ACME_ON_DEMAND=on: users' names become public "
                "with it, and Let's Encrypt gives 50 certificates a week."
            )
            yield "SUBDOMAINS", "is on, and TLS=acme has no wildcard certificates", remedy

    @property
    def labs_host(self) -> str:
        """The host that all labs are found under, or below with SUBDOMAINS; empty where that is the hub's own."""
        return self.LABS_HOST or (self.HUB_HOST if self.SUBDOMAINS == "on" else "")

    @property
    def labs_url(self) -> str:
        """The address of that host, with BASE_URL; empty where it is the hub's own."""
        return self.url_of(self.labs_host)

    @property
    def issues_on_demand(self) -> bool:
        """Whether the edge has a certificate made for each user's labs as they are first opened."""
        return self.SUBDOMAINS == self.ACME_ON_DEMAND == "on" and self.TLS == "acme"
