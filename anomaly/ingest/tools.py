"""The client program read out of a user agent: ``features/sources/tools.csv``, first pattern that fits."""

import re
from functools import cache, lru_cache

import pyarrow as pa

from anomaly.data import source_rows

COMMAND = re.compile(r"(?:command/|md/command#)([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)")

AGENTS = pa.schema([(name, pa.string()) for name in ("agent", "user_agent", "tool")])
"""The table that a format learns of user agents; ``agent_row`` makes its rows."""


def clean_agent(user_agent: str | None) -> str | None:
    """Remove the brackets that CloudTrail puts around most user agents.

    >>> clean_agent("[Boto3/1.34]")
    'Boto3/1.34'
    """
    text = (user_agent or "").strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].strip()
    return text or None


@lru_cache(maxsize=10_000)
def tool_of(user_agent: str | None) -> str:
    """Return the client family; ``other`` when no pattern fits, ``unknown`` without a user agent.

    >>> tool_of("aws-cli/2.15.30 Python/3.11 prompt/off command/s3.sync")
    'aws-cli s3.sync'
    """
    if not user_agent:
        return "unknown"
    for pattern, name in _patterns():
        if pattern.search(user_agent):
            command = COMMAND.search(user_agent)
            return name.format(command=command.group(1) if command else "").strip()
    return "other"


def agent_row(agent: str) -> tuple[str, str | None, str]:
    """Return the agent as logged, cleaned, and its client family."""
    cleaned = clean_agent(agent)
    return agent, cleaned, tool_of(cleaned)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), row["tool"]) for row in source_rows("tools.csv"))
