"""Matching planted campaigns to sessions, on rows written by hand."""

from pathlib import Path

import pandas as pd
import pytest

from anomaly.errors import DataQualityError
from anomaly.evaluate.truth import COLUMNS, in_scored_days, match, read_truth

DAY_US = 86_400_000_000
DAY = 20_487  # 2026-02-03
HEADER = ",".join(COLUMNS)
ROW = (
    "A-1,S01,attack,2026-02-03,arn:x:user/a,,secrets,,2026-02-03T10:00:00Z,2026-02-03T10:30:00Z,500,7,takes it\n"
    "A-1,S01,attack,2026-02-04,arn:x:role/r,me,secrets;more,,2026-02-04T23:59:59Z,2026-02-04T23:59:59Z,,,\n"
)


def truth_file(folder: Path, body: str, header: str = HEADER) -> Path:
    path = folder / "truth.csv"
    path.write_text(f"{header}\n{body}", encoding="utf-8")
    return path


def at(hour: float, day: int = DAY) -> int:
    return int(day * DAY_US + hour * 3_600_000_000)


def sessions(*rows: tuple[str, int, str, str | None, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["session_id", "day", "identity", "session_name", "start_us", "end_us"])


def test_times_days_and_counts_are_numbers(tmp_path: Path) -> None:
    truth = read_truth(truth_file(tmp_path, ROW))
    assert truth["day"].tolist() == [DAY, DAY + 1]
    assert truth["first_us"].tolist() == [at(10), at(24, DAY + 1) - 1_000_000]
    assert truth["last_us"].tolist() == [at(10.5) + 999_999, at(24, DAY + 1) - 1]
    assert truth["bytes_read"].tolist() == [500, 0]
    assert truth["objects"].tolist() == [7, 0]


def test_a_session_matches_by_day_identity_and_time(tmp_path: Path) -> None:
    truth = read_truth(truth_file(tmp_path, ROW))
    seen = sessions(
        ("inside", DAY, "arn:x:user/a", None, at(10.1), at(10.2)),
        ("around", DAY, "arn:x:user/a", None, at(9), at(12)),
        ("touches the last second", DAY, "arn:x:user/a", None, at(10.5) + 900_000, at(11)),
        ("a second late", DAY, "arn:x:user/a", None, at(10.5) + 1_000_000, at(11)),
        ("before", DAY, "arn:x:user/a", None, at(8), at(10) - 1),
        ("someone else", DAY, "arn:x:user/b", None, at(10.1), at(10.2)),
        ("another day", DAY + 1, "arn:x:user/a", None, at(10.1), at(10.2)),
    )
    assert set(match(truth, seen)["session_id"]) == {"inside", "around", "touches the last second"}


def test_the_session_name_counts_where_the_truth_gives_one(tmp_path: Path) -> None:
    truth = read_truth(truth_file(tmp_path, ROW))
    late = at(24, DAY + 1) - 1_000_000
    seen = sessions(
        ("mine", DAY + 1, "arn:x:role/r", "me", late, late),
        ("yours", DAY + 1, "arn:x:role/r", "you", late, late),
        ("nobody's", DAY + 1, "arn:x:role/r", None, late, late),
    )
    assert match(truth, seen).to_dict("records") == [{"campaign": "A-1", "day": DAY + 1, "session_id": "mine"}]


def test_what_only_flows_show_belongs_to_the_session_that_answers_for_them(tmp_path: Path) -> None:
    row = "A-1,S18,attack,2026-02-03,arn:x:role/r,i-1,,{},2026-02-03T10:00:00Z,2026-02-03T10:30:00Z,0,0,sends\n"
    seen = sessions(
        ("before", DAY, "arn:x:role/r", "i-1", at(9), at(9.1)),
        ("earlier", DAY, "arn:x:role/r", "i-1", at(8), at(8.9)),
        ("another host", DAY, "arn:x:role/r", "i-2", at(9), at(9.1)),
        ("after", DAY, "arn:x:role/r", "i-1", at(10.6), at(11)),
    )
    for address in ("198.51.100.7", "2001:db8::7"):
        truth = read_truth(truth_file(tmp_path, row.format(address)))
        assert match(truth, seen)["session_id"].tolist() == ["before"]
        assert match(truth, seen[seen["start_us"] > at(10)])["session_id"].tolist() == ["after"]
    account = read_truth(truth_file(tmp_path, row.format("123456789012")))
    assert match(account, seen).empty


def test_overlapping_rows_of_a_campaign_name_a_session_once(tmp_path: Path) -> None:
    line = ROW.splitlines(keepends=True)[0]
    truth = read_truth(truth_file(tmp_path, line + line))
    seen = sessions(("inside", DAY, "arn:x:user/a", None, at(10.1), at(10.2)))
    assert len(match(truth, seen)) == 1


@pytest.mark.parametrize(
    ("body", "header", "says"),
    [
        (ROW.replace("attack,2026-02-04", "theft,2026-02-04"), HEADER, r"row 3: the kind 'theft'"),
        (ROW, HEADER.replace("identity", "who"), r"lacks the columns identity"),
    ],
)
def test_a_wrong_truth_file_says_where(tmp_path: Path, body: str, header: str, says: str) -> None:
    with pytest.raises(DataQualityError, match=says):
        read_truth(truth_file(tmp_path, body, header))


def test_a_missing_truth_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataQualityError, match=r"truth\.csv"):
        read_truth(tmp_path / "truth.csv")


def test_an_attack_among_the_days_to_learn_is_refused(tmp_path: Path) -> None:
    truth = read_truth(truth_file(tmp_path, ROW))
    assert len(in_scored_days(truth, DAY)) == 2
    with pytest.raises(DataQualityError, match=r"first scored day 2026-02-04, among those to learn: A-1"):
        in_scored_days(truth, DAY + 1)
    harmless = in_scored_days(truth.assign(kind="benign"), DAY + 1)
    assert harmless["day"].tolist() == [DAY + 1]
