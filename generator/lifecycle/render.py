"""Rendering: from checked settings to the files in `rendered/`. Python decides here; templates print."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

import jinja2

from generator.core import text_file
from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError, raise_all
from generator.core.paths import RENDERED, ROOT, TEMPLATES
from generator.engine.resources import KERNELS_TARGET, names
from generator.preflight import host_routes
from generator.schema.settings import Settings
from generator.schema.types import USERNAME_PATTERN
from generator.site.site_yaml import SiteFile
from generator.topics.gpus import gpu_host, gpus
from generator.topics.gpus.gpus import Pool
from generator.topics.labs import labs
from generator.topics.labs.labs import Labs
from generator.topics.network import firewall, lab_network
from generator.topics.network.lab_network import LabNetwork
from generator.topics.prewarm import schedule
from generator.topics.storage.storage import Storage
from generator.topics.storage.storage import load as load_storage

HUB_CONFIG = "jupyterhub_config.py"
CULLER_CONFIG = "idle_culler_config.py"
GUARD_POLICY = "guard.json"
FIREWALL_RULES = "firewall.nft"
LESSONS = "lessons.json"
HUB_D = "hub.d"
NO_NETWORK = LabNetwork()
HUB_D_REMEDY = "Mend the file, or give it another ending than .py; then run the command again."


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes Python, and every value passes the filter `py`
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["py"] = _literal
    return environment


def _check_seconds(timeouts: list[int]) -> int:
    """How often all labs are looked at, so that the shortest of their timeouts is kept within a tenth."""
    return max(3, min([300, *(timeout // 10 for timeout in timeouts if timeout)]))


def culler_config(settings: Settings, known: Labs) -> str:
    """The text of `idle_culler_config.py`."""
    timeouts = [profile[name] for profile in known.profiles for name in ("idle_seconds", "longest_seconds")]
    template = _environment().get_template("idle_culler_config.py.j2")
    return template.render(
        cull_every_seconds=_check_seconds(timeouts),
        cull_idle_seconds=settings.CULL_IDLE_SECONDS,
        hub_api_url=f"http://proxy:8000{settings.BASE_URL}hub/api",
    )


def hub_config(
    settings: Settings,
    known: Labs,
    storage: Storage,
    pool: Pool = gpus.NO_GPUS,
    lessons: Sequence[schedule.Lesson] = (),
    network: LabNetwork = NO_NETWORK,
) -> str:
    """The text of `jupyterhub_config.py`."""
    template = _environment().get_template("jupyterhub_config.py.j2")
    return template.render(
        admin=settings.JUPYTERHUB_ADMIN,
        auth=settings.AUTH,
        base_url=settings.BASE_URL,
        deployment=settings.COMPOSE_PROJECT_NAME,
        gpu_access=pool.access,
        gpus=pool.gpus,
        gpus_per_user=pool.per_user,
        groups=known.groups,
        labs_per_person=settings.LABS_PER_PERSON,
        named_servers=any(most > 1 for most in _most_labs(settings, known)),
        labs_cpus=known.cpus,
        labs_memory_bytes=known.memory_bytes,
        lab_environment={"TZ": settings.TIMEZONE, "LANG": settings.LAB_LANG},
        lab_pids=settings.LAB_PIDS,
        lab_open_files=known.open_files,
        lab_start_timeout_seconds=settings.LAB_START_TIMEOUT_SECONDS,
        log_level=settings.LOG_LEVEL,
        login_attempts=settings.LOGIN_ATTEMPTS,
        login_lockout_seconds=settings.LOGIN_LOCKOUT_SECONDS,
        profiles=known.profiles,
        queue_seconds=settings.QUEUE_SECONDS,
        password_min_length=settings.PASSWORD_MIN_LENGTH,
        storage=storage.hub_traits(),
        shares=[one.trait() for one in storage.shared],
        prewarm_at_once=settings.PREWARM_AT_ONCE or labs.read_machine().cpus,
        scheduled=bool(lessons),
        template_vars={"accounts": settings.AUTH == "native", "password_min_length": settings.PASSWORD_MIN_LENGTH},
        username_pattern=USERNAME_PATTERN,
        kernels_target=KERNELS_TARGET,
        network_environment=dict(network.environment),
        network_files=network.mounts(RENDERED),
        **names(settings),
    )


def _most_labs(settings: Settings, known: Labs) -> list[int]:
    """The limits there are on a person's labs."""
    return [settings.LABS_PER_PERSON, *(group["max_labs"] or 1 for group in known.groups.values())]


def _literal(value: object) -> str:
    """A Python literal, with the double quotes that a formatter would give it."""
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str) and value.isprintable() and '"' not in value and not value.endswith("\\"):
        return f'r"{value}"' if "\\" in value else f'"{value}"'
    return repr(value)


def guard_policy(
    settings: Settings,
    known: Labs,
    storage: Storage,
    pool: Pool = gpus.NO_GPUS,
    network: LabNetwork = NO_NETWORK,
) -> str:
    """The text of `guard.json`: what the hub may ask of the engine."""
    project = settings.COMPOSE_PROJECT_NAME
    called = names(settings)
    kernels = {"source": called["kernels_volume"], "target": KERNELS_TARGET, "read_only": True}
    mounted = storage.mount_rules()
    files = [{"source": path, "target": at, "read_only": True} for path, at in network.mounts(RENDERED).items()]
    policy = {
        "deployment": project,
        "images": sorted({profile["image"] for profile in known.profiles}),
        "container_prefix": f"{project}-jupyter-",
        "volume_prefix": f"{project}-user-",
        "lab_sockets_volume": called["lab_sockets_volume"],
        "hub_socket_volume": called["hub_socket_volume"],
        "networks": [called["lab_network"]],
        "firewall": settings.LAB_FIREWALL == "on",
        "max_pids": settings.LAB_PIDS,
        "max_open_files": known.open_files,
        "devices": pool.requested,
        "runtimes": ["nvidia"] if pool.gpus and pool.access == "nvidia" else [],
        "binds": [*mounted["binds"], *files],
        "volumes": [kernels, *mounted["volumes"]],
        **storage.home_fields(),
    }
    return json.dumps(policy, indent=2) + "\n"


def lessons_file(settings: Settings, lessons: Sequence[schedule.Lesson]) -> str:
    """The text of `lessons.json`: when which labs are to be started; the service prewarm reads it."""
    data = [schedule.as_data(lesson) for lesson in lessons]
    return json.dumps({"base_url": settings.BASE_URL, "zone": settings.TIMEZONE, "lessons": data}, indent=2) + "\n"


def firewall_rules(settings: Settings, name_servers: list[str]) -> str:
    """The text of `firewall.nft`: what labs may reach. It holds a digest of itself, which the kernel keeps with the
    rules, so that it can be told whether these very rules are in force.

    :param name_servers: those that this machine uses; the engine asks them from within a lab's network.
    """
    template = _environment().get_template("firewall.nft.j2")
    values = {
        "on": settings.LAB_FIREWALL == "on",
        "table": f"homeroom_{settings.COMPOSE_PROJECT_NAME}",
        "lab_subnet": settings.LAB_SUBNET,
        "gateway": IPv4Network(settings.LAB_SUBNET)[1],
        "openings": firewall.parse_openings(settings.LAB_OPEN_NETWORKS),
        "name_servers": sorted(name_servers),
        "closed": firewall.CLOSED,
        "most_connections": firewall.MOST_CONNECTIONS,
    }
    digest = hashlib.sha256(template.render(digest="", **values).encode()).hexdigest()[:16]
    return template.render(digest=digest, **values)


def _name_servers() -> list[str]:
    return [route.subnet.removesuffix("/32") for route in host_routes() if route.via == "name server"]


def texts(settings: Settings, site: Path) -> dict[str, str]:
    """Every generated file by its name in `rendered/`: the hub's configuration, the guard's policy, the labs'
    firewall, and copies of `site/hub.d/*.py`. The hub reads the copies, so a slip in the originals cannot stop a hub
    that restarts by itself.

    :raises HomeroomError: a file of `site/hub.d` cannot be read, or is not Python.
    """
    pool = gpus.load(site, gpu_host.read_host() if (site / gpus.GPUS).exists() else [])
    known = labs.load(settings, site, labs.read_machine())
    lessons = schedule.load(site, known)
    if any(profile["gpus"] for profile in known.profiles):
        raise_all(list(gpus.profile_faults(SiteFile(site / labs.PROFILES), known.profiles, pool)))
    network = lab_network.load(settings)
    disk = load_storage(settings, site, ROOT, known_groups=known.groups)
    found = {
        HUB_CONFIG: hub_config(settings, known, disk, pool, lessons, network),
        CULLER_CONFIG: culler_config(settings, known),
        GUARD_POLICY: guard_policy(settings, known, disk, pool, network),
        FIREWALL_RULES: firewall_rules(settings, _name_servers()),
        LESSONS: lessons_file(settings, lessons),
        **network.files,
    }
    for path in sorted((site / HUB_D).glob("*.py")):
        found[f"{HUB_D}/{path.name}"] = _python_text(path)
    return found


def _python_text(path: Path) -> str:
    place = f"site/{HUB_D}/{path.name}"
    text = text_file.read(path, place)
    try:
        compile(text, place, "exec")
    except SyntaxError as error:
        raise HomeroomError(
            f"{error.msg}: {(error.text or '').strip()}", place=f"{place} line {error.lineno}", remedy=HUB_D_REMEDY
        ) from None
    except ValueError as error:
        raise HomeroomError(f"cannot be read: {error}", place=place, remedy=HUB_D_REMEDY) from None
    return text


def is_current(wanted: dict[str, str], directory: Path) -> bool:
    """Whether `directory` holds exactly these files already."""
    return wanted == {name: _read(directory / name) for name in _present(directory) | wanted.keys()}


def write(wanted: dict[str, str], directory: Path) -> list[str]:
    """Write the generated files, each whole or not at all; what did not change is left alone, what went is removed.

    :returns: the names of the files that changed.
    """
    gone = sorted(_present(directory) - wanted.keys())
    changed = [name for name, text in wanted.items() if write_atomically(directory / name, text)]
    for name in gone:
        (directory / name).unlink(missing_ok=True)
    for folder in (directory, directory / HUB_D, directory / "lab"):
        if folder.is_dir():
            folder.chmod(0o755)  # the hub's user reads it, whatever the operator's umask
    return changed + gone


def _present(directory: Path) -> set[str]:
    known = {HUB_CONFIG, CULLER_CONFIG, GUARD_POLICY, FIREWALL_RULES, LESSONS}
    known |= lab_network.TARGETS.keys()
    names = {name for name in known if (directory / name).is_file()}
    return names | {f"{HUB_D}/{path.name}" for path in (directory / HUB_D).glob("*.py")}


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
