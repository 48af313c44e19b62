"""A deployment whose courses are graded, for the tests of a course's pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub_deployment import HubDeployment, deployment_with_site, engine

COURSES = """\
courses:
  - name: botany
    title: Botany for all
    teachers: {people: [ada]}
    assistants: {people: [bela]}
    students: {people: [chen]}
    assignments: [{name: week-1, title: Cells, opens: 2020-01-01, due: 2099-01-01 12:00, checks: 3}]
"""


@pytest.fixture(scope="package")
def graded(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with a course, and nbgrader in its labs; sign-in by name alone."""
    directory = tmp_path_factory.mktemp("school")
    with deployment_with_site(
        directory, "hrtestgraderb", {"courses.yaml": COURSES}, LAB_FEATURES="nbgrader", TIMEZONE="UTC"
    ) as made:
        yield made
    for volume in engine().volumes.list(filters={"name": f"{made.project}-exam-"}):
        volume.remove(force=True)
