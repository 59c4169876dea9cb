"""Local accounts: passwords kept as scrypt, a pause after wrong ones, and sessions that the server can end."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from anomaly.errors import UnknownNameError, UsageError, nearest
from anomaly.review.database import Database, as_moment
from anomaly.review.schema import accounts as table
from anomaly.review.schema import sessions
from anomaly.review.viewer import ROLES, Role, Viewer

COST, BLOCK, LANES, SALT_BYTES = 2**15, 8, 1, 16
"""scrypt: 32 MB and about a tenth of a second a try, what RFC 7914 and OWASP give for sign-ins."""
MEMORY = 2 * 128 * COST * BLOCK
SHORTEST, LONGEST = 12, 1024
MOST_FAILURES, PAUSE = 5, timedelta(minutes=15)
LASTS, IDLE, NOTED_EVERY = timedelta(hours=12), timedelta(hours=1), timedelta(minutes=1)
"""A session ends after a shift, or an hour without a page; when it was last seen is noted once a minute."""
TOKEN_BYTES = 32
NAME_CHARACTERS = 80
FOREVER = "9999"
"""Until when an account is locked that an administrator locked; it sorts after every moment."""


@dataclass(frozen=True)
class Account:
    """An account as a list shows it; ``is_locked`` by an administrator or for a pause."""

    name: str
    role: str
    owns: tuple[str, ...]
    is_locked: bool
    made_at: str


def add(
    database: Database, name: str, role: str, owns: Iterable[str] = (), password: str | None = None, by: str = "console"
) -> None:
    """Make an account; without a password another system has to sign the person in.

    Raises
    ------
    UsageError
        The name is taken or none, there is no such role, or the password is too short.
    """
    if not name.strip() or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise UsageError(f"a name has 1 to {NAME_CHARACTERS} visible characters, not {name!r}")
    if role not in ROLES:
        raise UsageError(f"there is no role {role!r}; {nearest(role, ROLES)}")
    kept = hashed(password) if password is not None else None
    with database.writing(by, "account_made", name) as change:
        if change.connection.scalar(sa.select(table.c.name).where(table.c.name == name)):
            raise UsageError(f"there is an account {name!r} already")
        owned = list(owns)
        row = {"name": name, "role": role, "owns": json.dumps(owned), "password": kept, "failures": 0}
        change.connection.execute(table.insert().values(**row, made_at=change.at))
        change.detail |= {"role": role, "owns": owned}


def set_password(database: Database, name: str, password: str, by: str = "console") -> None:
    """Give an account a new password, unlock it, and end its sessions."""
    _change(database, name, "password_set", by, {"password": hashed(password), "failures": 0, "locked_until": None})


def lock(database: Database, name: str, by: str = "console") -> None:
    """Lock an account until it gets a new password, and end its sessions."""
    _change(database, name, "account_locked", by, {"locked_until": FOREVER})


def every(database: Database) -> list[Account]:
    """Return all accounts by name."""
    now = _now()
    with database.reading() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.name)).all()
    return [
        Account(row.name, row.role, tuple(json.loads(row.owns)), (row.locked_until or "") > now, row.made_at)
        for row in rows
    ]


def analysts(database: Database) -> list[str]:
    """Return the names of those whom a case can be given to."""
    with database.reading() as connection:
        query = sa.select(table.c.name).where(table.c.role != Role.VIEWER.word).order_by(table.c.name)
        return list(connection.scalars(query))


def known(database: Database, name: str) -> Viewer | None:
    """Return a person whom another system signed in; None where they have no account or it is locked."""
    with database.reading() as connection:
        row = connection.execute(sa.select(table).where(table.c.name == name)).first()
    return _viewer(row) if row and (row.locked_until or "") <= _now() else None


def sign_in(database: Database, name: str, password: str) -> str | None:
    """Begin a session and return its token; None where name and password do not fit or the account is locked."""
    with database.reading() as connection:
        row = connection.execute(sa.select(table).where(table.c.name == name)).first()
    # a name there is not takes as long as one there is
    fits = matches(password, row.password if row and row.password else UNUSABLE)
    if row is None or (row.locked_until or "") > _now():
        return None
    if not (fits and row.password):
        _note_failure(database, name)
        return None
    return _begin(database, name)


def sign_in_as(database: Database, name: str, provider: str) -> str | None:
    """Begin a session for whom a provider vouches for; None where they have no account or it is locked."""
    found = known(database, name)
    return _begin(database, found.name, provider=provider) if found else None


def _begin(database: Database, name: str, **detail: str) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with database.writing(name, "signed_in", name) as change:
        change.detail |= detail
        change.connection.execute(sessions.delete().where(sessions.c.ends_at <= change.at))
        change.connection.execute(table.update().where(table.c.name == name).values(failures=0, locked_until=None))
        row_of = {"token_digest": _digest(token), "account": name, "made_at": change.at, "seen_at": change.at}
        change.connection.execute(sessions.insert().values(**row_of, ends_at=as_moment(datetime.now(UTC) + LASTS)))
    return token


def viewer_of(database: Database, token: str) -> Viewer | None:
    """Return who holds a session; None where it has ended, was never begun, or the account is locked."""
    now = datetime.now(UTC)
    held = sessions.c.token_digest == _digest(token)
    query = sa.select(table, sessions.c.seen_at).join(sessions, sessions.c.account == table.c.name)
    alive = sessions.c.ends_at > as_moment(now), sessions.c.seen_at > as_moment(now - IDLE)
    with database.reading() as connection:
        row = connection.execute(query.where(held, *alive)).first()
    if row is None or (row.locked_until or "") > as_moment(now):
        return None
    if row.seen_at < as_moment(now - NOTED_EVERY):
        # no act of a person's: it gets no entry in the audit log
        with database.engine.begin() as connection:
            connection.execute(sessions.update().where(held).values(seen_at=as_moment(now)))
    return _viewer(row)


def sign_out(database: Database, token: str) -> None:
    """End a session; one that there is not is ended already."""
    held = sessions.c.token_digest == _digest(token)
    with database.reading() as connection:
        name = connection.scalar(sa.select(sessions.c.account).where(held))
    if name is not None:
        with database.writing(name, "signed_out", name) as change:
            change.connection.execute(sessions.delete().where(held))


def hashed(password: str) -> str:
    """Return a password as it is kept; raises UsageError for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"a password has {SHORTEST} to {LONGEST:,} characters")
    salt = secrets.token_bytes(SALT_BYTES)
    return f"scrypt${COST}${BLOCK}${LANES}${salt.hex()}${_scrypt(password, salt, COST, BLOCK, LANES).hex()}"


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that is kept."""
    _, cost, block, lanes, salt, digest = kept.split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    said = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(said, salt=salt, n=cost, r=block, p=lanes, maxmem=MEMORY, dklen=32)


UNUSABLE = f"scrypt${COST}${BLOCK}${LANES}${'00' * SALT_BYTES}${'00' * 32}"
"""Fits no password, and takes as long to say so."""


def _note_failure(database: Database, name: str) -> None:
    """Count a wrong password; the fifth one locks the account for a while."""
    with database.writing(name, "sign_in_refused", name) as change:
        update = table.update().where(table.c.name == name).values(failures=table.c.failures + 1)
        change.connection.execute(update)
        failures = change.connection.scalar(sa.select(table.c.failures).where(table.c.name == name)) or 0
        if failures >= MOST_FAILURES:
            until = as_moment(datetime.now(UTC) + PAUSE)
            change.connection.execute(table.update().where(table.c.name == name).values(failures=0, locked_until=until))
            change.detail["locked_until"] = until


def _change(database: Database, name: str, action: str, by: str, values: dict[str, object]) -> None:
    with database.writing(by, action, name) as change:
        if change.connection.execute(table.update().where(table.c.name == name).values(**values)).rowcount != 1:
            names = list(change.connection.scalars(sa.select(table.c.name)))
            raise UnknownNameError(f"there is no account {name!r}; {nearest(name, names)}")
        change.connection.execute(sessions.delete().where(sessions.c.account == name))


def _viewer(row: sa.Row[tuple[object, ...]]) -> Viewer:
    return Viewer(row.name, Role[row.role.upper()], tuple(json.loads(row.owns)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _now() -> str:
    return as_moment(datetime.now(UTC))
