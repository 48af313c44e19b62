"""`make doctor`: one verdict, what to do first, and a file for a helper that tells no secret."""

from __future__ import annotations

import tarfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError, SeveralErrors
from generator.core.finding import error, ok, warning
from generator.lifecycle import diagnosis, doctor, support_bundle
from generator.lifecycle.diagnosis import Diagnosis
from generator.schema import env_file
from generator.schema.secret_words import without_secrets
from generator.topics.copies import moved
from generator.topics.copies.moved import Moved
from tests.sample_settings import TOKEN

ODD = warning("disk", "only 5 GiB are free", location="/var/lib/docker", remedy="Free some.")
WRONG = error("services", "is not there", location="hub", remedy="`make up` brings it up.")


def container(**attributes: Any) -> Any:
    """A service's container as the engine tells of it."""
    state = {
        "Status": "running",
        "ExitCode": 0,
        "OOMKilled": False,
        "Health": {"Status": "healthy"},
        "StartedAt": "0001-01-01T00:00:00Z",
    }
    given = {"status": "running", "restarts": 0, **attributes}
    state |= given.get("state", {})
    return SimpleNamespace(
        status=given["status"],
        attrs={"State": state, "RestartCount": given["restarts"]},
        logs=lambda **_: b"\x1b[32minfo\x1b[39m: the last words\n",
    )


def told(found: Diagnosis, *, everything: bool = False) -> str:
    """The verdict as one text."""
    return "\n".join(doctor.verdict(found, everything=everything))


def test_all_is_well() -> None:
    """Where nothing was found there is nothing to do."""
    found = Diagnosis()
    found.take([ok("disk", "200 GiB free")])
    assert "All is well." in told(found)


def test_a_deployment_that_moved_is_told_as_such() -> None:
    """Where it went is the verdict; what is wrong with the page that tells people so stands below it."""
    found = Diagnosis()
    found.moved = moved.told(Moved(state="moved", to="https://hub.example.edu/", at="2026-10-05T10:00:00+00:00"))
    text = told(found)
    assert "this deployment moved to https://hub.example.edu/ on 2026-10-05." in text
    assert "make move-back" in text
    assert "well" not in text
    found.take([WRONG])
    text = told(found)
    assert text.index("moved to") < text.index("1 thing is wrong.")


def test_what_is_wrong_comes_first_and_three_at_a_time() -> None:
    """Errors stand before what merely should be seen to, each with its remedy; the rest is counted."""
    found = Diagnosis()
    found.take([ODD, *(warning("clock", f"odd {number}", location="x", remedy="y") for number in range(3)), WRONG])
    text = told(found)
    assert "1 thing is wrong, and 4 things to see to." in text
    assert text.index("hub: is not there") < text.index("only 5 GiB are free")
    assert "`make up` brings it up." in text
    assert "And 2 more: `make doctor ALL=1`." in text
    assert "odd 2" not in text
    assert "odd 2" in told(found, everything=True)


def test_odd_things_alone_are_no_fault() -> None:
    """A deployment that works is said to, also where something should be seen to."""
    found = Diagnosis()
    found.take([ODD])
    assert "It works." in told(found)
    assert "wrong" not in told(found)


def test_words_from_outside_are_no_markup() -> None:
    """What a service said last is shown as it is."""
    found = Diagnosis()
    found.take([error("services", "said [red]nothing[/nonsense]", location="hub", remedy="Look.")])
    assert "\\[red]nothing" in told(found)


def test_a_look_that_fails_keeps_no_other_from_being_made() -> None:
    """A fault of the operator's is a finding with its place; several are several; a fault of ours is said, too."""

    def several() -> None:
        raise SeveralErrors([HomeroomError(each, location=f".env: {each}", remedy="Change it.") for each in ("A", "B")])

    def broken() -> None:
        raise KeyError("x")

    found = Diagnosis()
    assert found.look("settings", several) is None
    assert found.look("site", broken) is None
    assert found.look("engine", lambda: 7) == 7
    assert [(each.level, each.location) for each in found.wrong] == [
        ("error", ".env: A"),
        ("error", ".env: B"),
        ("warn", "site"),
    ]


def test_the_same_thing_is_told_once() -> None:
    """Two looks that meet the same fault are one line."""
    found = Diagnosis()
    found.take([WRONG])
    found.take([WRONG])
    assert len(found.wrong) == 1


@pytest.mark.parametrize(
    ("found", "level", "words"),
    [
        (None, "error", "is not there"),
        (container(status="exited", state={"ExitCode": 137}), "error", "it ended with 137"),
        (container(state={"Health": {"Status": "unhealthy"}}), "error", "info: the last words"),
        (container(state={"OOMKilled": True}), "warn", "want of memory"),
        (container(restarts=4), "warn", "4 times"),
    ],
    ids=["missing", "ended", "unhealthy", "memory", "restarts"],
)
def test_a_service_that_is_not_well_is_told_of(found: Any, level: str, words: str) -> None:
    """With its last words, and what to do."""
    (finding,) = diagnosis.faults_of("hub", found)
    assert (finding.level, finding.location) == (level, "hub")
    assert words in finding.cause
    assert finding.remedy


def test_a_service_that_is_well_is_not() -> None:
    """Nothing is said of it."""
    assert list(diagnosis.faults_of("hub", container())) == []


# --- The file for a helper ---


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: token {TOKEN}",
        "authorization: Bearer abcdefgh12345",
        'Cookie: "jupyterhub-session-id=0123456789abcdef"',
        '{"client_secret": "s3cr3t-of-github"}',
        "GET /hub/oauth_callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj",
        "password=correct-horse",
        "rest:https://user:battery-staple@backup.example/homeroom",
        "https://user:correct@horse-battery@backup.example/homeroom",
        f"JUPYTERHUB_API_TOKEN={TOKEN}",
        "AWS_SECRET_ACCESS_KEY=s3cr3t/of+s3, X-Api-Key: s3cr3t",
        "bind_password: 'correct horse battery'",
        'Cookie: a=b; jupyterhub-hub-login="2|1:0|44:0123456789abcdef|x"; _xsrf=abcdefgh12345',
        "launch of eyJhbGciOiJSUzI1NiJ9.eyJs3cr3tIjoiMSJ9.c2lncorrect was late",
        "-----BEGIN RSA PRIVATE KEY-----\ncorrect\nbattery\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    """Also one that is none of `.env`'s: of a person, a provider or another machine."""
    left = without_secrets(text, {})
    for secret in (TOKEN, "abcdefgh12345", "0123456789abcdef", "s3cr3t", "SplxlO", "af0ifj", "correct", "battery"):
        assert secret not in left


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a-",
            "token",
            "token=",
            "x.token-",
            "eyJ",
            "eyJaaaaaa-",
            "eyJaaaaaa.",
            "cookie",
            "://",
            "://a",
            "token='",
            "code ",
        ),
        "\n",
    ],
)
def test_hostile_logs_take_no_time(piece: str) -> None:
    """What a lab has a service write down does not keep the file from being written."""
    begun = time.process_time()
    without_secrets(piece * (400_000 // len(piece)), {})
    assert time.process_time() - begun < 5


def test_secrets_of_the_settings_are_taken_out_wherever_they_stand() -> None:
    """By their values, the longer first, with the setting's name in their place; what is no secret stays."""
    secrets = {TOKEN: "CONFIGPROXY_AUTH_TOKEN", TOKEN[:20]: "JUPYTERHUB_CRYPT_KEY"}
    left = without_secrets(f"the proxy said {TOKEN} on port 8000", secrets)
    assert left == "the proxy said [CONFIGPROXY_AUTH_TOKEN] on port 8000"


@pytest.mark.parametrize(
    "line",
    [
        "MAIL_PASSWORD 'battery-staple'",
        "MAIL_PASSWORD='battery-staple",
        "export MAIL_PASSWORD=battery-staple",
        "MAIL_PASSWROD=battery-staple",
        "battery-staple",
        "MAIL_PASSWORD: battery-staple",
    ],
)
def test_a_faulty_line_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """The file is written also where `.env` cannot be read, which is when somebody is asked; no fault and nothing in it
    tells what the line holds, nor the password of the copies."""
    env, copies = tmp_path / ".env", tmp_path / "secrets.env"
    env.write_text(f"CONFIGPROXY_AUTH_TOKEN={TOKEN}\n{line}\n")
    copies.write_text("RESTIC_PASSWORD=abcd-efgh-jkmn\n")
    monkeypatch.setattr(support_bundle, "ENV_FILE", env)
    monkeypatch.setattr(support_bundle, "COPIES", copies)
    monkeypatch.setattr(support_bundle, "SITE", tmp_path)
    monkeypatch.setattr(support_bundle, "open_deployment", lambda: env_file.load(env))
    with pytest.raises(HomeroomError) as caught:
        env_file.load(env)
    assert "battery" not in str(caught.value)
    path = tmp_path / "support.tar.gz"
    support_bundle.write(path, [f"the hub said battery-staple, {TOKEN} and abcd-efgh-jkmn"])
    with tarfile.open(path) as bundle:
        whole = "".join(bundle.extractfile(entry).read().decode() for entry in bundle)  # type: ignore[union-attr]
    for secret in ("battery", TOKEN, "abcd-efgh"):
        assert secret not in whole
    assert "the hub said" in whole


def test_the_file_is_for_its_owner_and_replaces_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written also where there is no engine, and says so; it holds no secret of `.env`; nothing is replaced."""
    env = tmp_path / ".env"
    env.write_text(
        f"CONFIGPROXY_AUTH_TOKEN={TOKEN}\nHUB_PORT=8001\nLTI_SECRETS=moodle:first-secret,canvas:second-one\n"
        "ALERT_WEBHOOK=https://chat.example.edu/hooks/of-the-chat\nWATCH_PING=https://ping.example.edu/srv\n"
    )
    monkeypatch.setattr(support_bundle, "ENV_FILE", env)
    monkeypatch.setattr(support_bundle, "SITE", tmp_path)

    def no_engine() -> None:
        raise HomeroomError("there is no engine", remedy="Install one.")

    monkeypatch.setattr(support_bundle, "open_deployment", no_engine)
    path = tmp_path / "support.tar.gz"
    support_bundle.require_free(path)
    support_bundle.write(
        path, [f"[red]wrong[/red] {TOKEN}", "moodle said first-secret", "POST /hooks/of-the-chat: 5 in /srv"]
    )
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as bundle:
        texts = {entry.name: bundle.extractfile(entry).read().decode() for entry in bundle}  # type: ignore[union-attr]
    whole = "\n".join(texts.values())
    assert "HUB_PORT=8001" in texts["homeroom-support/settings.txt"]
    assert "there is no engine" in texts["homeroom-support/services.txt"]
    assert "[red]" not in texts["homeroom-support/verdict.txt"]
    for secret in (TOKEN, "first-secret", "second-one", "of-the-chat"):
        assert secret not in whole
    assert "5 in /srv" in whole
    with pytest.raises(HomeroomError, match="is there already"):
        support_bundle.require_free(path)
    with pytest.raises(HomeroomError, match="no such folder"):
        support_bundle.require_free(tmp_path / "nowhere" / "support.tar.gz")
