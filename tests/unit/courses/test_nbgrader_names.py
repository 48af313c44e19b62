"""People's names as nbgrader has them."""

from __future__ import annotations

from homeroom.courses.nbgrader_names import person_of, student_id
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._@+-]{0,63}", fullmatch=True) | st.text("-+2bd", min_size=1)


@examples(200)
@given(NAMES)
def test_a_name_comes_back(name: str) -> None:
    """Nothing of it is what nbgrader parts names by, or a pattern of files; so no two people have the same."""
    found = student_id(name)
    assert person_of(found) == name
    assert not set(found) & set("+*?[],/ ")


def test_most_names_stay_as_they_are() -> None:
    """Also those with dashes; a plus is written as its number."""
    people = ("ada", "a.b@x.org", "anna-maria", "b+ob", "b-2bob")
    assert [student_id(name) for name in people] == ["ada", "a.b@x.org", "anna-maria", "b-2bob", "b-2d2bob"]
