"""generator.topics.lti: what site/lti.yaml may say, what the hub is told of it, and what `make check` looks at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from generator.core.errors import HomeroomError
from generator.topics.lti import checks, counterpart, presets
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
        "token_url": "https://moodle.example.edu/mod/lti/token.php",
        "client_id": "a1B2",
        "deployment_ids": ["1"],
        "algorithms": ["RS256"],
        "courses": "none",
        "certificate": "",
    }


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_is_complete(name: str) -> None:
    """With `url`, and for Open edX the key set of the activity, a preset says all that a launch needs."""
    more = {"jwks_url": "https://lms.example/keys"} if name == "openedx" else {}
    values = {"name": name, "preset": name, "url": "https://lms.example", "client_id": "c1", "deployment_ids": ["1"]}
    found = presets.addresses(PlatformEntry.model_validate({**values, **more}))
    assert set(found) - {presets.TOKEN_URL} == set(presets.ADDRESSES)
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
    "a secret in the file": (
        "allow_all: true\nconsumers:\n  - name: old\n    key: k\n    secret: abc\n",
        "line 5",
        "Known here: key, name, url",
    ),
    "a consumer without a secret": (
        "allow_all: true\nconsumers:\n  - name: old\n    key: k\n",
        "has no secret of old",
        "Add old:<secret> to it",
    ),
    "a consumer called as a platform": (
        "allow_all: true\n" + MOODLE + "consumers:\n  - name: moodle\n    key: k\n",
        "moodle is there twice",
        "another name",
    ),
    "one key for two": (
        "allow_all: true\nconsumers:\n  - name: old\n    key: k\n  - name: older\n    key: k\n",
        "older and old have the same key",
        "a key of its own",
    ),
    "a key with a space": ("allow_all: true\nconsumers:\n  - name: old\n    key: a b\n", "line 4", "docs/"),
    "a consumer on plain http": (
        "allow_all: true\nconsumers:\n  - name: old\n    key: k\n    url: http://old.example\n",
        "line 5",
        "docs/",
    ),
    "a shared secret": ("allow_all: true\n" + MOODLE + "    algorithms: [HS256]\n", "line 8", "docs/"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_with_its_line_and_remedy(tmp_path: Path, what: str) -> None:
    """What is wrong in the file stops `make up` before anything is changed, with where and what to do."""
    text, cause, remedy = FAULTS[what]
    said = fault(tmp_path, text)
    assert cause in said
    assert remedy in said


CONSUMER = "allow_all: true\nconsumers:\n  - name: old\n    key: homeroom\n    url: https://old.example\n"
SHARED = "old:a.secret-of~24_characters"


def test_a_consumer_reaches_the_hub_without_its_secret(tmp_path: Path) -> None:
    """A platform that speaks LTI 1.1 is told to the hub; what it signs by is in `.env` alone."""
    config = loaded(tmp_path, site(tmp_path, CONSUMER), AUTH="lti", JUPYTERHUB_CRYPT_KEY=KEY, LTI_SECRETS=SHARED, **TLS)
    assert config.LTIWay.consumers == [{"name": "old", "key": "homeroom", "url": "https://old.example"}]
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 2
    assert not [text for text in written if "24_characters" in text]


def test_a_secret_of_nobody_is_told(tmp_path: Path) -> None:
    """A slip in a name is told, with the name that was meant and without the secret."""
    said = fault(tmp_path, CONSUMER, LTI_SECRETS=f"{SHARED},odl:another.secret-of~24_letters")
    assert "has a secret of odl, which is no consumer" in said
    assert "Did you mean old?" in said
    assert "letters" not in said


@pytest.mark.parametrize("value", ["old", "old:", "old:short", f"{SHARED},", f"{SHARED},{SHARED}", f"Old{SHARED[3:]}"])
def test_secrets_are_pairs(value: str) -> None:
    """A secret is long enough, and it is said whose it is, once; what is wrong is told without it."""
    with pytest.raises(ValidationError) as raised:
        settings(LTI_SECRETS=value)
    assert "24_characters" not in str(raised.value)
    assert "LTI_SECRETS" in str(raised.value)


def test_what_to_enter_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make check` prints what to paste at a platform that speaks LTI 1.1, and not the secret."""
    monkeypatch.setattr(checks, "SITE", site(tmp_path, CONSUMER))
    found = list(checks.of_site(settings(AUTH="lti", JUPYTERHUB_CRYPT_KEY=KEY, LTI_SECRETS=SHARED, **TLS)))
    (said,) = [each.cause for each in found if "old" in each.cause]
    assert "launch URL: https://hub.example/hub/lti/launch" in said
    assert "consumer key: homeroom" in said
    assert "old:homeroom:<the shared secret>" in said
    assert not [each for each in found if "24_characters" in str(each)]


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
