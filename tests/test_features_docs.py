"""docs/features.md says of stages and signals what the SQL's headers and the catalogue say.

Where a table is out of date, the test prints the one to put there.
"""

import re

import house
import pages
from anomaly.catalog import table
from anomaly.stage import CONTEXT_TABLES, HEADER_KEYS, Stage, stages

PAGE = house.REPOSITORY / "docs" / "features.md"


def reads(stage: Stage) -> str:
    parts = [f"`{name}`" for name in stage.inputs]
    parts += [f"`{name}` of {days} days before" for name, days in stage.history.items()]
    parts += [f"`{name}` as of the day before" for name in stage.before]
    return ", ".join([*parts, *(f"*{name}*" for name in stage.context)])


def stage_table() -> str:
    lines = [f"| `{s.path}` | {s.row} | {s.key or 'none'} | {reads(s)} |" for s in stages().values()]
    return "\n".join(["| query | a row | key | reads |", "| --- | --- | --- | --- |", *lines])


def signal_table() -> str:
    signals = sorted(table("session_features").signals.values(), key=lambda column: column.family)
    lines = [f"| {column.family} | `{column.name}` | {column.meaning} | {column.unit} |" for column in signals]
    return "\n".join(["| family | signal | how far above the usual | range |", "| --- | --- | --- | --- |", *lines])


def test_the_stages_stand_there_in_their_order() -> None:
    assert stage_table() in pages.text_of(PAGE), f"put this into {PAGE.name}:\n\n{stage_table()}"


def test_every_signal_stands_there_with_family_meaning_and_range() -> None:
    assert signal_table() in pages.text_of(PAGE), f"put this into {PAGE.name}:\n\n{signal_table()}"


def test_every_key_of_a_header_and_every_context_table_is_explained() -> None:
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", pages.text_of(PAGE), flags=re.MULTILINE))
    assert explained >= HEADER_KEYS | CONTEXT_TABLES


def test_the_windows_it_names_are_those_of_the_headers() -> None:
    section = pages.sections(PAGE)["Baselines"]
    named = set(re.findall(r"^\| `([a-z_]+)` \| (\d+) days? \|", section, flags=re.MULTILINE))
    declared = {(name, str(days)) for stage in stages().values() for name, days in stage.history.items()}
    assert named == declared
    assert all(f"| `{name}` | all days |" in section for stage in stages().values() for name in stage.before)
