"""The page that makes links which fetch a repository."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from homeroom.handouts.link import link_to

from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

REPO = "https://github.com/school/course.git"
URL = "https://hub.example.edu/biology/"


def test_a_link_leads_by_the_hub_into_the_lab() -> None:
    """Of whoever follows it; what it opens is the file, or the repository's folder."""
    assert link_to(URL, REPO, "main", "week 1/a&b.ipynb") == (
        "https://hub.example.edu/biology/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fschool%2Fcourse.git"
        "&branch=main&targetpath=course&urlpath=lab%2Ftree%2Fcourse%2Fweek+1%2Fa%26b.ipynb"
    )
    assert link_to(URL, REPO, "", "").endswith("urlpath=lab%2Ftree%2Fcourse")


@pytest.mark.parametrize(
    "wrong",
    ["", "course", "javascript:alert(1)", "http://x.example/y", "https://x y", "https://me:secret@git.example/x.git"],
)
def test_what_is_no_public_repository_makes_no_link(wrong: str) -> None:
    """A password in a link would be everybody's."""
    assert link_to(URL, wrong, "", "") == ""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub whose labs fetch repositories."""
    directory = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        config = loaded(directory, LAB_FEATURES="nbgitpuller", AUTH="dummy")
        with HubApp(directory, config).running() as made:
            add_people(made, "ada")
            yield made


def test_the_page_shows_the_link_and_says_what_is_wrong(app: HubApp) -> None:
    """To whoever is signed in; what they typed stays, and is shown as text."""
    browser = app.browser()
    browser.sign_in("ada", "any")
    page = browser.visit("homeroom/git-link")
    assert (page.status_code, "The link</h2>" in page.text) == (200, False)
    made = browser.visit("homeroom/git-link", params={"repo": REPO, "open": '"><b>x'})
    assert made.status_code == 200
    assert "hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com" in made.text
    assert "<b>x" not in made.text
    wrong = browser.visit("homeroom/git-link", params={"repo": "ftp://x"})
    assert wrong.status_code == 400
    assert "This is no address of a public repository" in wrong.text
    german = browser.visit("homeroom/git-link", headers={"Accept-Language": "de"})
    assert "Ein Link, der ein Repository" in german.text
    stranger = app.browser().visit("homeroom/git-link", allow_redirects=False)
    assert stranger.status_code == 302
