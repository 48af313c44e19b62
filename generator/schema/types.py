"""The types of settings and of values in `site/`: how each is written, and what is wrong with others, in words."""

from __future__ import annotations

import ipaddress
import re
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from generator.schema import time_zones

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGT])")
_FACTORS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_PLACEHOLDER = re.compile(r"change.?me|<.*>|\.\.\.|x{4,}|secret|password|todo", re.IGNORECASE)


def _bytes(value: str) -> int:
    match = _SIZE.fullmatch(value)
    if not match:
        raise ValueError("is not a size such as 512M or 2G")
    return int(float(match[1]) * _FACTORS[match[2]])


def parse_size(value: object) -> object:
    """Turn `512M` or `2G` (powers of 1024, as JupyterHub and Compose read them) into bytes."""
    if not isinstance(value, str):
        return value
    size = _bytes(value)
    if not 64 * 2**20 <= size <= 2**40:  # the guard lets no lab have more
        raise ValueError("must be at least 64M and at most 1T")
    return size


def parse_limit(value: object) -> object:
    """As `parse_size`; empty is no limit, 0."""
    return 0 if value == "" else parse_size(value)


def parse_total_size(value: object) -> object:
    """Turn the size of all labs together into bytes; `0` stands for what the machine has."""
    if not isinstance(value, str):
        return value
    return 0 if value == "0" else _bytes(value)


def check_whole(value: object) -> object:
    """Require digits alone: Python would also take `1_000`, `+5`, `5.0` and ` 5 `, which Compose does not."""
    if isinstance(value, str) and not re.fullmatch(r"-?(?:0|[1-9][0-9]*)", value):
        raise ValueError("is not a whole number")
    return value


def check_number(value: object) -> object:
    """Require a plain decimal number, such as 2 or 0.5."""
    if isinstance(value, str) and not re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", value):
        raise ValueError("is not a number")
    return value


def check_ip(value: str) -> str:
    """Require an address of this machine; 0.0.0.0 stands for all of them."""
    try:
        if "%" in value:
            raise ValueError("Compose cannot read an address with a zone")
        ipaddress.ip_address(value)
    except ValueError:
        raise ValueError("is not an IP address such as 0.0.0.0 or 127.0.0.1") from None
    return value


def check_secret(value: str) -> str:
    """Refuse an empty, short or placeholder secret."""
    if not value:
        raise ValueError("is empty")
    if _PLACEHOLDER.search(value):
        raise ValueError("is still a placeholder")
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("must be 64 hexadecimal digits")
    return value


def check_optional_secret(value: str) -> str:
    """As `check_secret`; empty is none."""
    return check_secret(value) if value else value


def written_as(pattern: str, words: str) -> AfterValidator:
    """Require text of a form; who writes another is told the form in words."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(check)


def known_as(name: str) -> str:
    """A name as the hub knows it: in small letters. What is not ASCII stays as it is, and is no user's name."""
    return name.lower() if name.isascii() else name


def check_path(value: str) -> str:
    """Require an absolute path; Compose takes a colon for the end of it."""
    if not PurePosixPath(value).is_absolute() or ":" in value:
        raise ValueError("must be an absolute path without a colon")
    return value


def check_optional_path(value: str) -> str:
    """As `check_path`; empty is none."""
    return check_path(value) if value else value


AUTO, OFF = "auto", "off"


def check_web_address(value: str) -> str:
    """Require `auto`, `off` or an address that begins with http:// or https://, without blanks and quotes."""
    if value not in (AUTO, OFF) and not re.fullmatch(r"https?://[^\s\"'/?#]+[^\s\"']*", value):
        raise ValueError("must be auto, off, or an address such as http://proxy.example.edu:3128")
    return value


Size = Annotated[int, BeforeValidator(parse_size)]
Limit = Annotated[int, BeforeValidator(parse_limit)]
Whole = Annotated[int, BeforeValidator(check_whole)]
Number = Annotated[float, BeforeValidator(check_number)]
TotalSize = Annotated[int, BeforeValidator(parse_total_size)]
Address = Annotated[str, AfterValidator(check_ip)]
Secret = Annotated[str, AfterValidator(check_secret)]
OptionalSecret = Annotated[str, AfterValidator(check_optional_secret)]
WebAddress = Annotated[str, AfterValidator(check_web_address)]
TimeZone = Annotated[str, AfterValidator(time_zones.check)]
AbsolutePath = Annotated[str, AfterValidator(check_path)]
OptionalPath = Annotated[str, AfterValidator(check_optional_path)]
ProjectName = Annotated[
    str, written_as(r"[a-z0-9][a-z0-9_-]{0,30}", "small letters, digits, - and _, 31 at most, no dash or _ first")
]
NOT_OF_SERVICE = r"(?!(?:grader|room)-)"
"""Names that begin so are kept for labs that several people may enter: `homeroom.hub.service_names`."""
USER_NAME = written_as(
    NOT_OF_SERVICE + r"[a-z0-9][a-z0-9._@+-]{0,63}",
    "a user's name: small letters, digits and . _ @ + -, 64 at most, a letter or digit first, not grader- or room-",
)
UserName = Annotated[str, USER_NAME]
IMAGE = r"[a-z0-9][a-zA-Z0-9._/:@-]{0,250}"
IMAGE_WORDS = "a folder's name of site/images/, or an image's such as quay.io/jupyter/scipy-notebook:2026-11-02"
ImageName = Annotated[str, written_as(IMAGE, IMAGE_WORDS)]
OptionalImageName = Annotated[str, written_as(f"(?:{IMAGE})?", IMAGE_WORDS)]


def cause_of(fault: Any) -> str:
    """One validation fault as a sentence's end, without the library's vocabulary."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        return "is not set"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    if kind.startswith("int_"):
        return "is not a whole number"
    if kind.startswith("float_"):
        return "is not a number"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = "at least" if kind == "greater_than_equal" else "at most"
        limit = context.get("ge", context.get("le"))
        return f"must be {bound} {limit}"
    if kind.startswith("date_"):
        return "is not a date such as 2026-10-05"
    return str(fault["msg"])


USERNAME_PATTERN = rf"^{NOT_OF_SERVICE}[a-z0-9][a-z0-9._@+-]{{0,63}}\Z"
