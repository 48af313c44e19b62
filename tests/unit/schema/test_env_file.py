"""generator/schema/env_file.py: `.env` is read with line numbers, and read as its other reader reads it."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import dotenv
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.core.errors import HomeroomError
from generator.schema import env_file as subject
from generator.schema.settings import Settings
from tests.sample_settings import OTHER_VALUES, TOKEN

LEGAL = f"CONFIGPROXY_AUTH_TOKEN={TOKEN}\n"


def load(tmp_path: Path, text: str | bytes) -> Settings:
    path = tmp_path / ".env"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return subject.load(path)


def refusal(tmp_path: Path, text: str | bytes) -> str:
    """What an operator is told of a file."""
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K=plain", "plain"),
        ("K=", ""),
        ("K=''", ""),
        ('K=""', ""),
        ("K=a b", "a b"),
        ("K=a=b:c", "a=b:c"),
        ("K='a b'", "a b"),
        ("K=' a '", " a "),
        ("K='#$`\"'", '#$`"'),
        ('K="it\'s #1"', "it's #1"),
        ("K=trailing  ", "trailing"),
        ("K=crlf\r", "crlf"),
        ("K=ä€😀", "ä€😀"),
    ],
)
def test_lines_that_both_readers_read_alike_are_accepted(line: str, value: str) -> None:
    """Plain and quoted values arrive as written."""
    (parsed,) = subject.parse(f"# comment\n\n  # another\n{line}\n")
    assert (parsed.number, parsed.key, parsed.value) == (4, "K", value)


@pytest.mark.parametrize(
    "line",
    [
        "export K=a",
        "K = a",
        "K= a",
        " K=a",
        "K: a",
        "K",
        "=a",
        "1K=a",
        "K.a=b",
        "K=a#b",
        "K=a # comment",
        "K=a$HOME",
        "K=a\\b",
        "K=`a`",
        "K=it's",
        "K='a",
        "K='a'b",
        "K='it\\'s'",
        'K="a',
        'K="$HOME"',
        'K="a\\nb"',
        "K=a\tb",
        "K=a\t",
        "K=\x85a",
        "K=a\x0b",
        "# comment\rK=a",
        "\x1c",
        "K=a\0",
    ],
)
def test_a_line_that_the_readers_may_read_differently_is_refused(line: str) -> None:
    """What Compose and python-dotenv could read differently never reaches either; its line is named."""
    with pytest.raises(HomeroomError) as caught:
        subject.parse(f"# one\n# two\n{line}\n")
    assert caught.value.location == ".env line 3"
    assert caught.value.remedy


AWKWARD = st.sampled_from([*" \t\r\n'\"$#\\`=:{}\x00\x0b\x0c\x1c\x7f\x85\xa0\u2028\u3000\ufeff", "export ", "\\n"])
TEXT = st.lists(AWKWARD | st.characters(codec="utf-8"), max_size=12).map("".join)
ASSIGNMENT = st.builds("{}={}".format, st.sampled_from("ABC"), TEXT | TEXT.map("'{}'".format) | TEXT.map('"{}"'.format))
FILE = st.lists(ASSIGNMENT | TEXT | TEXT.map("#{}".format), max_size=4).map("\n".join)


@given(FILE)
@example("A=1\n#\rA=2")
@example("A='\nB='")
def test_what_is_accepted_python_dotenv_reads_alike(text: str) -> None:
    """Whatever file our parser accepts, python-dotenv finds the same keys and values in it."""
    try:
        ours = {line.key: line.value for line in subject.parse(text)}
    except HomeroomError:
        return
    assert dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False) == ours


@given(st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="-._/:@+,;&|~!?*()[]{}<>% =")))
def test_ordinary_values_are_accepted(value: str) -> None:
    """The parser does not refuse what people write: letters, digits, punctuation, inner spaces."""
    (line,) = subject.parse(f"K={value.strip()}")
    assert line.value == value.strip()


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    """A file with several faults is refused once, with all of them, so that it is fixed once."""
    told = refusal(tmp_path, "HUB_PORT=eighty\nAUTH=xxxxxx\n")
    assert ".env line 1: HUB_PORT=eighty: is not a whole number" in told
    assert ".env line 2: AUTH=xxxxxx: names 'xxxxxx', which is no way to sign in. Known: " in told
    assert "CONFIGPROXY_AUTH_TOKEN: is not set" in told


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("HUB_PROT", "Did you mean HUB_PORT?"),
        ("hub_port", "Did you mean HUB_PORT?"),
        ("LAB_MEM", "Did you mean LAB_MEMORY?"),
        ("JUPYTERHUB_ADMINS", "Did you mean JUPYTERHUB_ADMIN?"),
        ("QQQQQQ", "docs/settings.md lists all settings"),
    ],
)
def test_a_misspelt_key_names_the_nearest(tmp_path: Path, key: str, remedy: str) -> None:
    """An unknown key is an error that names the key that was meant."""
    told = refusal(tmp_path, f"{LEGAL}{key}=1\n")
    assert f".env line 2: there is no setting {key}" in told
    assert remedy in told


def test_a_duplicate_key_names_both_lines(tmp_path: Path) -> None:
    """A key that is set twice is refused: its readers would not agree which one counts."""
    told = refusal(tmp_path, f"{LEGAL}HUB_PORT=1\n\nHUB_PORT=2\n")
    assert ".env line 4: HUB_PORT is already set on line 2" in told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"HUB_PORT=1\n# caf\xe9\n", ".env line 2: byte 0xe9 is not UTF-8"),
        (b"\xef\xbb\xbfHUB_PORT=1\n", ".env line 1: begins with a byte order mark"),
        ("HUB_PORT=1\n".encode("utf-16"), ".env: is UTF-16, as some editors"),
    ],
)
def test_another_encoding_is_refused_with_its_line(tmp_path: Path, data: bytes, told: str) -> None:
    """A file that is not plain UTF-8 is refused before it is parsed, with a remedy."""
    assert told in refusal(tmp_path, data)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    """Without `.env` the operator is sent to `make init`."""
    with pytest.raises(HomeroomError, match=r"no \.env yet") as caught:
        subject.load(tmp_path / ".env")
    assert "make init" in caught.value.remedy


def test_an_unreadable_file_is_an_operators_error(tmp_path: Path) -> None:
    """A `.env` that cannot be read (here: a directory) is cause and remedy, no traceback."""
    with pytest.raises(HomeroomError, match="cannot be read"):
        subject.load(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        f"CONFIGPROXY_AUTH_TOKEN={TOKEN[:-1]}g",
        f"export CONFIGPROXY_AUTH_TOKEN={TOKEN}",
        f"CONFIGPROXY_AUTH_TOKEN: {TOKEN}",
        f"CONFIGPROXY_AUTH_TOKEN='{TOKEN}",
        f"CONFIGPROXY_AUTH_TOKEN={TOKEN}\nCONFIGPROXY_AUTH_TOKEN={TOKEN}",
        f"CONFIGPROXY_AUTH_TOKN={TOKEN}",
    ],
)
def test_no_error_shows_a_secret(tmp_path: Path, line: str) -> None:
    """What is said of a faulty secret can be pasted into a mail: no part of the secret is in it."""
    assert TOKEN[:8] not in refusal(tmp_path, line)


def test_a_value_of_a_cross_check_is_placed(tmp_path: Path) -> None:
    """A fault between two settings names the line of the one to change."""
    told = refusal(tmp_path, f"{LEGAL}AUTH=dummy\n")
    assert ".env line 2: AUTH" in told
    assert "HUB_IP=0.0.0.0" in told


def test_every_setting_survives_a_new_file(tmp_path: Path) -> None:
    """A `.env` written with any setting's value gives exactly that value back."""
    loaded = load(tmp_path, subject.new_text(OTHER_VALUES))
    assert loaded == Settings.model_validate(OTHER_VALUES)


def test_a_new_file_is_private_and_has_fresh_secrets(tmp_path: Path) -> None:
    """The first `.env` is mode 0600, valid as it stands, and no two have the same secret."""
    first, second = tmp_path / "a", tmp_path / "b"
    assert subject.create(first, {"HUB_PORT": "8001"})
    assert subject.create(second, {})
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert subject.load(first).HUB_PORT == 8001
    assert subject.load(first).CONFIGPROXY_AUTH_TOKEN != subject.load(second).CONFIGPROXY_AUTH_TOKEN


def test_an_existing_file_is_never_touched(tmp_path: Path) -> None:
    """`.env` is the operator's: neither its text nor its mode changes, even when it is broken or empty."""
    path = tmp_path / ".env"
    path.write_text("broken")
    path.chmod(0o640)
    assert not subject.create(path, {"HUB_PORT": "8001"})
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("broken", 0o640)


def test_the_shell_seeds_settings_and_nothing_else() -> None:
    """Of the shell's variables only those that are settings reach a new `.env`."""
    assert subject.from_shell({"HUB_PORT": "8001", "HOME": "/root", "hub_ip": "::"}) == {"HUB_PORT": "8001"}


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("LAB_MEMORY", "2GB", "2G"),
        ("LAB_MEMORY", "512 mib", "512M"),
        ("LAB_MEMORY", "1,5g", "1.5G"),
        ("LAB_CPUS", "1,5", "1.5"),
        ("LAB_FEATURES", "git science", "git,science"),
        ("LAB_FEATURES", "Git; Science", "git,science"),
        ("CULL_IDLE_SECONDS", "1h", "3600"),
        ("CULL_IDLE_SECONDS", "30 minutes", "1800"),
        ("LOG_LEVEL", "info", "INFO"),
        ("AUTH", "Native", "native"),
        ("JUPYTERHUB_ADMIN", "Ada.Lovelace@uni.example", "ada.lovelace@uni.example"),
        ("JUPYTERHUB_ADMIN", "\u201cada\u201d", "ada"),
        ("COMPOSE_PROJECT_NAME", "My Class", "my-class"),
        ("DOCKER_NOTEBOOK_IMAGE", "Jupyter/Minimal", "jupyter/minimal"),
        ("LAB_OPEN_NETWORKS", "10.1.2.0/24; 10.9.8.7:443", "10.1.2.0/24,10.9.8.7:443"),
    ],
)
def test_what_was_meant_is_proposed(tmp_path: Path, name: str, value: str, near: str) -> None:
    """Units, case, commas and quotes as people write them: the value that they meant is proposed, and is one that is
    taken."""
    assert f"Did you mean {name}={near}?" in refusal(tmp_path, f"{LEGAL}{name}={value}\n")
    (tmp_path / ".env").write_text(f"{LEGAL}{name}={near}\n")
    subject.load(tmp_path / ".env")


@pytest.mark.parametrize(("name", "value"), [("LAB_MEMORY", "lots"), ("HUB_PORT", "10m"), ("HUB_IP", "the hub")])
def test_nothing_is_proposed_where_nothing_is_near(tmp_path: Path, name: str, value: str) -> None:
    """A guess that would not be taken either is not made."""
    assert "Did you mean" not in refusal(tmp_path, f"{LEGAL}{name}={value}\n")


@pytest.mark.parametrize("value", ["/srv/my homes", "two  spaces", "a#b", "$HOME", 'a "b"'])
def test_a_proposed_line_is_one_that_is_read(value: str) -> None:
    """What a message proposes for `.env` is quoted as `.env` needs it."""
    (line,) = subject.parse(subject.written("HOMES", value))
    assert line.value == value


@pytest.mark.parametrize(("old", "new"), subject.RENAMED.items())
def test_a_renamed_setting_is_told_by_its_new_name(tmp_path: Path, old: str, new: str) -> None:
    """Not by the name that is most like it: LAB_MEMORY is what one lab has, not all of them."""
    assert new in Settings.model_fields
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, subject.new_text(OTHER_VALUES) + f"{old}=1\n")
    assert f"It is called {new} now." in str(caught.value)
