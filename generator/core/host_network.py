"""What this machine's network asks of a build: CA bundle, proxies, and the mirrors of pip, npm and apt.

They reach a build as secrets and as predefined build arguments, and never an image: neither a layer nor its history.

The contract with the Dockerfiles. Six secrets are always given; one that has nothing to say holds a comment:

| id         | holds                                                  | used as                                       |
|------------|--------------------------------------------------------|-----------------------------------------------|
| `ca`       | the CA bundle, PEM; never empty                        | PIP_CERT, NODE_EXTRA_CA_CERTS                 |
| `pip.conf` | index-url, extra-index-url, trusted-host, proxy        | PIP_CONFIG_FILE                               |
| `uv.env`   | the same as shell variables, as uv reads no pip.conf   | `. /run/secrets/uv.env`, SSL_CERT_FILE        |
| `npmrc`    | registries, their tokens, proxies, cafile              | NPM_CONFIG_USERCONFIG                         |
| `apt.conf` | proxies, and where the mirror's list is                | APT_CONFIG                                    |
| `apt.list` | the host's Debian mirror, for the base image's release | by apt.conf; mount it wherever that is mounted |

apt.conf and npmrc point into /run/secrets, so `ca` (and `apt.list`) are mounted along with them:

    RUN --mount=type=secret,id=apt.conf --mount=type=secret,id=apt.list --mount=type=secret,id=ca \\
        APT_CONFIG=/run/secrets/apt.conf apt-get update && ...
    RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca \\
        PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_CERT=/run/secrets/ca pip install ...
    RUN --mount=type=secret,id=uv.env --mount=type=secret,id=ca \\
        . /run/secrets/uv.env && SSL_CERT_FILE=/run/secrets/ca uv pip install ...
    RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \\
        NPM_CONFIG_USERCONFIG=/run/secrets/npmrc NODE_EXTRA_CA_CERTS=/run/secrets/ca npm ci

A shell variable before the command reaches that command only: in `a && b` write it before each, or `export` it.
Secrets are readable by root alone: a step under another USER says `,mode=0444`. No Dockerfile starts with a
`# syntax=` line: that would be fetched from a registry. Proxies come as HTTP_PROXY, HTTPS_PROXY, NO_PROXY and the rest
of the build arguments that every builder predefines and leaves out of the image.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import certifi

from generator.core.process import Runner, run

SECRETS = ("ca", "pip.conf", "uv.env", "npmrc", "apt.conf", "apt.list")
INSIDE = Path("/run/secrets")
NOTHING = "# nothing of this machine's own\n"

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
CA_FILES = ("etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt")
PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
LOOPBACK = re.compile(r"(127\.\d+\.\d+\.\d+|localhost|::1)")

BASE_RELEASE = "trixie"
DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring"
APT_FIELDS = ("CREATED_BY", "ORIGIN", "LABEL", "CODENAME", "COMPONENT", "REPO_URI", "SOURCESENTRY")
# What of apt's configuration is about the network between it and the mirror.
APT_KEYS = re.compile(r"Acquire::(?:(?:https?|ftp)::|Retries|Check-Valid-Until|Check-Date|Queue-Mode|ForceIPv4)", re.I)


@dataclass(frozen=True)
class AptSource:
    """One repository of Debian that this machine's apt knows: the archive, or its security updates."""

    uri: str
    codename: str
    security: bool
    signed_by: str = ""
    file: str = ""


@dataclass(frozen=True)
class HostNetwork:
    """The settings as they are handed over: the secrets' contents by id, and the proxies by variable name."""

    secrets: Mapping[str, bytes]
    proxies: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_host_network(self) -> bool:
        """Whether something listens on this machine's loopback (cntlm, apt-cacher-ng), out of a build's own reach."""
        urls = [value for name, value in self.proxies.items() if name.upper() != "NO_PROXY"]
        for name in ("pip.conf", "uv.env", "npmrc", "apt.conf", "apt.list"):
            urls += re.findall(r"https?://[^\s\"']+", self.secrets.get(name, b"").decode(errors="replace"))
        return any(LOOPBACK.fullmatch(host_of(url)) for url in urls)


@dataclass(frozen=True)
class BuildNetwork:
    """What a `docker build` or `podman build` gets: its arguments, and what its environment must hold for them."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def host_of(url: str) -> str:
    try:
        return urlsplit(url if "://" in url else f"http://{url}").hostname or ""
    except ValueError:
        return ""


def read_host_network(
    environ: Mapping[str, str] = os.environ,
    *,
    root: Path = Path("/"),
    home: Path | None = None,
    runner: Runner = run,
) -> HostNetwork:
    """Collect what this machine is set up with. Reads only; what cannot be read counts as not set.

    :param root: where `/etc` is looked for, for the tests.
    """
    home = home or Path(environ.get("HOME") or "~").expanduser()
    bundle = find_ca_bundle(environ, root)
    proxies = read_proxies(environ)
    pip = read_pip_settings(environ, root, home)
    mirror = apt_list(read_apt_sources(runner))
    return HostNetwork(
        secrets={
            "ca": bundle.read_bytes(),
            "pip.conf": pip_conf(pip).encode(),
            "uv.env": uv_env(pip).encode(),
            "npmrc": npmrc(read_npm_settings(environ, root, home)).encode(),
            "apt.conf": apt_conf(read_apt_settings(runner), mirrored=mirror != NOTHING).encode(),
            "apt.list": mirror.encode(),
        },
        proxies=proxies,
    )


def find_ca_bundle(environ: Mapping[str, str], root: Path = Path("/")) -> Path:
    """The bundle this machine trusts; without any of its own, the one that comes with Python's requests."""
    named = [Path(environ[name]) for name in CA_VARIABLES if environ.get(name)]
    for path in [*named, *(root / name for name in CA_FILES)]:
        if path.is_file() and os.access(path, os.R_OK) and path.stat().st_size:
            return path
    return Path(certifi.where())


def read_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables in both spellings, since tools differ in which one they read; lower case wins, as in curl."""
    found: dict[str, str] = {}
    for name in PROXY_NAMES:
        if value := environ.get(name.lower()) or environ.get(name):
            found |= {name: value, name.lower(): value}
    return found


def read_pip_settings(environ: Mapping[str, str], root: Path, home: Path) -> dict[str, str]:
    """pip's settings from its files and its environment, which wins, by name (`index-url`).

    The files are read as pip reads them, so that neither pip nor a particular Python of the host is needed.
    """
    named = environ.get("PIP_CONFIG_FILE", "")
    paths = [root / "etc/xdg/pip/pip.conf", root / "etc/pip.conf", home / ".pip/pip.conf"]
    paths += [Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"]
    paths = [] if named == os.devnull else [*paths, *([Path(named)] if named else [])]
    found: dict[str, str] = {}
    for path in paths:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text())
        except (OSError, ValueError, configparser.Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {name.lower().replace("_", "-"): value for name, value in parser.items(section)}
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return found


def pip_conf(settings: Mapping[str, str]) -> str:
    """A pip.conf of what holds in a build too: indexes over HTTP, trusted hosts, the proxy; no file of this machine."""
    seconds = settings.get("timeout") or settings.get("default-timeout")
    lines = [f"timeout = {seconds}"] if seconds else []
    for name in ("index-url", "extra-index-url"):
        if urls := [url for url in settings.get(name, "").split() if is_http(url)]:
            lines.append(f"{name} = " + "\n    ".join(urls))
    if hosts := settings.get("trusted-host", "").split():
        lines.append("trusted-host = " + "\n    ".join(hosts))
    if proxy := settings.get("proxy", "").strip():
        lines.append(f"proxy = {proxy}")
    return "\n".join(["[global]", *lines, ""]) if lines else NOTHING


def uv_env(settings: Mapping[str, str]) -> str:
    """What `pip_conf` says of pip's settings, for uv: it reads no pip.conf, and variables go before its own files."""
    indexes = {
        name: [url for url in settings.get(name, "").split() if is_http(url)]
        for name in ("index-url", "extra-index-url")
    }
    proxy = settings.get("proxy", "").strip()
    values = {
        "UV_DEFAULT_INDEX": " ".join(indexes["index-url"][:1]),
        "UV_INDEX": " ".join(indexes["extra-index-url"]),
        # As pip: a locked version is taken from whichever index has it.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if indexes["extra-index-url"] else "",
        "UV_INSECURE_HOST": " ".join(settings.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": (settings.get("timeout") or settings.get("default-timeout") or "").partition(".")[0],
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "http_proxy": proxy,
        "https_proxy": proxy,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items() if value]
    return "\n".join([*lines, ""]) if lines else NOTHING


def is_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def read_npm_settings(environ: Mapping[str, str], root: Path, home: Path) -> dict[str, str]:
    """npm's settings from the host's npmrc files and environment, which wins; npm itself is not needed."""
    own = environ.get("npm_config_userconfig") or environ.get("NPM_CONFIG_USERCONFIG") or home / ".npmrc"
    found: dict[str, str] = {}
    for path in (root / "etc/npmrc", root / "usr/etc/npmrc", root / "usr/local/etc/npmrc", Path(own)):
        try:
            text = path.read_text()
        except (OSError, ValueError):
            continue
        for line in text.splitlines():
            name, mark, value = line.partition("=")
            if mark and not line.lstrip().startswith(("#", ";")):
                found[name.strip()] = expand(value.strip().strip("\"'"), environ)
    for name, value in environ.items():
        if name.lower().startswith("npm_config_") and value:
            found[name[len("npm_config_") :].lower().replace("_", "-")] = value
    return found


def expand(value: str, environ: Mapping[str, str]) -> str:
    """Put in `${NAME}` as npm does: a build has none of the host's variables."""
    return re.sub(r"\$\{([^}]+)\}", lambda match: environ.get(match.group(1), match.group(0)), value)


def npmrc(settings: Mapping[str, str]) -> str:
    """An npmrc of registries, their credentials and proxies, trusting the `ca` secret."""
    plain = ("registry", "proxy", "https-proxy", "noproxy", "strict-ssl", "_auth", "_authToken")
    lines = [
        f"{name}={value}"
        for name, value in settings.items()
        if name in plain or name.startswith("//") or name.endswith(":registry")
    ]
    return "\n".join([*lines, f"cafile={INSIDE / 'ca'}", ""])


def read_apt_sources(runner: Runner = run) -> list[AptSource]:
    """Debian's own repositories among this machine's apt sources; none where it has no apt, or is not Debian.

    apt says who signed each as what (`Origin: Debian`), so a third party's repository is never mistaken for the
    archive. It knows that once its lists have been fetched: before, this is empty.
    """
    if not shutil.which("apt-get"):
        return []
    listing = "|".join(f"$({name})" for name in APT_FIELDS)
    done = runner(["apt-get", "indextargets", "--format", listing])
    found: list[AptSource] = []
    for line in done.stdout.splitlines() if done.returncode == 0 else []:
        row = dict(zip(APT_FIELDS, line.split("|"), strict=False))
        label = row.get("LABEL", "")
        # Also left out: bookworm-updates, backports, contrib, cdroms.
        if (
            row.get("CREATED_BY") == "Packages"
            and row.get("ORIGIN") == "Debian"
            and row.get("COMPONENT") == "main"
            and (label == "Debian-Security" or (label == "Debian" and "-" not in row["CODENAME"]))
            and not row["REPO_URI"].startswith("cdrom:")
        ):
            file, _, place = row["SOURCESENTRY"].rpartition(":")
            source = AptSource(
                uri=row["REPO_URI"],
                codename=row["CODENAME"].removesuffix("-security"),
                security=label == "Debian-Security",
                signed_by=read_signed_by(Path(file), int(place) if place.isdigit() else 0),
                file=file,
            )
            if source not in found:
                found.append(source)
    return found


def read_signed_by(file: Path, place: int) -> str:
    """The `Signed-By` of an entry: of the `place`th stanza of a .sources file, or of that line of a list."""
    try:
        text = file.read_text()
    except OSError:
        return ""
    if file.suffix == ".sources":
        stanzas = [part for part in re.split(r"\n\s*\n", text) if re.search(r"^Types:", part, re.M | re.I)]
        stanza = stanzas[place - 1] if 0 < place <= len(stanzas) else ""
        match = re.search(r"^Signed-By:[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.M | re.I)
        return match.group(1).strip() if match else ""
    lines = text.splitlines()
    match = re.search(r"\[[^\]]*signed-by=([^\s\]]+)", lines[place - 1] if 0 < place <= len(lines) else "")
    return match.group(1) if match else ""


def own_sources(sources: Sequence[AptSource], codename: str) -> list[AptSource]:
    """The machine's sources of its own release: the archive's mirrors first, then the security ones.

    One of another release (backports by hand, a probe) may be partial, and does not count while there is a better one.
    """
    own = [source for source in sources if source.codename == codename] or list(sources)
    return sorted(own, key=lambda source: source.security)


def image_sources(sources: Sequence[AptSource]) -> list[AptSource]:
    """Those that can be read from inside an image: over HTTP, and signed by Debian itself."""
    return [
        source
        for source in sources
        if is_http(source.uri) and (not source.signed_by or source.signed_by.startswith(DEBIAN_KEYRING))
    ]


def archive_lines(sources: Sequence[AptSource], *, codename: str = BASE_RELEASE, options: str = "") -> list[str]:
    """One-line apt entries for another release from the same mirrors: the archive, its updates, security."""
    lines: list[str] = []
    for source in sorted(sources, key=lambda source: source.security):
        suites = [f"{codename}-security"] if source.security else [codename, f"{codename}-updates"]
        lines += [f"deb {options}{source.uri} {suite} main" for suite in suites]
    return list(dict.fromkeys(lines))


def apt_list(sources: Sequence[AptSource]) -> str:
    """The `apt.list` secret: the host's mirrors, for the base image's release; empty keeps the image's own sources."""
    usable = image_sources(sources)
    if all(source.security for source in usable):
        return NOTHING
    return "\n".join([*archive_lines(usable, options=f"[signed-by={DEBIAN_KEYRING}.gpg] "), ""])


def read_apt_settings(runner: Runner = run) -> dict[str, str]:
    """apt's network settings on this machine (`Acquire::http::Proxy` ...), by name; none where there is no apt."""
    if not shutil.which("apt-config"):
        return {}
    done = runner(["apt-config", "dump"])
    pairs = re.findall(r'^(\S+) "(.*)";$', done.stdout, re.M) if done.returncode == 0 else []
    return {name: value for name, value in pairs if value and APT_KEYS.match(name)}


def apt_conf(settings: Mapping[str, str], *, mirrored: bool) -> str:
    """The `apt.conf` secret.

    :param mirrored: whether `apt.list` holds a mirror, which then takes the place of the image's sources.
    """
    # A file or a program of the host is not there in a build.
    lines = [f'{name} "{value}";' for name, value in settings.items() if not value.startswith("/")]
    if mirrored:
        lines += [f'Dir::Etc::sourcelist "{INSIDE / "apt.list"}";', 'Dir::Etc::sourceparts "/dev/null";']
    # apt reads over HTTPS as the user _apt, who may not read a secret that is root's.
    lines += [f'Acquire::https::CaInfo "{INSIDE / "ca"}";', 'APT::Sandbox::User "root";']
    return "\n".join([*lines, ""])


@contextmanager
def handed_over(network: HostNetwork, *, rootless: bool = False) -> Iterator[BuildNetwork]:
    """Lay the secrets out in a private directory while the body builds, and say how a build gets them.

    :param rootless: a rootless engine cannot lend a build the machine's own network.
    """
    directory = Path(tempfile.mkdtemp(prefix="homeroom-build-"))  # 0700
    try:
        arguments: list[str] = []
        for name in SECRETS:
            path = directory / name
            path.touch(mode=0o600)
            path.write_bytes(network.secrets.get(name) or NOTHING.encode())
            arguments += ["--secret", f"id={name},src={path}"]
        for name in network.proxies:
            # By name only: its value, which may hold a password, comes from the environment and not from `ps`.
            arguments += ["--build-arg", name]
        if network.needs_host_network and not rootless:
            arguments += ["--network", "host"]
        yield BuildNetwork(tuple(arguments), dict(network.proxies))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def describe_network(network: HostNetwork) -> list[str]:
    """What is handed over besides the CA bundle, in a word each, without any address or secret: for the log."""
    marks = {
        "pip index": ("pip.conf", b"index-url"),
        "npm registry": ("npmrc", b"registry="),
        "apt mirror": ("apt.list", b"deb "),
    }
    said = ["proxy"] if network.proxies else []
    return said + [word for word, (name, mark) in marks.items() if mark in network.secrets.get(name, b"")]
