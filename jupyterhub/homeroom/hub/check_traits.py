"""Whether a loaded configuration fits the classes it is for: each section a class, each name a trait, each value of its
type. The hub itself says a word in its log about a name that it does not know, and goes on without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from traitlets import TraitError, TraitType
from traitlets.config import Config, Configurable
from traitlets.config.loader import LazyConfigValue
from traitlets.utils.importstring import import_item

NAMED_CLASSES = ("authenticator_class", "proxy_class", "spawner_class")


@dataclass(frozen=True)
class Misfit:
    """What does not fit; `name` is as the configuration writes it, `c.LabSpawner.mem_limit`."""

    name: str
    cause: str


def misfits(config: Config) -> Iterator[Misfit]:
    """Everything that does not fit."""
    missing = list(_import(config))
    yield from missing
    if not missing:  # else classes are missing that sections may be for
        known = _classes()
        for section, values in config.items():
            if section not in known:
                yield Misfit(f"c.{section}", f"there is no class {section}.{_meant(section, known)}")
                continue
            for name, value in values.items():
                if cause := _fault(known[section], name, value):
                    yield Misfit(f"c.{section}.{name}", cause)
        yield from _unknown_services(config)
        yield from _ways_without_rules(config)


def _ways_without_rules(config: Config) -> Iterator[Misfit]:
    """A way to sign in that would let in nobody: the hub would not start with it."""
    ways = config.get("SignIn", {}).get("ways", {})
    for path in ways.values() if isinstance(ways, dict) else ():
        try:
            way = import_item(path)(config=config)
            has_rule = way.rules()
        except Exception as error:  # of whatever kind: the hub would end with it
            yield Misfit("c.SignIn.ways", f"{path} cannot be made: {error}")
            continue
        if not has_rule:
            yield Misfit("c.SignIn.ways", f"{type(way).__name__} has no rule who may sign in: it lets in nobody")


def _import(config: Config) -> Iterator[Misfit]:
    """Import what the configuration names: the classes that sections are for come along."""
    import jupyterhub.app  # noqa: F401 - for its classes

    hub = config.get("JupyterHub", {})
    named = [(f"c.JupyterHub.{name}", hub[name]) for name in NAMED_CLASSES if isinstance(hub.get(name), str)]
    ways = config.get("SignIn", {}).get("ways", {})
    named += [("c.SignIn.ways", path) for path in (ways.values() if isinstance(ways, dict) else ())]
    handlers = hub.get("extra_handlers", [])
    for each in handlers if isinstance(handlers, list) else ():
        if not isinstance(each, list | tuple) or len(each) < 2:
            yield Misfit("c.JupyterHub.extra_handlers", f"{each!r} is not a path with its handler")
        elif isinstance(each[1], str):
            named.append(("c.JupyterHub.extra_handlers", each[1]))
    for place, path in named:
        if "." in path:  # a word alone is an entry point, which the hub looks up
            try:
                import_item(path)
            except Exception as error:  # of whatever kind: it is somebody's module that runs here
                yield Misfit(place, f"{path} cannot be imported: {error}")


def _classes() -> dict[str, type[Configurable]]:
    """Every configurable class that has been imported, by its name."""
    found: dict[str, type[Configurable]] = {}
    pending: list[type[Configurable]] = [Configurable]
    while pending:
        one = pending.pop()
        pending += one.__subclasses__()
        found[one.__name__] = one
    return found


def _fault(cls: type[Configurable], name: str, value: Any) -> str:
    """What is wrong with a value for a trait; empty where nothing is."""
    traits = cls.class_traits(config=True)
    if name not in traits:
        return f"{cls.__name__} has no trait {name}.{_meant(name, traits)}"
    if isinstance(value, LazyConfigValue):  # only added to
        return ""
    trait: TraitType[Any, Any] = traits[name]
    try:
        trait._validate(cls.__new__(cls), value)
    except TraitError as error:
        return " ".join(str(error).split())
    except Exception:  # noqa: S110 - a check across traits, which needs the whole object: the hub makes it
        pass
    return ""


def _unknown_services(config: Config) -> Iterator[Misfit]:
    """A role for a service that is not there."""
    hub = config.get("JupyterHub", {})
    roles, services = hub.get("load_roles", []), hub.get("services", [])
    if isinstance(roles, list) and isinstance(services, list):
        known = {service.get("name") for service in services if isinstance(service, dict)}
        for role in roles:
            for name in role.get("services", []) if isinstance(role, dict) else ():
                if name not in known:
                    cause = f"the role {role.get('name')} is for a service {name}, which is not there"
                    yield Misfit("c.JupyterHub.load_roles", cause)


def _meant(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""
