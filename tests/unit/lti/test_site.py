"""generator.topics.lti: what site/lti.yaml may say, what the hub is told of it, and what `make check` looks at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.lti import counterpart, presets
from generator.topics.lti.platforms import load_platforms
from generator.topics.lti.site import PlatformEntry
from tests.hub_config import loaded
from tests.lti_platform import LearningPlatform, learning_platform
from tests.sample_settings import settings

KEY = "0f" * 32
MOODLE = """\
platforms:
  - name: moodle
    preset: moodle
    url: https://moodle.example.edu/
    client_id: a1B2
    deployment_ids: ["1"]
"""
TLS = {"TLS": "behind-proxy", "HUB_HOST": "hub.example", "TRUSTED_PROXIES": "10.0.0.1"}


def site(directory: Path, text: str) -> Path:
    """A `site/` with this file."""
    made = directory / "site"
    made.mkdir(exist_ok=True)
    (made / "lti.yaml").write_text(text, encoding="utf-8")
    return made


def fault(directory: Path, text: str, **values: str) -> str:
    """What is wrong."""
    given = {"AUTH": "lti", "JUPYTERHUB_CRYPT_KEY": KEY, **TLS, **values}
    with pytest.raises(HomeroomError) as raised:
        load_platforms(settings(**given), site(directory, text))
    return str(raised.value)


def test_a_platform_reaches_the_hub(tmp_path: Path) -> None:
    """What stands in the file is what the hub's class is told, with the addresses of the preset."""
    text = f"allow_all: true\nnames: pseudonyms\n{MOODLE}"
    config = loaded(tmp_path, site(tmp_path, text), AUTH="lti", JUPYTERHUB_CRYPT_KEY=KEY, **TLS)
    assert config.SignIn.ways == {"lti": "homeroom.lti.way.LTIWay"}
    assert config.LTIWay.public_url == "https://hub.example/"
    assert config.LTIWay.allow_all is True
    assert config.LTIWay.names == "pseudonyms"
    (platform,) = config.LTIWay.platforms
    assert platform == {
        "name": "moodle",
        "issuer": "https://moodle.example.edu",
        "authorize_url": "https://moodle.example.edu/mod/lti/auth.php",
        "jwks_url": "https://moodle.example.edu/mod/lti/certs.php",
        "client_id": "a1B2",
        "deployment_ids": ["1"],
        "algorithms": ["RS256"],
        "certificate": "",
    }


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_is_complete(name: str) -> None:
    """With `url`, and for Open edX the key set of the activity, a preset says all that a launch needs."""
    more = {"jwks_url": "https://lms.example/keys"} if name == "openedx" else {}
    values = {"name": name, "preset": name, "url": "https://lms.example", "client_id": "c1", "deployment_ids": ["1"]}
    found = presets.addresses(PlatformEntry.model_validate({**values, **more}))
    assert set(found) == set(presets.ADDRESSES)
    assert all(value.startswith("https://") and "{" not in value for value in found.values())


FAULTS = {
    "no rule": (MOODLE, "there is no rule who may sign in", "allow_all: true"),
    "nothing": ("", "there are no platforms", "docs/sign-in/lti.md"),
    "plain http": (
        "allow_all: true\n" + MOODLE.replace("https://moodle", "http://moodle"),
        "site/lti.yaml line 5",
        "docs/sign-in/lti.md",
    ),
    "unknown preset": ("allow_all: true\n" + MOODLE.replace("preset: moodle", "preset: noodle"), "line 4", "docs/"),
    "unknown field": ("allow_all: true\n" + MOODLE.replace("client_id", "clientid"), "line 6", "client_id"),
    "no deployment": ("allow_all: true\n" + MOODLE.replace('["1"]', "[]"), "line 7", "docs/"),
    "no url": (
        "allow_all: true\n" + MOODLE.replace("    url: https://moodle.example.edu/\n", ""),
        "needs url",
        "Add `url:`",
    ),
    "no preset": (
        "allow_all: true\n" + MOODLE.replace("    preset: moodle\n", ""),
        "moodle has no issuer, authorize_url, jwks_url",
        "Copy it",
    ),
    "twice": ("allow_all: true\n" + MOODLE + MOODLE.partition("\n")[2], "moodle is there twice", "another name"),
    "twins": (
        "allow_all: true\n" + MOODLE + MOODLE.partition("\n")[2].replace("name: moodle", "name: other"),
        "other and moodle have the same deployment 1",
        "Keep it at one",
    ),
    "twins of other addresses": (
        "allow_all: true\n"
        + MOODLE
        + MOODLE.partition("\n")[2].replace("name: moodle", "name: other").replace('"1"', '"2"')
        + "    jwks_url: https://evil.example/keys\n",
        "have one issuer and client_id, and other addresses",
        "the same addresses",
    ),
    "no certificate": ("allow_all: true\n" + MOODLE + "    ca_file: ca.pem\n", "no file site/ca.pem", "as PEM"),
    "a shared secret": ("allow_all: true\n" + MOODLE + "    algorithms: [HS256]\n", "line 8", "docs/"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_with_its_line_and_remedy(tmp_path: Path, what: str) -> None:
    """What is wrong in the file stops `make up` before anything is changed, with where and what to do."""
    text, cause, remedy = FAULTS[what]
    said = fault(tmp_path, text)
    assert cause in said
    assert remedy in said


@pytest.mark.parametrize(
    ("values", "location"),
    [
        ({"TLS": "off", "TRUSTED_PROXIES": "", "HUB_HOST": "hub.example"}, ".env TLS"),
        ({"TLS": "off", "TRUSTED_PROXIES": "", "HUB_HOST": ""}, ".env HUB_HOST"),
    ],
)
def test_lti_needs_https(tmp_path: Path, values: dict[str, str], location: str) -> None:
    """Without HTTPS browsers do not send a launch's cookie, and others on the network could take the launch."""
    assert location in fault(tmp_path, f"allow_all: true\n{MOODLE}", **values)


def test_a_trial_on_this_machine_needs_none(tmp_path: Path) -> None:
    """Browsers take this machine's own address for a safe one."""
    here = settings(AUTH="lti", HUB_HOST="localhost", JUPYTERHUB_CRYPT_KEY=KEY)
    assert load_platforms(here, site(tmp_path, f"allow_all: true\n{MOODLE}"))


def test_without_lti_in_auth_the_file_is_not_needed(tmp_path: Path) -> None:
    """A deployment that does not name LTI needs none of it."""
    assert load_platforms(settings(), tmp_path) is None


@pytest.fixture
def school() -> Iterator[LearningPlatform]:
    """A platform."""
    with learning_platform() as made:
        yield made


def told(school: LearningPlatform, directory: Path) -> dict[str, str]:
    """What `make check` says of a platform, by its weight."""
    platform = {**school.values(), "certificate": ""}
    return {found.level: found.cause for found in counterpart.look(platform, directory)}


def test_the_platforms_keys_are_looked_at(school: LearningPlatform, tmp_path: Path) -> None:
    """`make check` reads the key set, as a launch would."""
    assert told(school, tmp_path) == {"ok": f"school: 1 key at {school.url}/jwks"}


@pytest.mark.parametrize("answer", [{"keys": []}, {}, [], {"keys": [{"kty": "oct"}]}])
def test_a_platform_without_keys_is_told(school: LearningPlatform, tmp_path: Path, answer: object) -> None:
    """A key set without a public key, or an address with something else, is told before somebody's launch fails."""
    school.jwks = lambda: answer  # type: ignore[method-assign, assignment, return-value]
    assert list(told(school, tmp_path)) == ["warn"]


def test_a_platform_that_is_not_there_is_told(tmp_path: Path) -> None:
    """An address at which nobody answers is told, with what to do."""
    with learning_platform() as gone:
        pass
    assert list(told(gone, tmp_path)) == ["warn"]


@pytest.mark.parametrize(("apart", "told_of"), [(0, False), (20, False), (45, True), (-45, True)])
def test_clocks_are_compared(apart: int, told_of: bool) -> None:
    """A clock that is half a minute off is told before launches are refused for it."""
    noon = 1_800_000_000
    found = list(counterpart.clock("school", "Fri, 15 Jan 2027 08:00:00 GMT", noon - apart))
    assert bool(found) is told_of
