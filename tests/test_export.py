"""Export: the columns of the contract, and cells that stay harmless in a spreadsheet."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.dossier.cells import FORMULA, JOIN, cell
from anomaly.export import COLUMNS, write_csv, write_json
from anomaly.listing import known_bytes, workflow
from fixtures_org import QUIET, THEFT, ScoredOrg

HEADER = (
    "day,rank,score,probability,alert,case_id,session_id,identity,session_name,access_key_ids,source_ips,buckets,"
    "destinations,start,end,bytes_read,objects,workflow,reasons,confidence,confidence_reasons"
)


def test_csv_has_the_columns_of_the_contract_and_a_row_a_session(scored_org: ScoredOrg) -> None:
    text = scored_org.run("export", "--format", "csv").stdout
    assert text.splitlines()[0] == HEADER
    rows = list(csv.DictReader(io.StringIO(text)))
    theft = [row for row in rows if row["day"] == str(THEFT)]
    assert {row["day"] for row in rows} == {str(QUIET), str(THEFT)}
    assert [int(row["rank"]) for row in theft] == list(range(1, len(theft) + 1))
    first = theft[0]
    assert first["identity"] == "arn:aws:iam::111111111111:user/mallory"
    assert first["access_key_ids"] == "AKIAMALLORYXXXXXXXXX"
    assert first["buckets"].split(JOIN) == ["customers", "payroll"]
    assert (first["destinations"], first["source_ips"]) == ("s3://drop-zone", "203.0.113.77")
    # 60 reads of 20,000,060 - n bytes, n from 0 to 59; of the five copies the size is not logged
    assert int(first["bytes_read"]) == 60 * 20_000_060 - sum(range(60))
    # the 60 read, and of the five copied the one that was not read as well
    assert int(first["objects"]) == 61
    assert (first["start"], first["end"]) == (f"{THEFT}T22:00:00Z", f"{THEFT}T22:11:00Z")
    assert (first["alert"], first["workflow"]) == ("true", "none")
    assert len(first["reasons"].split(JOIN)) >= 3


def test_json_says_the_same_as_csv(scored_org: ScoredOrg) -> None:
    rows = json.loads(scored_org.run("export", "--format", "json").stdout)
    table = list(csv.DictReader(io.StringIO(scored_org.run("export", "--format", "csv").stdout)))
    assert [list(row) for row in rows] == [list(COLUMNS)] * len(table)
    assert [{name: str(cell(value)) for name, value in row.items()} for row in rows] == table


def test_a_range_of_days_and_a_file(scored_org: ScoredOrg, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    result = scored_org.run("export", "--format", "csv", "--from", str(THEFT), "--to", str(THEFT), "--out", str(out))
    assert result.exit_code == 0
    assert result.stdout == ""
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert {row["day"] for row in rows} == {str(THEFT)}
    assert f"{len(rows)} sessions in" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_a_range_without_scored_days_names_those_there_are(scored_org: ScoredOrg) -> None:
    result = scored_org.run("export", "--format", "csv", "--from", "2027-01-01")
    assert result.exit_code == 3
    assert "there are 2026-03-23 to 2026-03-24" in result.stderr


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("＝1", "'＝1"),
        (["=a", "b"], "'=a;b"),
        (["a;b", "c"], "a,b;c"),
        ("x\u202ey", "x\\u202ey"),
        (None, ""),
        ([], ""),
        (True, "true"),
        (-1.5, -1.5),
        (7, 7),
    ],
)
def test_cells(value: Any, written: Any) -> None:
    assert cell(value) == written


@given(st.one_of(st.text(), st.lists(st.text(), max_size=4)))
def test_no_text_becomes_a_formula_or_breaks_a_line(value: str | list[str]) -> None:
    written = str(cell(value))
    assert not written.startswith(FORMULA)
    assert len(written.splitlines()) <= 1
    if isinstance(value, list) and value:
        assert len(written.split(JOIN)) == len(value)


@given(st.lists(st.lists(st.text(), min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=5))
def test_csv_reads_back_cell_by_cell(texts: list[list[str]]) -> None:
    out = io.StringIO()
    count = write_csv([dict(zip(COLUMNS, row, strict=True)) for row in texts], out)
    read = list(csv.reader(io.StringIO(out.getvalue())))
    assert count == len(texts)
    assert read == [list(COLUMNS), *[[str(cell(text)) for text in row] for row in texts]]


@given(st.lists(st.dictionaries(st.text(), st.text(), max_size=3), max_size=5))
def test_json_is_one_array(rows: list[dict[str, Any]]) -> None:
    out = io.StringIO()
    assert write_json(rows, out) == len(rows)
    assert json.loads(out.getvalue()) == rows
    assert out.getvalue().isascii()


def test_unknown_size_is_not_zero() -> None:
    assert known_bytes({"reads": 3, "reads_without_bytes": 3, "bytes_read": 0}) is None
    assert known_bytes({"reads": 3, "reads_without_bytes": 1, "bytes_read": 5}) == 5
    assert known_bytes({"reads": 0, "reads_without_bytes": 0, "bytes_read": 0}) == 0


def test_the_workflow_is_named_beside_its_state() -> None:
    assert workflow({"workflow_state": "covered", "workflow_id": "nightly"}) == "covered: nightly"
    assert workflow({"workflow_state": "none", "workflow_id": None}) == "none"
