"""A deployment with HTTPS, reached by its name: that leads to this machine for the test alone."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.exceptions import InvalidMessage
from websockets.sync.client import ClientConnection, connect

from tests.hub_deployment import HubDeployment, free_port
from tests.person import PATIENCE_SECONDS, Person

HUB = "hub.test"
LOOPBACK = "127.0.0.1"


@dataclass
class EdgeDeployment(HubDeployment):
    """Such a deployment; TLS may be changed between one `make up` and the next."""

    https_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    labs_host: str = ""
    """The host of its labs, or the one below which each user's labs have theirs, where that is another."""
    apart: bool = False
    """Whether each user's labs have a host of their own."""
    authority: str = ""
    """What people's browsers are told to trust, in PEM."""

    @property
    def url(self) -> str:
        """The address of its front page, as people type it."""
        return f"https://{HUB}:{self.https_port}{self.base_url}"

    @property
    def environment(self) -> dict[str, str]:
        """As any deployment's, with the ports and the name."""
        named = {"HTTPS_PORT": str(self.https_port), "HTTP_PORT": str(self.http_port), "HUB_HOST": HUB}
        return super().environment | named | ({"LABS_HOST": self.labs_host} if self.labs_host else {}) | self.settings

    def lab_url(self, name: str) -> str:
        """The address of its front page by the name that a user's labs have; the user's name must be a label."""
        host = self.labs_host or HUB
        return self.url.replace(HUB, f"{name}.{host}" if self.apart else host, 1)

    def set(self, **values: str) -> None:
        """Write settings to `.env`, in the place of what it says of them."""
        path = self.directory / ".env"
        kept = [line for line in path.read_text().splitlines() if line.split("=")[0] not in values]
        path.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n")

    def up_trusted(self) -> None:
        """`make up` with an authority of its own, whose certificate it shows: people's browsers trust it."""
        output = self.first_up()
        found = re.search(r"-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n", output, re.S)
        assert found, output
        self.authority = found[0]

    def context(self) -> ssl.SSLContext:
        """TLS as a browser speaks it that was told of the authority."""
        return ssl.create_default_context(cadata=self.authority)

    def served(self, name: str = HUB) -> x509.Certificate:
        """The certificate that is served for a name; an SSLError where it is not trusted, or there is none."""
        with (
            contextlib.closing(urllib3.util.connection.create_connection((LOOPBACK, self.https_port))) as plain,
            self.context().wrap_socket(plain, server_hostname=name) as channel,
        ):
            return x509.load_der_x509_certificate(channel.getpeercert(binary_form=True) or b"")


class Visitor(Person):
    """Somebody who comes by the name, over HTTPS."""

    deployment: EdgeDeployment

    def __init__(self, deployment: EdgeDeployment, name: str, trust: Path) -> None:
        super().__init__(deployment, name)
        trust.write_text(deployment.authority)
        self.web.verify = str(trust)
        self.web.trust_env = False  # else a bundle that the environment names would go before it

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET a path, of a lab by the name that it has."""
        address = self.deployment.lab_url(path.split("/")[1]) if path.startswith("user/") else self.deployment.url
        return self.web.get(address + path, timeout=PATIENCE_SECONDS, **options)

    def ask_lab(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask something of the lab, as its page would."""
        prefix = f"user/{self.name}/"
        headers = {"X-XSRFToken": self._xsrf(self.deployment.base_url + prefix)}
        address = f"{self.deployment.lab_url(self.name)}{prefix}{path}"
        return self.web.request(method, address, headers=headers, timeout=PATIENCE_SECONDS, **options)

    def websocket(self, path: str) -> ClientConnection:
        """A websocket of the lab's own API. One that is cut off before it is open is tried again, as pages do: the edge
        may just take up a change."""
        for _ in range(3):
            with contextlib.suppress(InvalidMessage, ConnectionError):
                return self._websocket(path)
        return self._websocket(path)

    def _websocket(self, path: str) -> ClientConnection:
        origin = self.deployment.lab_url(self.name)
        address = f"{origin}user/{self.name}/"
        cookies = self.web.prepare_request(requests.Request("GET", address)).headers["Cookie"]
        return connect(
            f"{address.replace('https', 'wss', 1)}api/{path}",
            sock=urllib3.util.connection.create_connection((LOOPBACK, self.deployment.https_port)),
            ssl=self.deployment.context(),
            additional_headers={"Cookie": cookies, "Origin": origin.rstrip("/")},
            max_size=2**24,
            proxy=None,
            open_timeout=PATIENCE_SECONDS,
        )


@contextlib.contextmanager
def names_lead_here() -> Iterator[None]:
    """Have the names of these tests lead to this machine, for `requests`."""
    with pytest.MonkeyPatch.context() as patch:
        by_address = urllib3.util.connection.create_connection

        def create(address: tuple[str, int], *rest: Any, **options: Any) -> Any:
            host, port = address
            return by_address((LOOPBACK if host.endswith(".test") else host, port), *rest, **options)

        patch.setattr(urllib3.util.connection, "create_connection", create)
        yield


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, in PEM."""

    certificate: str
    key: str

    @property
    def serial(self) -> int:
        """What tells it from the next."""
        return x509.load_pem_x509_certificate(self.certificate.encode()).serial_number

    def lay(self, folder: Path) -> None:
        """Put both where TLS_FILES has them, as an operator would: readable by the edge alone."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "privkey.pem").unlink(missing_ok=True)
        (folder / "privkey.pem").write_text(self.key)
        os.chown(folder / "privkey.pem", 992, 992)
        (folder / "privkey.pem").chmod(0o400)
        (folder / "fullchain.pem").write_text(self.certificate)


class Authority:
    """A certificate authority as an operator's campus has one."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Campus authority")])
        usage = {"digital_signature": False, "content_commitment": False, "key_encipherment": False}
        usage |= {"data_encipherment": False, "key_agreement": False, "encipher_only": False, "decipher_only": False}
        built = self._builder(self._name, self._key.public_key(), -1, 365)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        built = built.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        self.pem = _pem(built.sign(self._key, hashes.SHA256()))

    def issue(self, *names: str, first_day: float = -1, last_day: float = 30, passphrase: str = "") -> Issued:
        """A certificate for these names.

        :param first_day: from when on it is valid, in days from now.
        :param last_day: until when.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        built = self._builder(subject, key.public_key(), first_day, last_day).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        hidden: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            hidden = serialization.BestAvailableEncryption(passphrase.encode())
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden).decode()
        return Issued(_pem(built.sign(self._key, hashes.SHA256())), pem)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, first_day: float, last_day: float
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=first_day))
            .not_valid_after(now + datetime.timedelta(days=last_day))
        )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
