"""Signing in with an OpenID Connect provider: the way there, and who somebody is when they come back."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteOAuth2App
from joserfc.errors import JoseError

from ticker.errors import Forbidden, Unavailable
from ticker.people.people import LOGIN, NAME_LIMIT
from ticker.settings import OidcSettings
from ticker.text import clean
from ticker.writer import Role

TIMEOUT = 10.0  # s for each answer of the provider
FLOW_KEPT = 600  # s from the way there to the way back
KEYS_KEPT = 3600_000  # ms for which the provider's keys and addresses are believed
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
MOST_VALUES = 1000  # of the claim that has roles

# From what may least to what may most; a producer orders the strip and an editor all else.
RANK = (Role.READER, Role.WRITER, Role.PRODUCER, Role.EDITOR, Role.ADMIN)

Claims = Mapping[str, Any]


class Identity(NamedTuple):
    """Who somebody is at the provider, and what that is worth here."""

    subject: str
    login: str
    name: str
    roles: Mapping[str, Role]


class Provider:
    def __init__(self, settings: OidcSettings, secret: str | None) -> None:
        self.settings = settings
        self._secret = secret
        self._app, self._made_at = self._new_app(), 0

    async def begin(self, back: str, now: int) -> tuple[str, dict[str, Any]]:
        """Where to send the browser, and what it must bring back, to be kept in a sealed cookie of its own."""
        app = await self._ready(now)
        told = await _asked(app.create_authorization_url(back))
        flow = {name: told[name] for name in ("state", "nonce", "code_verifier")}
        return told["url"], {**flow, "back": back, "until": now + FLOW_KEPT * 1000}

    async def finish(self, flow: Any, query: Mapping[str, str], now: int) -> Identity:
        """Forbidden when the provider says no, the answer is not for this flow, or nobody here has such claims."""
        if not isinstance(flow, dict) or now > flow["until"] or query.get("state") != flow["state"]:
            raise Forbidden("This sign-in was not begun in this browser, or too long ago; begin again.")
        if query.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise Forbidden("This answer comes from another provider.")
        if "code" not in query:
            raise Forbidden("The provider did not let you in.")
        app = await self._ready(now)
        token = await _asked(
            app.fetch_access_token(
                code=query["code"], state=flow["state"], redirect_uri=flow["back"], code_verifier=flow["code_verifier"]
            )
        )
        return identity(await self._claims(app, token, flow["nonce"]), self.settings)

    async def _claims(self, app: Any, token: Any, nonce: str) -> Claims:
        wanted = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
        }
        claims = await _asked(app.parse_id_token(token, nonce, claims_options=wanted))
        if claims is None:
            raise Forbidden("The provider does not say who you are: it sent no ID token.")
        more = await _asked(app.userinfo(token=token)) if "userinfo_endpoint" in app.server_metadata else {}
        if more and more.get("sub") != claims["sub"]:  # OpenID Connect Core, 5.3.2
            raise Forbidden("The provider told us of two people.")
        return {**more, **claims}

    async def _ready(self, now: int) -> Any:
        if now - self._made_at > KEYS_KEPT:
            app = self._new_app()
            found = await _asked(app.load_server_metadata())
            if found.get("issuer") != self.settings.issuer:
                raise Unavailable("The sign-in provider calls itself otherwise than [desk.oidc] does: check `issuer`.")
            named = found.get("id_token_signing_alg_values_supported") or ["RS256"]
            found["id_token_signing_alg_values_supported"] = [one for one in named if one in ALGORITHMS]
            self._app, self._made_at = app, now
        return self._app

    def _new_app(self) -> Any:
        return StarletteOAuth2App(
            framework=None,
            client_id=self.settings.client_id,
            client_secret=self._secret,
            server_metadata_url=self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={"scope": self.settings.scope, "code_challenge_method": "S256", "timeout": TIMEOUT},
        )


async def _asked(answer: Any) -> Any:
    """What goes wrong on the provider's side, as a refusal that says which side it is on."""
    try:
        return await answer
    except (JoseError, AuthlibBaseError) as error:
        raise Forbidden(f"The provider's answer does not hold: {str(error)[:200]}") from None
    except (httpx2.HTTPError, OSError, ValueError, KeyError, TypeError, RuntimeError):
        raise Unavailable("The sign-in provider cannot be reached, or makes no sense; try again.", 5) from None


def identity(claims: Claims, settings: OidcSettings) -> Identity:
    """Forbidden when none of the claims has a role here."""
    roles = roles_of(claims.get(settings.roles_claim), settings.roles)
    if not roles:
        raise Forbidden(
            "Your account is known to the provider, and has no role here; an admin of the provider gives it."
        )
    told = _text(claims.get(settings.login_claim)) or str(claims["sub"])
    login = re.sub(r"[^a-z0-9._@-]+", "-", told.lower()).strip("-._@")[:64]
    if not LOGIN.fullmatch(login):
        raise Forbidden("The provider's name for you cannot be a login here.")
    name = clean(_text(claims.get("name")) or login)[:NAME_LIMIT].strip() or login[:NAME_LIMIT]
    return Identity(f"{claims['iss']} {claims['sub']}"[:1000], login, name, roles)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def roles_of(values: Any, granted: Mapping[str, Mapping[str, Role]]) -> dict[str, Role]:
    """The highest role by channel over all values, be they one word or a list."""
    listed = values if isinstance(values, list) else [values]
    roles: dict[str, Role] = {}
    for value in listed[:MOST_VALUES]:
        for channel, role in granted.get(value, {}).items() if isinstance(value, str) else ():
            roles[channel] = max(role, roles.get(channel, role), key=RANK.index)
    return roles
