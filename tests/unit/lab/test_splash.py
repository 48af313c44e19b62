"""What a page shows before its scripts are there."""

from __future__ import annotations

import pytest
from homeroom_lab.splash import BODY, with_splash


def test_the_splash_comes_before_any_script() -> None:
    """The splash is first in the page's body, with a word for who does not see it; else the page is as it was."""
    page = f"<html><head></head>{BODY}<script>1</script></body></html>"
    made = with_splash(page)
    assert made.index("Opening your lab") < made.index("<script>")
    assert 'role="status"' in made
    head, _, rest = made.partition('\n<div id="homeroom-loading"')
    assert head + rest.partition("</div>\n")[2] == page


def test_another_page_of_upstreams_is_told() -> None:
    """A new JupyterLab whose page is built otherwise breaks the build of the image, not the page."""
    with pytest.raises(ValueError, match="to put the splash into"):
        with_splash("<body>")
