"""How many examples of its own a test by Hypothesis tries: few each time, many in `make test`."""

from __future__ import annotations

from hypothesis import settings

THOROUGH = "thorough"
"""The profile of `make test`, with Hypothesis's usual number of examples where a test names none."""


def examples(thorough: int) -> settings:
    """As many examples in `make test`, and a tenth of them in `make test-unit`."""
    return settings(max_examples=thorough if settings.get_current_profile_name() == THOROUGH else thorough // 10)
