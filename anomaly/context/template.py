"""Empty context files for a newcomer to fill: the header, then what each column means, in comment rows."""

from collections.abc import Iterator
from pathlib import Path

from anomaly.context.reading import COMMENT
from anomaly.context.tables import TABLES, Table
from anomaly.errors import ContextError


def write_template(folder: Path) -> list[Path]:
    """Write the files a folder lacks and return them; a file that is there is left as it is."""
    paths = {folder / table.file: table for table in TABLES}
    missing = {path: table for path, table in paths.items() if not path.exists()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, table in missing.items():
            path.write_text("\n".join(template_lines(table)) + "\n", encoding="utf-8")
    except OSError as error:
        raise ContextError(f"cannot write the context files in {folder}: {error.strerror}") from error
    return list(missing)


def template_lines(table: Table) -> Iterator[str]:
    """Yield the header and the comment rows of one file, the last one an example."""
    yield ",".join(table.header)
    yield f"{COMMENT}A row: {table.row}. Rows that start so are not read."
    for field in table.fields:
        yield f"{COMMENT}{field.name}: {field.meaning}"
    yield f"{COMMENT}example: {','.join(table.example)}"
