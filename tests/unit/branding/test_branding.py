"""What the hub's pages look like: from site/branding.yaml to the page, without a restart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from homeroom.branding import brand, logo
from homeroom.texts import catalogue, language

from generator.core.errors import HomeroomError
from generator.lifecycle import render
from generator.topics.branding import branding
from generator.topics.branding.render import FILE
from generator.topics.branding.site import Language
from tests.hub_config import loaded
from tests.sample_settings import settings

PNG = b"\x89PNG\r\n\x1a\nand so on"


def written(site: Path, text: str) -> brand.Brand:
    """What the hub makes of a file of the operator's."""
    (site / "branding.yaml").write_text(text, encoding="utf-8")
    return brand.Brand.load(json.loads(render.rendered_files(settings(), site)[FILE]))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The folder of pictures."""
    folder = tmp_path / "branding"
    folder.mkdir()
    (folder / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "logo.png").write_bytes(PNG)
    (folder / "broken.png").write_bytes(b"GIF89a")
    (folder / "huge.png").write_bytes(PNG + bytes(branding.LARGEST_LOGO_BYTES))
    return folder


def test_what_the_file_says_is_what_pages_show(tmp_path: Path, pictures: Path) -> None:
    """Each field reaches the hub; what is left out is JupyterHub's own."""
    assert written(tmp_path, "# nothing\n") == brand.Brand()
    lines = 'name: Physics\nlogo: logo.svg\ncolour: "#8a1538"\nimprint: https://uni.example/i\nannouncement: Friday\n'
    assert written(tmp_path, lines) == brand.Brand(
        name="Physics",
        logo="logo.svg",
        colour="#8a1538",
        imprint="https://uni.example/i",
        announcement={"en": "Friday"},
    )


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("nmae: Physics", "there is no field nmae"),
        ('colour: "red"', "a colour such as"),
        ('colour: "#f37524"', "has a contrast of 2.8"),
        ('colour_dark: "#ffffff"', "has a contrast of 1.0"),
        ("logo: absent.svg", "site/branding/absent.svg cannot be read"),
        ("logo: broken.png", "site/branding/broken.png is no PNG picture"),
        ("logo: huge.png", "is larger than 512 KiB"),
        ("logo: ../secret.svg", "a file's name that ends in"),
        ("logo: logo.gif", "a file's name that ends in"),
        ('imprint: "javascript:alert(1)"', "an address with https://"),
        ('imprint: "https://uni.example/\\" onload=x"', "an address with https://"),
        ("announcement: {fr: Vendredi}", "announcement"),
        (f"name: {'x' * 41}", "name"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path: Path, pictures: Path, line: str, cause: str) -> None:
    """`make render` and `make check` name the line and what to do; nothing of it reaches a page."""
    (tmp_path / "branding.yaml").write_text(f"# looks\n{line}\n", encoding="utf-8")
    with pytest.raises(HomeroomError) as refused:
        branding.load(tmp_path)
    assert cause in str(refused.value)
    assert "line 2" in str(refused.value.location)


def test_the_languages_are_those_of_the_pages() -> None:
    """An announcement may be in each language that the pages speak, and in no other."""
    assert set(get_args(Language)) == set(catalogue.languages())


def test_no_restart_is_needed_and_a_broken_file_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next page looks as the file says, without a restart; of a file that cannot be read nothing is taken."""
    monkeypatch.setattr(brand, "FILE", tmp_path / FILE)
    monkeypatch.setattr(brand, "_read", (None, brand.Brand()))
    assert brand.now() == brand.Brand()
    (tmp_path / FILE).write_text('{"name": "Physics", "of_later": 1}')
    assert brand.now().name == "Physics"
    (tmp_path / "new").write_text('{"name": "Chemistry"}')
    (tmp_path / "new").replace(tmp_path / FILE)
    assert brand.now().name == "Chemistry"
    (tmp_path / "new").write_text("{")
    (tmp_path / "new").replace(tmp_path / FILE)
    assert brand.now().name == "Chemistry"


def test_an_announcement_is_told_in_the_readers_language() -> None:
    """Else in English, else in the language that there is."""
    token = language._current.set("de")
    try:
        assert brand.Brand(announcement={"en": "Friday", "de": "Freitag"}).told == "Freitag"
        assert brand.Brand(announcement={"en": "Friday"}).told == "Friday"
        assert brand.Brand().told == ""
    finally:
        language._current.reset(token)
    assert brand.Brand(announcement={"de": "Freitag"}).told == "Freitag"


def test_only_a_picture_of_the_folder_is_sent(tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever name the file has, nothing outside the folder is sent, and nothing that is no picture."""
    monkeypatch.setattr(logo, "FOLDER", pictures)
    (tmp_path / "secret.svg").write_text("secret")
    (pictures / "notes.txt").write_text("secret")
    assert logo.picture("logo.png") == PNG
    assert [logo.picture(name) for name in ("../secret.svg", "/etc/passwd", "notes.txt", "absent.svg")] == [None] * 4


def test_the_hub_reads_it_for_each_page(tmp_path: Path) -> None:
    """The pages are given a function, not what it says at the hub's start; no service reads the file at its start."""
    assert loaded(tmp_path)["JupyterHub"]["template_vars"]["brand"] is brand.now
    assert FILE in render.files()
    assert FILE not in render.read_by("hub")
