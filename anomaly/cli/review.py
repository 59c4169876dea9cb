"""``anomaly review``: the page on which people review cases, its accounts, and its audit log."""

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomaly.cli.front import DAY, Setup, common, say
from anomaly.errors import AuditError
from anomaly.review.place import PUBLISHED
from anomaly.words import visible

if TYPE_CHECKING:
    from anomaly.review.database import Database


class _Digest(click.ParamType[str]):
    """A digest as verify-audit prints it: 64 hexadecimal digits."""

    name = "digest"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it in small letters."""
        if not re.fullmatch("[0-9a-f]{64}", found := value.strip().lower()):
            self.fail(f"{value!r} is no digest: it has the 64 hexadecimal digits that verify-audit printed", param, ctx)
        return found


DIGEST = _Digest()


@click.group()
def review() -> None:
    """Review cases in a browser: publish them, serve the page, keep its accounts."""


@review.command()
@click.option("--day", type=DAY, help="The day.  [default: the last one scored]")
@click.option(
    "--top", type=click.IntRange(min=1), default=PUBLISHED, show_default=True, help="Ranked cases besides alerts."
)
@common
def publish(setup: Setup, day: date | None, top: int) -> None:
    """Put a scored day's cases before the reviewers; verdicts are never touched."""
    from anomaly.findings import documents
    from anomaly.listing import check_scored, scored_days
    from anomaly.review.publish import publish as published

    chosen = check_scored(setup.lake, day) if day else scored_days(setup.lake)[-1]
    database = _database(setup)
    told = published(database, documents(setup.lake, chosen, setup.context, top=top), day=chosen)
    counts = ", ".join(f"{count:,} {name}" for name, count in vars(told).items() if count)
    say(f"{chosen}: {counts or 'no case'}")
    database.close()


@review.command()
@click.option("--host", help="Address to listen at.  [default: review.host]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen at.  [default: review.port]")
@common
def serve(setup: Setup, host: str | None, port: int | None) -> None:
    """Serve the page until interrupted.

    Where there is no account yet, and the page listens on this machine alone, an administrator is made and the password
    printed once.
    """
    from anomaly.review.web.serve import listen_of
    from anomaly.review.web.serve import serve as served

    listen = listen_of(setup.settings.review, host, port)
    listen.check()
    database = _database(setup)
    _first_account(database, listen.host)
    say(f"the page is at {listen.address}; Ctrl-C ends it")
    served(database, listen, setup.settings.context.folder)


@review.group()
def user() -> None:
    """Accounts of the page."""


@user.command("add")
@click.argument("name")
@click.option("--role", default="analyst", show_default=True, help="viewer, analyst or admin.")
@click.option(
    "--owns", multiple=True, metavar="OWNER", help="Data owner: shows only the cases on buckets of this owner."
)
@click.option("--no-password", is_flag=True, help="Another system signs the person in.")
@common
def add_user(setup: Setup, name: str, role: str, owns: tuple[str, ...], no_password: bool) -> None:
    """Make an account."""
    from anomaly.review import accounts

    secret = None if no_password else _asked()
    accounts.add(_database(setup), name, role, owns, secret)
    say(f"{visible(name)}: {role}")


@user.command("passwd")
@click.argument("name")
@common
def set_password(setup: Setup, name: str) -> None:
    """Give an account a new password; it is unlocked and signed out everywhere."""
    from anomaly.review import accounts

    accounts.set_password(_database(setup), name, _asked())
    say(f"{visible(name)}: has a new password")


@user.command("lock")
@click.argument("name")
@common
def lock_user(setup: Setup, name: str) -> None:
    """Lock an account until it gets a new password, and sign it out everywhere."""
    from anomaly.review import accounts

    accounts.lock(_database(setup), name)
    say(f"{visible(name)}: locked")


@user.command("list")
@common
def list_users(setup: Setup) -> None:
    """List the accounts."""
    from anomaly.review import accounts

    for each in accounts.every(_database(setup)):
        owns = f", only buckets of {', '.join(each.owns)}" if each.owns else ""
        click.echo(f"{visible(each.name)}  {each.role}{visible(owns)}{', locked' if each.is_locked else ''}")


@review.command("verify-audit")
@click.option("--digest", multiple=True, type=DIGEST, help="A digest printed before; that entry must still be there.")
@common
def verify_audit(setup: Setup, digest: tuple[str, ...]) -> None:
    """Check the audit log: every entry holds the digest of the one before. Note the digest it prints elsewhere.

    An end that was cut off, or a log that was written anew, is seen by a digest noted before; give several, and the
    last one that still stands says from where on it was.
    """
    database = _database(setup)
    found = database.verify_audit()
    stands = {each: database.noted_entry(each) for each in digest}
    gone = [each for each, entry in stands.items() if entry is None]
    faults = [*found.faults, *(f"no entry has the digest {each}, which was noted" for each in gone)]
    for fault in faults:
        click.echo(visible(fault))
    for each, entry in stands.items():
        if entry is not None:
            click.echo(f"entry {entry:,} still has the digest {each}, which was noted")
    click.echo(f"{found.entries:,} entries; the last is {found.head.seq}, digest {found.head.digest}")
    if gone:
        last = max((entry for entry in stands.values() if entry is not None), default=0)
        raise AuditError(f"after entry {last:,} the audit log was cut off or written anew: {len(faults)} faults")
    if faults:
        raise AuditError(f"the audit log was changed: {len(faults)} faults")


@review.command("workflows")
@common
def export_workflows(setup: Setup) -> None:
    """Write the workflows that verdicts made into the context folder, for the next night's run."""
    from anomaly.review.workflows import export

    say(f"{export(_database(setup), setup.settings.context.folder)}: written")


def _database(setup: Setup) -> "Database":
    from anomaly.review.database import open_database

    own = f"sqlite:///{Path(setup.settings.lake.root).absolute() / 'review.sqlite'}"
    return open_database(setup.settings.review.url or own)


def _asked() -> str:
    """A password, from the terminal or standard input; never from the command line, which others see."""
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _first_account(database: "Database", host: str) -> None:
    import secrets

    from anomaly.errors import UsageError
    from anomaly.review import accounts
    from anomaly.review.web.guard import is_loopback

    if accounts.every(database):
        return
    if not is_loopback(host):
        raise UsageError("nobody could sign in: make an account with anomaly review user add NAME --role admin")
    secret = secrets.token_urlsafe(12)
    accounts.add(database, "admin", "admin", password=secret)
    say(f"made the first account: name admin, password {secret} (shown this once; anomaly review user passwd admin)")
