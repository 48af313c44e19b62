"""Words such as `ANYWAY=1`: who says no is not taken to have said yes."""

from __future__ import annotations

import pytest

from generator import cli
from generator.core import flag
from generator.core.errors import HomeroomError


@pytest.mark.parametrize(("value", "means"), [("", False), (" ", False), ("0", False), ("1", True)])
def test_one_says_it(value: str, means: bool) -> None:
    """1 does; 0, and leaving it out, do not."""
    assert flag.is_set("ANYWAY", value) is means


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ANYWAY", ["update", "--anyway=no", "--", "v9"]),
        ("ANYWAY", ["rollback", "--anyway=no"]),
        ("CONFIRM", ["backup", "--confirm=no"]),
        ("KEPT", ["recovery-sheet", "--kept=no"]),
        ("REMOVE", ["roster", "--file=x.csv", "--remove=no"]),
        ("DRY", ["roster", "--file=x.csv", "--dry=no"]),
        ("LINK", ["password", "--link=no"]),
        ("ALL", ["doctor", "--all=no"]),
        ("ALL", ["audit", "--everything=no"]),
        ("CSV", ["stats", "--csv=no"]),
    ],
)
def test_any_other_word_is_refused(name: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is looked at or changed: `ANYWAY=no` is no yes."""
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == HomeroomError.exit_code
    assert f"{name}: 'no' is neither 1 nor 0" in capsys.readouterr().err
