"""How the page is registered at a sign-in provider, and that provider opened where the extra for it is installed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anomaly.config.kinds import NO_SECRET, Secret
from anomaly.config.settings import ReviewSettings
from anomaly.errors import ConfigError, UsageError
from anomaly.review.web.guard import is_private

if TYPE_CHECKING:
    from anomaly.review.web.provider import Provider


@dataclass(frozen=True)
class Registration:
    """The provider's address, and how it knows this page; see :class:`anomaly.review.web.provider.Provider`."""

    issuer: str
    client_id: str
    secret: Secret = NO_SECRET
    claim: str = "preferred_username"

    def check(self) -> None:
        """Raise ConfigError for what is missing or could be listened to, UsageError where the extra is."""
        if not self.issuer:
            raise ConfigError("review.oidc_client_id and its secret are for a provider: set review.oidc_issuer too")
        if not self.client_id:
            raise ConfigError(
                "review.oidc_issuer needs review.oidc_client_id, the name that the provider gave this page"
            )
        if not is_private(self.issuer) or "?" in self.issuer or "#" in self.issuer:
            raise ConfigError(
                f"review.oidc_issuer = {self.issuer!r}: write the provider's address as it calls itself, beginning "
                "with https://; without TLS it may lie on this machine alone"
            )
        self.open().close()

    def open(self) -> "Provider":
        """Return the provider; nothing is asked of it yet."""
        try:
            from anomaly.review.web.provider import Provider
        except ImportError:
            raise UsageError("signing in by a provider needs its extra: pip install 'anomaly[oidc]'") from None
        return Provider(self.issuer, self.client_id, self.secret, self.claim)


def registration_of(said: ReviewSettings) -> Registration | None:
    """Return what the settings say of a provider; None where they say nothing."""
    if not (said.oidc_issuer or said.oidc_client_id or said.oidc_client_secret):
        return None
    return Registration(said.oidc_issuer, said.oidc_client_id, said.oidc_client_secret, said.oidc_claim)
