"""A real directory: OpenLDAP's server as a plain process, with TLS, people and groups."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import ldap3
from ldap3.core.exceptions import LDAPNoSuchObjectResult

from tests.certificates import Authority
from tests.debian_packages import provide
from tests.hub_process import free_port

SUFFIX = "dc=uni,dc=example"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
ROOT, ROOT_PASSWORD = f"cn=root,{SUFFIX}", "the-root's"
SERVICE, SERVICE_PASSWORD = f"cn=hub,{SUFFIX}", "the hub: $ecret #1"
START_SECONDS = 120.0
CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/slapd.pid
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
{security}
database mdb
suffix "{suffix}"
rootdn "{root}"
rootpw "{root_password}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by self read by anonymous auth by * none
overlay memberof
memberof-group-oc groupOfNames
"""


@dataclass
class Slapd:
    """One server.

    :param names: the names and addresses in its certificate.
    :param address: where it listens, of this machine's.
    :param clear: whether passwords are taken over connections without TLS.
    """

    folder: Path
    authority: Authority
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    address: str = "127.0.0.1"
    clear: bool = False
    days: int = 30
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For STARTTLS, or for none."""
        return f"ldap://localhost:{self.port}"

    @property
    def tls_url(self) -> str:
        """For TLS from the beginning."""
        return f"ldaps://localhost:{self.tls_port}"

    def start(self) -> None:
        """Start it, and wait until it answers; the first time with the directory's first entries."""
        program = provide("slapd", "slapd")
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        certificate, key = self.authority.sign(self.folder, self.names, days=self.days)
        configuration = self.folder / "slapd.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder,
                certificate=certificate,
                key=key,
                security="" if self.clear else "security simple_bind=128",
                suffix=SUFFIX,
                root=ROOT,
                root_password=ROOT_PASSWORD,
                service=SERVICE,
            )
        )
        urls = f"ldap://{self.address}:{self.port} ldaps://{self.address}:{self.tls_port}"
        self.process = subprocess.Popen(
            [program, "-f", str(configuration), "-h", urls, "-d", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self.address, self.port):
            assert self.process.poll() is None, "slapd did not start"
            assert time.monotonic() < deadline, "slapd does not answer"
            time.sleep(0.02)
        self._lay_ground()

    def stop(self) -> None:
        """Stop it; its entries stay."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_SECONDS)
            self.process = None

    def root(self) -> ldap3.Connection:
        """A connection that may do anything."""
        tls = ldap3.Tls()  # the tests' own certificate, which other tests check
        server = ldap3.Server(self.address, port=self.tls_port, use_ssl=True, tls=tls, get_info=ldap3.NONE)
        return ldap3.Connection(server, ROOT, ROOT_PASSWORD, auto_bind=True, raise_exceptions=True)

    def add_person(self, name: str, password: str, *, dn: str = "", **attributes: object) -> str:
        """A person of the directory; returns where they stand."""
        values = {"uid": name, "cn": name, "sn": name, "userPassword": password, **attributes}
        at = dn or f"uid={name},{PEOPLE}"
        with self.root() as connection:
            connection.add(at, "inetOrgPerson", values)
        return at

    def add_group(self, name: str, *members: str, under: str = GROUPS) -> str:
        """A group with these members; returns where it stands."""
        with self.root() as connection:
            connection.add(f"cn={name},{under}", "groupOfNames", {"cn": name, "member": list(members)})
        return f"cn={name},{under}"

    def remove(self, dn: str) -> None:
        """Take an entry away."""
        with self.root() as connection:
            connection.delete(dn)

    def set(self, dn: str, attribute: str, *values: str) -> None:
        """Replace the values of an attribute; none: take it away."""
        with self.root() as connection:
            connection.modify(dn, {attribute: [(ldap3.MODIFY_REPLACE, list(values))]})

    def move(self, dn: str, rdn: str) -> None:
        """Give an entry another name in its place."""
        with self.root() as connection:
            connection.modify_dn(dn, rdn)

    def _lay_ground(self) -> None:
        with self.root() as connection:
            try:
                connection.search(SUFFIX, "(objectClass=*)", ldap3.BASE)
            except LDAPNoSuchObjectResult:  # the first start
                pass
            else:
                return
            connection.add(SUFFIX, ["dcObject", "organization"], {"dc": "uni", "o": "uni"})
            for place in (PEOPLE, GROUPS):
                connection.add(place, "organizationalUnit")
            service = {"cn": "hub", "sn": "hub", "userPassword": SERVICE_PASSWORD}
            connection.add(SERVICE, "person", service)


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0
