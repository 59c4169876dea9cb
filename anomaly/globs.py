"""The globs people write (workflows.csv), held to where DuckDB's GLOB and everyone's habit agree.

Tried on DuckDB 2.0: ``*`` crosses ``/``, case counts, ``[!…]`` negates but ``[^…]`` does not, a backslash escapes, an
unclosed ``[`` matches nothing without a word, and ``?`` and sets match one byte, not one letter.
"""

import re

# A set: letters, digits and marks one by one, or ranges between letters or digits, perhaps negated.
SET = re.compile(r"\[!?(?:[A-Za-z0-9]-[A-Za-z0-9]|[^\]\[\\^!\-])+\]", re.ASCII)


def glob(value: str) -> str:
    """Check a glob of ``*``, ``?``, ``[abc]``, ``[a-z]``, ``[!abc]``; raises ValueError on what would not match so."""
    if "\\" in value:
        raise ValueError("holds a backslash; write a literal * or ? as [*] or [?]")
    for part in SET.findall(value):
        _set(part)
    rest = SET.sub("", value)
    if "[" in rest:
        raise ValueError("has a [ that opens no set; sets are [abc], [a-z], [!abc]")
    return value


def literal(name: str) -> str:
    """Return the glob that fits this name alone.

    >>> literal("logs/[a]*")
    'logs/[[]a][*]'
    """
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", name)


def _set(part: str) -> None:
    if not part.isascii():
        raise ValueError(f"has the set {part}; only ASCII works inside one, use *")
    for low, high in re.findall(r"([A-Za-z0-9])-([A-Za-z0-9])", part):
        if low > high:
            raise ValueError(f"has the range {low}-{high}, which is empty; {high}-{low}?")
