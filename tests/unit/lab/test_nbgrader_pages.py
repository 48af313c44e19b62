"""Which of nbgrader's pages a lab has."""

from __future__ import annotations

import json

import pytest
from homeroom_lab import nbgrader_pages
from homeroom_lab.lazy_extensions import AMENDED, NEEDS, ON_DEMAND, ROLES

from tests.hub_deployment import ROOT

FEATURE = ROOT / "jupyterlab/features/nbgrader/root/opt/jupyter/etc/jupyter-roles"


def test_each_role_has_its_pages_and_no_others() -> None:
    """Every server extension of nbgrader's that is loaded is for one role and amended first; the page of a role leaves
    out what is the other's, and the image's own leaves out all."""
    ours = {name for name in ON_DEMAND if name.startswith("nbgrader.")}
    assert ours == {
        name for name in ROLES if NEEDS[name] == "nbgrader" and AMENDED[name] == "homeroom_lab.nbgrader_pages"
    }
    off = json.loads((ROOT / "jupyterlab/jupyter_server_config.d/zz_homeroom_lab.json").read_text())
    assert {name for name, on in off["ServerApp"]["jpserver_extensions"].items() if on} == set()
    assert ours <= off["ServerApp"]["jpserver_extensions"].keys()
    image = json.loads((ROOT / "jupyterlab/page_config.json").read_text())
    assert image["disabledExtensions"]["@jupyter/nbgrader"] is True
    for role, shown in (("student", {"assignment-list", "validate-assignment"}), ("grader", {"create-assignment"})):
        page = json.loads((FEATURE / role / "labconfig/page_config.json").read_text())["disabledExtensions"]
        assert page.pop("@jupyter/nbgrader") is False
        every = {"assignment-list", "course-list", "create-assignment", "formgrader", "validate-assignment"}
        assert {name.partition(":")[2] for name, is_off in page.items() if is_off} == every - shown


@pytest.mark.parametrize(
    "name", ['";alert(1)//', "</script><script>alert(1)</script>", "<img src=x>", "\\", "a\nb", "`"]
)
def test_a_name_in_an_address_is_no_more_than_a_name(name: str) -> None:
    """Upstream writes it into scripts of its pages as it comes; what teachers call their work is let through."""
    assert nbgrader_pages.is_odd(["week-1", name])
    assert not nbgrader_pages.is_odd(["week-1", None, "Übung 3 (neu) & 'mehr'", "b-2bob@x.org", "plots/a b.png"])
