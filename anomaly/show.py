"""What a person sees: tables drawn with rich on a terminal, plain aligned lines anywhere else.

Everything that comes from a log goes through ``visible`` first, and rich is given text, never markup.
"""

import re
import sys
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from anomaly.listing import known_bytes, workflow
from anomaly.words import in_bytes, in_count, in_list, in_rate, visible

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A title, headers and rows of text, and the notes below.

    A row in ``marked`` is drawn to stand out. ``stacks`` says which columns a terminal, which is narrow, puts above one
    another; without it each stands alone.
    """

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    marked: frozenset[int] = field(default_factory=frozenset)
    stacks: Sequence[Sequence[int]] = ()


def draw(table: Table, out: IO[str] | None = None) -> None:
    """Write a table to a stream, by default stdout."""
    stream = out or sys.stdout
    if stream.isatty():
        _draw_rich(table, stream)
    else:
        stream.write("\n".join(plain_lines(table)) + "\n")


def plain_lines(table: Table) -> list[str]:
    """Return a table as aligned lines, a row a line, so that grep and awk can work on it."""
    cells = [list(table.headers), *[list(row) for row in table.rows]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(table.headers))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [table.title, *(lines if table.rows else []), *table.notes]


def _draw_rich(table: Table, stream: IO[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    console = Console(file=stream, highlight=False, emoji=False)
    stacks = table.stacks or [[place] for place in range(len(table.headers))]
    drawn = Drawn(
        title=Text(table.title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_lines=True,
        # two spaces between columns: a bucket's name is long, and is cut in two where there is no room for it
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for stack in stacks:
        header = table.headers[stack[0]]
        drawn.add_column(Text(header), overflow="fold", justify="right" if header in RIGHT else "left")
    for place, row in enumerate(table.rows):
        cells = [Text.assemble(*_stacked(table.headers, row, stack)) for stack in stacks]
        drawn.add_row(*cells, style="bold red" if place in table.marked else "")
    if table.rows:
        console.print(drawn)
    else:
        console.print(Text(table.title, style="bold"))
    for note in table.notes:
        console.print(Text(note, style="dim"))


def _stacked(headers: Sequence[str], row: Sequence[str], stack: Sequence[int]) -> Iterator[str | tuple[str, str]]:
    """Yield the first column's text, below it the others', each behind its header; text or (text, style)."""
    yield row[stack[0]]
    for column in stack[1:]:
        if row[column]:
            yield f"\n{headers[column]}: ", "dim"
            yield row[column]


RIGHT = {"#", "a day"}
# a role that IAM Identity Center makes is named AWSReservedSSO_<permission set>_<16 hex digits>
SSO_ROLE = re.compile(r"AWSReservedSSO_(?P<name>.+)_[0-9a-f]{16}")
CASE_STACKS = ((0,), (1,), (2, 3, 5), (4, 6), (7, 8, 10), (9,))
CASE_HEADERS = ("#", "a day", "who", "from", "buckets", "to", "volume", "why", "workflow", "session", "confidence")


def case_cells(case: Record) -> list[str]:
    """Return a case of ``listing.cases`` as the cells of ``CASE_HEADERS``."""
    return [
        "" if case["case_rank"] is None else f"{case['case_rank']}{'!' if case['alert'] else ''}",
        in_rate(case["expected_per_day"]),
        _who_of_case(case),
        _whence(case),
        in_list([f"{each['bucket']} ({each['sensitivity']})" for each in case["buckets"]], 2)
        if case["buckets"]
        else "",
        in_list(case["destinations"], 2) if case["destinations"] else "the caller",
        volume(case),
        visible(case["headline"]),
        visible(workflow(case)),
        case["session_id"][:10],
        f"{case['confidence']:.2f}",
    ]


def who(identity: str, session_name: str | None) -> str:
    """Return an identity as people say it: ``user/kim``, ``kim@example.org as DataEngineer``, ``service:athena``."""
    kind, _, name = identity.rpartition(":")[2].partition("/") if identity.startswith("arn:") else ("", "", identity)
    short = name.rsplit("/", 1)[-1] or kind
    if sso := SSO_ROLE.fullmatch(short):
        short = sso["name"]
    shown = f"{session_name} as {short}" if session_name else f"{kind}/{short}" if kind == "user" else short
    return visible(shown)


def volume(case: Record) -> str:
    """Return what was taken: bytes read and objects; the size of a read may be unknown, that of a copy always is."""
    if case["reads"] == 0 and case["objects"] == 0:
        # copies that stay as guarded take no object (features/sessions/acts.sql)
        return f"nothing read, {in_count(case['copies'])} copied within" if case["copies"] else "nothing read"
    only_moved = case["reads"] == 0
    size = None if only_moved else known_bytes(case)
    read = "size unknown" if size is None else in_bytes(size)
    least = "at least " if size is not None and (case["reads_without_bytes"] or case["copies"]) else ""
    return f"{least}{read}, {in_count(case['objects'])} object{'' if case['objects'] == 1 else 's'}"


def _who_of_case(case: Record) -> str:
    others = len(case["actors"]) - 1
    return f"{who(case['identity'], case['session_name'])} ({case['identity_kind']})" + (
        f" and {others} more" if others else ""
    )


def _whence(case: Record) -> str:
    countries = f" [{', '.join(visible(name) for name in case['countries'])}]" if case["countries"] else ""
    return in_list(case["networks"], 2) + countries


def case_table(
    title: str,
    cases: Sequence[Record],
    notes: Iterable[str] = (),
    marks: Mapping[str, str] | None = None,
    standing_out: Container[str] = (),
) -> Table:
    """Return cases as a table; ``marks`` puts a word beside cases, by case_id (the demo marks what was planted)."""
    headers = list(CASE_HEADERS) + (["planted"] if marks is not None else [])
    rows = [case_cells(case) + ([marks.get(case["case_id"], "")] if marks is not None else []) for case in cases]
    marked = frozenset(place for place, case in enumerate(cases) if case["case_id"] in standing_out)
    stacks = [*CASE_STACKS, *([] if marks is None else [(len(CASE_HEADERS),)])]
    return Table(title, headers, rows, tuple(notes), marked, stacks)
