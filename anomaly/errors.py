"""The whole error tree: one class a way to fail, each with the exit code the command line answers.

Exit codes (design §8): 0 done, 1 unexpected, 2 usage or configuration, 3 data-quality gate, 4 no usable model,
75 another run holds the lock (EX_TEMPFAIL of sysexits.h).
"""

import difflib
from collections.abc import Iterable


class AnomalyError(Exception):
    """Anything this product refuses to do, said to the person who asked."""

    exit_code = 1


class UsageError(AnomalyError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A session, day, column or model that does not exist was named."""


class ConfigError(UsageError):
    """The configuration file holds a mistake."""


class ContextError(UsageError):
    """The organisation's own CSV files hold mistakes; all of them are listed."""


class CatalogError(UsageError):
    """The SQL, the feature catalogue and the model spec disagree."""


class DataQualityError(AnomalyError):
    """The data at hand cannot carry an honest answer."""

    exit_code = 3


class StaleWriteError(UsageError):
    """Somebody else changed it since it was read; read it again and decide anew."""


class ForbiddenError(UsageError):
    """The person who asks may not do this."""


class ProviderError(AnomalyError):
    """The sign-in provider does not answer, or not as OpenID Connect has it."""


class SignInError(UsageError):
    """What a sign-in provider or a browser brought back cannot be trusted, so nobody was signed in."""


class AuditError(DataQualityError):
    """The audit log does not hold together: somebody changed it."""


class NoModelError(AnomalyError):
    """There is no model that can be used."""

    exit_code = 4


class UnsafeModelError(NoModelError):
    """A stored model holds what a model of ours never holds; it was not loaded."""


class UnreachableError(AnomalyError):
    """An object store did not answer, however often it was asked."""


class LockedError(AnomalyError):
    """Another run holds the lake's lock."""

    exit_code = 75


def nearest(asked: str, known: Iterable[str], limit: int = 3) -> str:
    """Say what is nearest to a name that was not found.

    Returns
    -------
    str
        ``"did you mean 'x', 'y'?"``, ``"known: a, b, …"`` where nothing is near, ``"none are known"`` for no names.
    """
    names = sorted(set(known))
    if not names:
        return "none are known"
    close = difflib.get_close_matches(asked, names, n=limit, cutoff=0.5)
    if close:
        return f"did you mean {', '.join(repr(name) for name in close)}?"
    shown = ", ".join(names[:limit])
    return f"known: {shown}" + (f" and {len(names) - limit} more" if len(names) > limit else "")
