"""docker-compose.yml with every combination of settings that changes it, through Compose itself."""

from __future__ import annotations

import ipaddress
import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest

from generator.core.paths import COMPOSE_FILE
from generator.engine.find import OLD_API_COMPOSE
from generator.schema.env_file import load, new_text
from generator.schema.settings import specs
from tests.compose_config import compose, config, have_compose
from tests.sample_settings import OTHER_VALUES, TOKEN

WITH_OPTIONAL_SERVICES = ("--profile", "*")
SECRETS = {"CONFIGPROXY_AUTH_TOKEN": TOKEN}
ADDRESSES = ("0.0.0.0", "127.0.0.1", "192.0.2.7", "::", "::1")
COMBINATIONS = list(itertools.product(("native", "dummy"), ("/", "/biology/"), ADDRESSES, ("empty", "full")))


@pytest.fixture(autouse=True)
def have_the_tool(request: pytest.FixtureRequest) -> None:
    """Compose is there."""
    have_compose(request)


def deployment(directory: Path, values: dict[str, str]) -> Path:
    """A directory with docker-compose.yml and an `.env` of these values."""
    shutil.copy(COMPOSE_FILE, directory)
    (directory / ".env").write_text(new_text(values))
    return directory


def published(found: dict[str, Any]) -> tuple[str, str, int]:
    """Address, port and port in the container at which the proxy is published."""
    (port,) = found["services"]["proxy"]["ports"]
    return port["host_ip"], port["published"], port["target"]


@pytest.mark.parametrize(("auth", "base_url", "address", "filled"), COMBINATIONS, ids=str)
def test_every_combination_is_a_valid_file(tmp_path: Path, auth: str, base_url: str, address: str, filled: str) -> None:
    """Compose takes the file with every combination of sign-in, path and address, with an `.env` that says no more
    and one that says everything; people are let in at that address and the hub is healthy under that path."""
    values = (OTHER_VALUES if filled == "full" else SECRETS) | {"AUTH": auth, "BASE_URL": base_url, "HUB_IP": address}
    directory = deployment(tmp_path, values)
    if auth == "native" or ipaddress.ip_address(address).is_loopback:
        load(directory / ".env")
    assert compose(directory, "config", "--quiet").returncode == 0
    found = config(directory)
    assert published(found) == (address, values.get("HUB_PORT", "8000"), 8000)
    assert found["services"]["hub"]["healthcheck"]["test"][-1] == base_url
    project = values.get("COMPOSE_PROJECT_NAME", "homeroom")
    assert found["name"] == project
    named = [service["image"] for service in found["services"].values()]
    named += [entry["name"] for kind in ("volumes", "networks") for entry in found[kind].values()]
    assert [name for name in named if not name.startswith((f"{project}-", f"{project}_"))] == []


@pytest.mark.parametrize("name", [spec.name for spec in specs() if "compose" in spec.about.consumers])
def test_a_setting_takes_effect(tmp_path: Path, name: str) -> None:
    """Each setting that Compose reads changes what Compose would do."""
    before = config(deployment(tmp_path, SECRETS), *WITH_OPTIONAL_SERVICES)
    assert config(deployment(tmp_path, SECRETS | {name: OTHER_VALUES[name]}), *WITH_OPTIONAL_SERVICES) != before


@pytest.mark.parametrize("text", ["", "CONFIGPROXY_AUTH_TOKEN=\n"])
def test_without_a_secret_compose_says_how_to_get_one(tmp_path: Path, text: str) -> None:
    """`docker compose up` by hand, without the secret, starts nothing and points to `make init`."""
    (deployment(tmp_path, SECRETS) / ".env").write_text(text)
    done = compose(tmp_path, "config", "--quiet")
    assert done.returncode != 0
    assert "CONFIGPROXY_AUTH_TOKEN" in done.stderr
    assert 'is not set - run "make init"' in done.stderr


def test_nothing_is_deprecated_or_unset(tmp_path: Path) -> None:
    """Compose has no warning to give about the file."""
    assert compose(deployment(tmp_path, SECRETS), "config", "--quiet").stderr == ""


def test_an_older_engine_gets_the_same_services(tmp_path: Path) -> None:
    """The file that is laid over for an engine without `start_interval` takes that away and changes nothing else."""
    directory = deployment(tmp_path, SECRETS)
    usual = config(directory)
    older = config(directory, "--file", COMPOSE_FILE.name, "--file", str(OLD_API_COMPOSE))
    for found in (usual, older):
        for service in found["services"].values():
            service["healthcheck"].pop("start_interval", None)
            service["healthcheck"].pop("interval", None)
    assert older == usual
