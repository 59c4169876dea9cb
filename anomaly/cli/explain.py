"""``anomaly explain``: everything about one session."""

from datetime import date
from pathlib import Path

import click

from anomaly.cli.front import DAY, FILE, Setup, as_json, common, say_json, write_page
from anomaly.errors import UsageError
from anomaly.words import visible


@click.command()
@click.argument("session", required=False)
@click.option("--day", type=DAY, help="Day of the session; needed with --rank.")
@click.option("--rank", type=click.IntRange(min=1), help="Instead of SESSION: the first session of the case ranked so.")
@click.option("--html", type=FILE, metavar="FILE", help="Also write the session's whole case as one page.")
@as_json
@common
def explain(
    setup: Setup, session: str | None, day: date | None, rank: int | None, html: Path | None, as_json: bool
) -> None:
    """Tell all of one session, named by the beginning of its id or by --day and --rank.

    Who, from where, with which credential, which data, where to, which workflow, why it is unusual against which
    baseline, and which records of which files are the evidence.
    """
    from anomaly.investigate import investigate
    from anomaly.listing import check_scored, find_session, session_of_rank

    if (session is None) == (rank is None) or (rank and day is None):
        raise UsageError("say which session: SESSION (the beginning of its id), or --day D --rank N")
    if rank and day:
        found, of_day = session_of_rank(setup.lake, check_scored(setup.lake, day), rank), day
    else:
        found, of_day = find_session(setup.lake, session or "", day)
    # without context files the workflow's name stands alone
    context = setup.context if setup.settings.context.folder.is_dir() else None
    report = investigate(setup.lake, found, of_day, context)
    if html:
        from anomaly.dossier.page import page
        from anomaly.findings import documents

        (finding,) = documents(setup.lake, of_day, context, case_id=report["case"]["case_id"])
        write_page(html, page(finding), "the case of this session")
    if as_json:
        say_json(report)
        return
    from anomaly.show_session import sections

    for heading, lines in sections(report):
        click.secho(heading, bold=True)
        click.echo("".join(f"  {visible(line)}\n" for line in lines))
