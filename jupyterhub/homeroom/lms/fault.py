"""What goes wrong with a learning platform, in words that teachers read."""

from __future__ import annotations

from typing import Literal

Kind = Literal["away", "nonsense", "refused", "closed", "missing"]
"""`away`: it does not answer, or not now. `nonsense`: it answers what it should not. `refused`: it does not take this.
`closed`: it does not let this hub ask. `missing`: something that it, or site/lti.yaml, has not said."""


class LMSFault(Exception):
    """One such thing.

    :param detail: what was found, in English, for teachers and operators.
    """

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail[:500]
