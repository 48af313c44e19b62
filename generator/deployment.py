"""One deployment on this machine: its settings, its engine, and what is done with both."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import docker.errors
from docker.models.containers import Container

from generator import (
    RELEASED,
    env_file,
    features,
    gpus,
    homes,
    kernels,
    lab_network,
    labs,
    preflight,
    proof,
    render,
    schedule,
    site_files,
    site_images,
    storage,
)
from generator.base_image import image_id
from generator.console import counted, fail, note, step, warn
from generator.engine import (
    Engine,
    EngineMissing,
    client,
    compose_command,
    engine_environment,
    find_engine,
    run_compose,
)
from generator.engine_install import provide_engine, terminal_question
from generator.errors import HomeroomError, raise_all
from generator.images import BuildSpec, ensure_images
from generator.labels import DEPLOYMENT_LABEL, SERVICE_LABEL, USER_LABEL
from generator.paths import ENV_FILE, RENDERED, ROOT, SITE
from generator.settings import Settings, specs

SERVICES = ("guard", "firewall", "proxy", "hub")
HEALTHY_SECONDS = 180
MOST_RESTARTS = 2
"""So often a service may start by itself without becoming healthy; then there is no more waiting for it."""
SHOWN_LINES = 6
LAB_STOP_SECONDS = 10
STAGING = ".next"


@dataclass(frozen=True)
class Deployment:
    """A deployment with checked settings and, once asked for, the engine it runs on."""

    settings: Settings
    engine: Engine

    @cached_property
    def client(self) -> Any:
        """The engine's API client."""
        return client(self.engine)

    @property
    def project(self) -> str:
        """The deployment's name."""
        return self.settings.COMPOSE_PROJECT_NAME

    def compose(self, *arguments: str, capture: bool = True, check: bool = True) -> str:
        """Run Compose for this deployment; returns what it printed."""
        done = run_compose(
            self.engine, arguments, project_dir=ROOT, drop=set(Settings.model_fields), capture=capture, check=check
        )
        return done.stdout

    def hub_python(self, module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """The command that runs a Python module in the hub's container, and the environment to run it in."""
        command = [*compose_command(self.engine), "--project-directory", str(ROOT), "exec", "-T", "hub"]
        environment = engine_environment(self.engine, drop=set(Settings.model_fields))
        return [*command, "python", "-m", module, *arguments], environment

    def service(self, name: str) -> Container | None:
        """The container of a service, running or not."""
        labels = [f"com.docker.compose.project={self.project}", f"com.docker.compose.service={name}"]
        found = self.client.containers.list(all=True, filters={"label": labels})
        return next((one for one in found if one.labels.get("com.docker.compose.oneoff") != "True"), None)

    def labs(self, *, running_only: bool = False) -> list[Container]:
        """The containers of this deployment's labs."""
        labels = [f"{DEPLOYMENT_LABEL}={self.project}", USER_LABEL]
        found: list[Container] = self.client.containers.list(all=not running_only, filters={"label": labels})
        return found

    def image_specs(self) -> list[BuildSpec]:
        """The images that this deployment builds."""
        folders = {"hub": "jupyterhub", "proxy": "proxy"}
        if not self.settings.DOCKER_NOTEBOOK_IMAGE or site_images.needs_own_lab():
            folders["lab"] = "jupyterlab"
        arguments = {"lab": {"FEATURES": " ".join(features.parse(self.settings.LAB_FEATURES))}}
        return [
            BuildSpec(
                name,
                f"{self.project}-{name}:local",
                ROOT / folder,
                ROOT / folder / "Dockerfile",
                arguments.get(name, {}),
            )
            for name, folder in folders.items()
        ]


def init() -> bool:
    """Write `.env` and lay `site/`, where they are not there yet; returns whether `.env` was written."""
    given = env_file.from_shell()
    given.pop("INSTALL_ENGINE", None)  # given in the shell it is for one run, also the first
    if not ENV_FILE.exists() and "LAB_SUBNET" not in given:
        taken = [route.subnet for route in preflight.host_routes()]
        given["LAB_SUBNET"] = preflight.free_subnet(taken, given.get("COMPOSE_PROJECT_NAME", ""))
    written = env_file.create(ENV_FILE, given)
    site_files.create(SITE)
    return written


def load() -> Settings:
    """The settings of `.env`, checked.

    :raises HomeroomError: everything that is wrong with them.
    """
    settings = env_file.load(ENV_FILE)
    for name, value in env_file.from_shell().items():
        if name != "INSTALL_ENGINE" and str(value) != _written(name):
            warn(f"{name} in your shell is another than in .env, and is ignored: .env decides.")
    return settings


def _written(name: str) -> str:
    lines = env_file.parse(env_file.read_text(ENV_FILE))
    spec = next(spec for spec in specs() if spec.name == name)
    return next((line.value for line in lines if line.key == name), spec.default or "")


def existing() -> Deployment:
    """The deployment, on an engine that is there; installs and starts nothing."""
    settings = load()
    return Deployment(settings, find_engine(Path(settings.ENGINE_SOCKET)))


def provided(settings: Settings) -> Deployment:
    """The deployment, with the engine installed and started where that is allowed and needed."""
    policy: Any = env_file.from_shell().get("INSTALL_ENGINE", settings.INSTALL_ENGINE)
    if policy not in ("ask", "always", "never"):
        raise HomeroomError(
            f"INSTALL_ENGINE={policy} must be 'ask', 'always' or 'never'",
            place="shell",
            remedy="Run `INSTALL_ENGINE=always make up`, or leave it out.",
        )
    return Deployment(settings, provide_engine(Path(settings.ENGINE_SOCKET), policy, ask=terminal_question()))


def check_machine(settings: Settings, engine: Engine | None) -> list[preflight.Finding]:
    """Look the machine over for this deployment; changes nothing. Without an engine, what can be told without.

    :raises HomeroomError: everything that stands in the way, together.
    """
    wanted = preflight.Wanted(
        project=settings.COMPOSE_PROJECT_NAME,
        directory=ROOT,
        hub_ip=settings.HUB_IP,
        hub_port=settings.HUB_PORT,
        lab_subnet=settings.LAB_SUBNET,
        lab_firewall=settings.LAB_FIREWALL == "on",
        lab_open_networks=settings.LAB_OPEN_NETWORKS,
        lab_memory_bytes=settings.LAB_MEMORY,
        labs_memory_bytes=settings.LABS_MEMORY,
        lab_cpus=settings.LAB_CPUS,
        labs_cpus=settings.LABS_CPUS,
        lab_pids=settings.LAB_PIDS,
        lab_open_files=labs.open_files(settings, labs.read_machine()),
        services_memory_bytes=settings.HUB_MEMORY + settings.PROXY_MEMORY + settings.GUARD_MEMORY,
        released=RELEASED,
    )
    findings = preflight.run_checks(engine, wanted)
    raise_all([*preflight.errors_of(findings), *homes.homes_faults(settings, ROOT)])
    return findings


def check_site(settings: Settings) -> list[preflight.Finding]:
    """Whether the labs of each lesson fit, and whether there is a file in `site/` that nobody reads; changes nothing.

    :raises HomeroomError: everything that is wrong with site/schedule.yaml.
    """
    known = labs.load(settings, SITE, labs.read_machine())
    lessons = schedule.findings(schedule.load(SITE, known), known)
    return [*lessons, *site_files.unread(SITE), *kernels.unread(SITE), *lab_network.load(settings).findings]


def named_images(settings: Settings) -> list[tuple[str, str]]:
    """Every image that labs may be started from, as the operator names it, with the place."""
    named = [(profile.image, f"site/{labs.PROFILES}: {profile.name}") for profile in labs.profiles_of(SITE)]
    return [(settings.DOCKER_NOTEBOOK_IMAGE, site_images.SETTING), *((image, place) for image, place in named if image)]


def check_images(deployment: Deployment) -> None:
    """See that every image for labs is there or can be had; changes nothing.

    :raises HomeroomError: for all that cannot.
    """
    site_images.check(deployment, named_images(deployment.settings))


def check_gpus(deployment: Deployment) -> None:
    """See that the engine can give GPUs in the way that site/gpus.yaml says.

    :raises HomeroomError: it cannot; a lab would start without its GPU.
    """
    access = gpus.declared_access(SITE)
    if access:
        raise_all(list(gpus.access_faults(access, deployment.engine.kind, deployment.client.info())))


def check_locale(deployment: Deployment) -> None:
    """See that every image for labs that is there has the locale that is set; C.UTF-8 every image has.

    :raises HomeroomError: for all that have not.
    """
    wanted = deployment.settings.LAB_LANG
    if _plain(wanted) in ("c", "posix", "cutf8"):
        return
    named = named_images(deployment.settings)
    errors: list[HomeroomError] = []
    for image in dict.fromkeys(site_images.full_name(name, deployment.settings) for name, _ in named):
        known = _locales(deployment, image)
        if known and _plain(wanted) not in map(_plain, known):
            cause = f"the image {image} has no locale {wanted}"
            remedy = f"It has {', '.join(known)}. Leave LAB_LANG out for C.UTF-8, or use images that have yours."
            errors.append(HomeroomError(cause, place=".env: LAB_LANG", remedy=remedy))
    raise_all(errors)


def _locales(deployment: Deployment, image: str) -> list[str]:
    """The locales of an image; none of one that is not there, or has no program that tells them."""
    try:
        listed: Any = deployment.client.containers.run(
            image, ["-a"], entrypoint="locale", network_mode="none", remove=True, labels={SERVICE_LABEL: "check"}
        )
    except (docker.errors.ContainerError, docker.errors.APIError):  # ImageNotFound is one of the latter
        return []
    found: list[str] = listed.decode(errors="replace").split()
    return found


def _plain(locale: str) -> str:
    """A locale's name as the C library compares it: `de_AT.UTF-8` is `de_AT.utf8`."""
    return locale.lower().replace("-", "").replace(".", "")


def check_hub_loads(deployment: Deployment, texts: dict[str, str]) -> None:
    """Load a configuration in the hub's image, as the hub would; needs that image.

    :raises HomeroomError: it does not load; the place is the file and line, in `site/` where it is the operator's.
    """
    staging = RENDERED / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    name = f"{deployment.project}-check-{secrets.token_hex(4)}"
    try:
        render.write(texts, staging)
        deployment.client.containers.run(
            f"{deployment.project}-hub:local",
            ["python", "-m", "homeroom.check_config", f"/srv/jupyterhub/{render.HUB_CONFIG}"],
            volumes={
                str(staging): {"bind": "/srv/jupyterhub", "mode": "ro"},
                str(SITE): {"bind": "/srv/site", "mode": "ro"},
            },
            network_mode="none",
            cap_drop=["ALL"],
            labels={SERVICE_LABEL: "check"},
            name=name,
        )
    except docker.errors.ContainerError as error:
        said_bytes: Any = error.stderr or b""
        said = said_bytes.decode(errors="replace").strip().splitlines()
        raise _load_error(said[-1] if said else f"it ended with {error.exit_status}") from None
    finally:
        with contextlib.suppress(docker.errors.NotFound):  # by its name: Ctrl-C may come before its making is answered
            deployment.client.containers.get(name).remove(force=True)
        shutil.rmtree(staging, ignore_errors=True)


def check_hub_if_built(deployment: Deployment, texts: dict[str, str]) -> bool:
    """As `check_hub_loads`, where the hub's image is there; returns whether it is."""
    built = bool(image_id(deployment.client, f"{deployment.project}-hub:local"))
    if built:
        check_hub_loads(deployment, texts)
    return built


def check_where_possible(settings: Settings, texts: dict[str, str]) -> None:
    """As `check_hub_if_built`, where there is an engine; before the first `up` there is none, and no hub that the files
    could stop.

    :raises HomeroomError: the configuration does not load.
    """
    try:
        here = Deployment(settings, find_engine(Path(settings.ENGINE_SOCKET)))
    except HomeroomError:
        return
    check_hub_if_built(here, texts)


def _load_error(line: str) -> HomeroomError:
    """`/srv/jupyterhub/hub.d/a.py:3: cause` as an operator's error about `site/hub.d/a.py`."""
    path, _, rest = line.partition(":")
    number, _, cause = rest.partition(": ")
    name = path.removeprefix("/srv/jupyterhub/")
    place = f"site/{name} line {number}" if name.startswith(render.HUB_D) else f"rendered/{name} line {number}"
    return HomeroomError(cause or line, place=place, remedy=render.HUB_D_REMEDY)


def build(deployment: Deployment, *, rebuild: bool = False) -> None:
    """Have every image: the base image pulled or made; ours, then the operator's built where their sources changed;
    others pulled where they are missing, since labs never pull while somebody waits."""
    images = ensure_images(deployment.engine, deployment.image_specs(), rebuild=rebuild)
    if own := site_images.specs(deployment):
        images += ensure_images(deployment.engine, own, rebuild=rebuild)
    site_images.ensure(deployment, named_images(deployment.settings))
    check_locale(deployment)
    if not any(image.built for image in images):
        with step("Images are up to date"):
            pass


def prepare_storage(deployment: Deployment) -> None:
    """Make the volumes of shares, and put homes under their limits; does nothing where neither is asked for.

    :raises HomeroomError: the file system keeps no limits.
    """
    disk = storage.load(deployment.settings, SITE, ROOT)
    if not disk.asks_for_something:
        return
    with step("Preparing shares and homes") as shown:
        shown.say(", ".join(storage.prepare(deployment.client, disk)) or "up to date")


def render_checked(deployment: Deployment) -> list[str]:
    """Render; what changed is first loaded in the hub's image, so that a slip never reaches the running hub.

    :returns: the names of the generated files that changed.
    """
    texts = render.texts(deployment.settings, SITE)
    if render.is_current(texts, RENDERED):
        return []
    with step("Rendering the hub's configuration") as shown:
        check_hub_loads(deployment, texts)
        changed = render.write(texts, RENDERED)
        shown.say(", ".join(changed))
    return changed


def bring_up(deployment: Deployment) -> None:
    """Bring the services up, restart those that run with older files, and wait until all are healthy."""
    with step("Starting guard, firewall, proxy and hub") as shown:
        if runs_older_files(deployment, "firewall"):  # with older rules it is not healthy, and Compose would give up
            deployment.compose("restart", "firewall")
        _compose_up(deployment)
        stale = [name for name in ("guard", "hub") if runs_older_files(deployment, name)]
        if stale:
            shown.say(f"restarting {', '.join(stale)} with the new configuration")
            deployment.compose("restart", *stale)
            wait_until_healthy(deployment, stale)
        shown.say("healthy")


def _compose_up(deployment: Deployment) -> None:
    """:raises HomeroomError: it failed; with its reason where that is one that an operator can mend."""
    try:
        deployment.compose("up", "--detach", "--remove-orphans", "--wait", f"--wait-timeout={HEALTHY_SECONDS}")
    except HomeroomError as error:
        firewall = deployment.service("firewall")
        if "Pool overlaps" in error.cause:  # it was free when the machine was checked
            taken = [deployment.settings.LAB_SUBNET, *(route.subnet for route in preflight.host_routes())]
            raise HomeroomError(
                f"{deployment.settings.LAB_SUBNET} was taken by another network of the engine just now",
                place=".env: LAB_SUBNET",
                remedy=f"Set LAB_SUBNET={preflight.free_subnet(taken, deployment.project)} and run `make up` again.",
            ) from None
        if firewall is not None and _health(firewall) != "healthy":
            raise HomeroomError(
                f"the labs' firewall cannot be put in force: {last_words(firewall)}",
                place="firewall",
                remedy="Its kernel needs nftables with fib, conntrack and connlimit, as Debian's and Ubuntu's have. "
                "LAB_FIREWALL=off in .env goes on without: labs then reach private networks.",
            ) from None
        raise (not_healthy(deployment) or error) from None


def runs_older_files(deployment: Deployment, service: str) -> bool:
    """Whether a service was started before the files it read at its start were last changed."""
    container = deployment.service(service)
    if container is None:
        return False
    read_at_start = {
        "guard": [RENDERED / render.GUARD_POLICY],
        "firewall": [RENDERED / render.FIREWALL_RULES],
        "hub": [
            *(RENDERED / name for name in (render.HUB_CONFIG, render.CULLER_CONFIG, render.LESSONS, render.HUB_D)),
            *(RENDERED / render.HUB_D).glob("*.py"),
        ],
    }[service]
    started = datetime.fromisoformat(container.attrs["State"]["StartedAt"]).timestamp()
    return any(path.exists() and path.stat().st_mtime > started for path in read_at_start)


def wait_until_healthy(deployment: Deployment, services: Sequence[str], seconds: float = HEALTHY_SECONDS) -> None:
    """Wait until the services' own healthchecks pass.

    :raises HomeroomError: one did not become healthy in time, with the end of its log.
    """
    deadline = time.monotonic() + seconds
    for name in services:
        while (container := deployment.service(name)) is None or _health(container) != "healthy":
            fails_again = container is not None and container.attrs["RestartCount"] >= MOST_RESTARTS
            if time.monotonic() > deadline or fails_again:
                raise _fault(name, container)
            time.sleep(0.2)


def not_healthy(deployment: Deployment) -> HomeroomError | None:
    """The first service that runs but is not healthy, or fails to run, in its own words; None where all is well."""
    for name in SERVICES:
        container = deployment.service(name)
        if container is not None and container.status != "created" and _health(container) != "healthy":
            return _fault(name, container)
    return None


def _fault(name: str, container: Container | None) -> HomeroomError:
    return HomeroomError(
        f"{name} is not healthy: {last_words(container) if container else 'it does not run'}",
        remedy=f"`make logs SERVICE={name}` shows the rest; `make check` looks settings and machine over.",
    )


def last_words(container: Container) -> str:
    """The end of a service's log: of its last start, where it said something since; what it said twice counts once."""
    started = datetime.fromisoformat(container.attrs["State"]["StartedAt"]).timestamp()  # of the year 1: it never was
    since = started if started > 0 else None
    said = container.logs(tail=SHOWN_LINES, since=since) or container.logs(tail=SHOWN_LINES)
    lines = said.decode(errors="replace").rstrip().splitlines()
    return "\n".join(dict.fromkeys(lines)) or "it said nothing"


def _health(container: Container) -> str:
    state = container.attrs["State"]
    return str(state.get("Health", {}).get("Status", state["Status"]))


def stop_labs(deployment: Deployment) -> int:
    """Stop and remove every lab of the deployment; homes stay. Returns how many were running."""
    labs = deployment.labs()
    running = sum(lab.status == "running" for lab in labs)
    for lab in labs:
        try:
            lab.stop(timeout=LAB_STOP_SECONDS)
            lab.remove(v=True, force=True)
        except docker.errors.NotFound:
            continue
    return running


def up() -> None:
    """From whatever there is to a running, proven deployment; what is right already is left alone."""
    from generator import accounts

    if init():
        note(f"Wrote {ENV_FILE.name} (mode 0600) with generated secrets, and site/ for what is yours.")
    settings = load()
    render.texts(settings, SITE)  # a slip in site/ is told before anything else is done
    kernels.read(SITE)
    site_images.own(SITE)
    try:
        engine = find_engine(Path(settings.ENGINE_SOCKET))
    except EngineMissing:
        engine = None
    with step("Checking the machine") as shown:
        findings = check_machine(settings, engine)
        shown.say(engine.title if engine else "no container engine yet")
    deployment = provided(settings)
    if engine is None:
        with step("Checking the machine, with its engine") as shown:
            findings = check_machine(settings, deployment.engine)
            shown.say(deployment.engine.title)
    for finding in [*findings, *check_site(settings)]:
        if finding.level == "warn":
            warn(f"{finding.place}: {finding.cause}\n  {finding.remedy}")
    check_gpus(deployment)
    build(deployment)
    prepare_storage(deployment)
    render_checked(deployment)
    if moved := [lab for lab in deployment.labs(running_only=True) if base_url_of(lab) != settings.BASE_URL]:
        warn(
            f"BASE_URL has changed. {counted(len(moved), 'lab')} started under the old one cannot be found any more "
            "and will be stopped; their people read why, and start them again."
        )
    bring_up(deployment)
    password = accounts.ensure_admin(deployment)
    proof.prove(deployment.settings)
    finish(deployment, password)


def finish(deployment: Deployment, password: str | None) -> None:
    """Build the kernels for everyone, and say where the running deployment is.

    A kernel that cannot be built keeps nobody from what is there: it is told first, the address and the password after
    it, and the command ends with the error's exit code.
    """
    failed: HomeroomError | None = None
    try:
        kernels.build(deployment)
    except HomeroomError as error:
        failed = error
        fail(error)
    finally:  # also after Ctrl-C: the password is shown this once
        _greet(deployment, password, "" if failed is None else ", but for the kernels told above")
    if failed is not None:
        raise SystemExit(failed.exit_code)


def base_url_of(lab: Container) -> str:
    """The BASE_URL that a lab was started under."""
    variables: dict[str, str] = dict(each.split("=", 1) for each in lab.attrs["Config"]["Env"] if "=" in each)
    return variables.get("JUPYTERHUB_BASE_URL", "")


def _greet(deployment: Deployment, password: str | None, exception: str) -> None:
    settings = deployment.settings
    note(f"\n[bold]Homeroom is up{exception}:[/bold] {proof.address(settings)}")
    if settings.AUTH == "dummy":
        note("A trial on this machine: any name, no password.")
        return
    note(f"Administrator:  [bold]{settings.JUPYTERHUB_ADMIN}[/bold]")
    if password:
        note(f"Password:       [bold]{password}[/bold]   (shown this once; `make password` makes a new one)")
    if not settings.HUB_IP.startswith("127."):
        warn(
            "Passwords travel unencrypted over plain HTTP. On a network that you do not trust, put a web server with "
            "TLS in front and set HUB_IP=127.0.0.1: docs/operations.md shows how."
        )


def down() -> None:
    """Stop labs and services and remove their containers and networks; homes and accounts stay."""
    deployment = existing()
    with step("Stopping labs and services") as shown:
        deployment.compose("stop", "hub", check=False)  # first, so that nobody starts a lab meanwhile
        labs = stop_labs(deployment)
        if deployment.service("firewall"):
            deployment.compose("stop", "firewall")  # or it would put its rules in force again
            deployment.compose("run", "--rm", "firewall", "homeroom-firewall", "remove", deployment.project)
        deployment.compose("down", "--remove-orphans")
        shown.say(f"{counted(labs, 'lab')} stopped; homes and accounts stay")


def require(deployment: Deployment, *services: str, running: bool = False) -> None:
    """See that the containers of these services are there; without a name, that any service's is.

    :param running: and that they run.
    :raises HomeroomError: one is not.
    """
    found = {name: deployment.service(name) for name in services or SERVICES}
    missing = [name for name, one in found.items() if one is None or (running and one.status != "running")]
    if missing and (services or len(missing) == len(found)):
        named = f"services {', '.join(missing)} are" if len(missing) > 1 else f"service {missing[0]} is"
        cause = f"the {named} not {'running' if running else 'there'}"
        raise HomeroomError(cause, remedy="`make up` brings everything up; `make status` shows what is there.")


def restart() -> None:
    """Restart the hub with the configuration that `.env` and `site/` make now; labs, kernels and websockets go on.
    Guard and firewall are restarted too where their rules changed: the hub's asks would be refused by the older ones.

    What Compose itself reads of `.env` (ports, memory of the services) takes `up`.
    """
    deployment = existing()
    require(deployment, "hub")
    prepare_storage(deployment)
    render_checked(deployment)
    services = [*(name for name in ("guard", "firewall") if runs_older_files(deployment, name)), "hub"]
    with step(f"Restarting {' and '.join(services)}; labs go on"):
        deployment.compose("restart", *services)
        wait_until_healthy(deployment, services)
    proof.prove(deployment.settings)


def clean() -> None:
    """Remove what `make up` can make again: containers, networks, images, generated files. Never homes, accounts,
    `.env` or `site/`."""
    deployment = existing()
    down()
    with step("Removing images and generated files"):
        for spec in (*site_images.specs(deployment), *deployment.image_specs()):
            try:
                deployment.client.images.remove(spec.tag)
            except docker.errors.ImageNotFound:
                continue
        for volume in ("guard-socket", "proxy-socket", "hub-socket", "lab-sockets", "kernels"):
            try:
                deployment.client.volumes.get(f"{deployment.project}_{volume}").remove()
            except docker.errors.NotFound:
                continue
        shutil.rmtree(RENDERED, ignore_errors=True)
    note("Homes, accounts, .env and site/ are untouched.")
