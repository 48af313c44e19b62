"""What a launch must be, checked by ltiauthenticator's validator, and closed where that one is open."""

from __future__ import annotations

from typing import Any

import jwt
from ltiauthenticator.lti13.error import ValidationError
from ltiauthenticator.lti13.validator import LTI13LaunchValidator
from traitlets import Integer

from homeroom.lti.claims import DEEP_LINKING_SETTINGS, DEPLOYMENT_ID, MESSAGE_TYPE
from homeroom.lti.launches import AGAIN
from homeroom.lti.platform import Platform
from homeroom.sign_in.way import Refused
from homeroom.texts.said import Said, say

REQUIRED = ("iss", "aud", "exp", "iat", "nonce", "sub")
CLOCK = "Compare the clocks of both machines: `make check` does, and `timedatectl` says whether this one is set."
FAULTS: tuple[tuple[type[jwt.PyJWTError], str, Said, str], ...] = (
    (jwt.ExpiredSignatureError, "expired", say("lti.expired") + AGAIN, CLOCK),
    (jwt.ImmatureSignatureError, "not-yet-valid", say("lti.future"), CLOCK),
    (
        jwt.InvalidIssuerError,
        "wrong-issuer",
        say("lti.other_platform"),
        "Compare `issuer` in site/lti.yaml.",
    ),
    (
        jwt.InvalidAudienceError,
        "wrong-audience",
        say("lti.other_site"),
        "Compare `client_id` in site/lti.yaml with what the platform shows.",
    ),
    (
        jwt.InvalidSignatureError,
        "wrong-signature",
        say("lti.not_signed"),
        "Compare `jwks_url` in site/lti.yaml with the platform's.",
    ),
)
"""What PyJWT finds: the reason, what the person reads, the remedy."""


def header_of(token: str, platform: Platform) -> tuple[str, str]:
    """The key's id and the algorithm that a token names, before anything of it is believed.

    :raises Refused: it is no token, or signed in a way that nobody agreed on.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise _bad(str(error)) from None
    algorithm, kid = header.get("alg"), header.get("kid", "")
    if algorithm not in platform.algorithms:
        raise Refused(
            "wrong-algorithm",
            say("lti.not_signed"),
            detail=f"alg {algorithm!r}; platform {platform.name} signs by {', '.join(platform.algorithms)}",
            remedy="If the platform really signs so, name it in `algorithms` of site/lti.yaml.",
        )
    return str(kid or ""), str(algorithm)


class LaunchValidator(LTI13LaunchValidator):
    """The library's, with a minute for clocks that differ, a key that is there already, and bounds where it has none:
    the life of a token, `azp` beside a single audience, whose deployment it is."""

    time_leeway = Integer(60, config=True, help="For how many seconds the clocks of hub and platform may differ.")
    longest_life = Integer(86400, config=True, help="For how many seconds a token may be valid at most.")

    def verify(self, token: str, key: Any, algorithm: str, platform: Platform) -> dict[str, Any]:
        """The claims of a token that this key has signed for this hub.

        :raises Refused: it is not one, with the reason.
        """
        claims = self._decode(token, key, algorithm, platform)
        try:
            self.validate_azp_claim(claims, [platform.client_id])
            self.validate_id_token(claims)
        except ValidationError as error:
            raise _bad(str(error)) from None
        return claims

    def _decode(self, token: str, key: Any, algorithm: str, platform: Platform) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=platform.client_id,
                issuer=platform.issuer,
                leeway=self.time_leeway,
                options={"require": list(REQUIRED)},
            )
        except jwt.PyJWTError as error:
            for kind, reason, said, remedy in FAULTS:
                if isinstance(error, kind):
                    raise Refused(reason, said, detail=f"{platform.name}: {error}", remedy=remedy) from None
            raise _bad(str(error)) from None
        return claims

    def validate_azp_claim(self, id_token: dict[str, Any], client_id: Any) -> None:
        """`azp` is this hub wherever it is given; the library looks at it only beside several audiences.

        :raises Refused: it is somebody else.
        """
        super_needs = isinstance(id_token["aud"], list) and len(id_token["aud"]) > 1
        if (super_needs or "azp" in id_token) and id_token.get("azp") not in client_id:
            raise Refused(
                "wrong-azp",
                say("lti.other_site"),
                detail=f"azp {id_token.get('azp')!r} beside aud {id_token['aud']!r}",
            )

    def validate_id_token(self, id_token: dict[str, Any]) -> None:
        """As the library's; a request for deep links needs where to answer, and none of the claims that are optional.

        :raises Refused: the token is valid for longer than any has reason to be.
        """
        if id_token["exp"] - id_token["iat"] > self.longest_life:
            raise Refused(
                "valid-too-long",
                say("lti.not_made"),
                detail=f"valid for {id_token['exp'] - id_token['iat']} s",
            )
        if id_token.get(MESSAGE_TYPE) != "LtiDeepLinkingRequest":
            super().validate_id_token(id_token)
            return
        self._check_arg_not_missing(id_token, [DEPLOYMENT_ID, DEEP_LINKING_SETTINGS])
        self._check_lti_version(id_token)
        self._check_if_iat_is_too_old(id_token)
        settings = id_token[DEEP_LINKING_SETTINGS]
        if not isinstance(settings, dict) or not isinstance(settings.get("deep_link_return_url"), str):
            raise ValidationError("deep_linking_settings without deep_link_return_url")


def _bad(what: str) -> Refused:
    return Refused("bad-token", say("lti.not_read") + AGAIN, detail=what)
