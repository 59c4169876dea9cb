"""The command line end to end on a small company: what each verb prints, in text and in JSON."""

import json
import subprocess
import sys

import pytest

from anomaly.cli import main
from fixtures_org import DAYS, FOREIGN, HOSTILE_KEY, PEOPLE, QUIET, START, THEFT, UNTIL, Org, ScoredOrg, run

HEAVY = ("duckdb", "matplotlib", "mlflow", "numpy", "pandas", "pyarrow", "rich", "sklearn", "skops")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom anomaly.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print('IMPORTED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "explain" in done.stdout
    assert done.stdout.splitlines()[-1] == "IMPORTED []"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_verb_has_help(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert main.commands[name].get_short_help_str() != ""


def test_ingest_prints_counts_that_add_up_and_a_second_run_loads_nothing(org: Org, own_copy: ScoredOrg) -> None:
    again = own_copy.run("ingest", str(org.logs), "--json")
    assert again.exit_code == 0
    report = json.loads(again.stdout)
    assert report["balanced"] is True
    assert (report["files_seen"], report["files_skipped"], report["records"]["loaded"]) == (DAYS, DAYS, 0)
    text = own_copy.run("ingest", str(org.logs)).stdout
    assert f"{DAYS} seen = 0 loaded + {DAYS} already loaded + 0 quarantined" in text


def test_train_says_what_it_left_out(scored_org: ScoredOrg, own_copy: ScoredOrg) -> None:
    result = own_copy.run("train", "--until", str(UNTIL), "--json")
    assert result.exit_code == 0
    trained = json.loads(result.stdout)
    # 17 days before: ten to calibrate, seven to fit, so none of the ten warm-up days can be spared
    assert (trained["days"], trained["warm_up_days"]) == (17, 0)
    assert trained["since"] == str(START)
    assert "only 0 of the first 10 days are left out" in trained["note"]
    assert (trained["version"], trained["champion"]) == (2, False)
    assert "anomaly models --promote 2" not in result.stdout
    listed = json.loads(own_copy.run("models", "--json").stdout)
    assert [(each["number"], each["aliases"]) for each in listed] == [(1, ["champion"]), (2, ["challenger"])]


def test_models_promotes_a_version(own_copy: ScoredOrg) -> None:
    assert own_copy.run("train", "--until", str(UNTIL)).exit_code == 0
    promoted = own_copy.run("models", "--promote", "2")
    assert promoted.exit_code == 0
    assert "version 1 (previous)" in promoted.stdout
    assert "version 2 (champion)" in promoted.stdout


def test_score_keeps_what_is_up_to_date_and_can_fail_a_pipeline(own_copy: ScoredOrg) -> None:
    result = own_copy.run("score", "--day", str(THEFT), "--fail-on-findings", "--json")
    assert result.exit_code == 1
    (day,) = json.loads(result.stdout)
    assert day["kept"] is True
    assert day["realised"] >= 1
    assert own_copy.run("score", "--day", str(THEFT)).exit_code == 0


def test_top_ranks_the_theft_first(scored_org: ScoredOrg) -> None:
    result = scored_org.run("top", "--json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    first = shown["cases"][0]
    assert shown["day"] == str(THEFT)
    assert first["identity"].endswith("user/mallory")
    assert first["alert"] is True
    assert first["destinations"] == ["s3://drop-zone"]
    assert first["buckets"][0] == {"bucket": "customers", "sensitivity": "restricted"}
    assert [case["case_rank"] for case in shown["cases"]] == list(range(1, len(shown["cases"]) + 1))
    expected = [case["expected_per_day"] for case in shown["cases"]]
    assert expected == sorted(expected)
    assert sum(case["alert"] for case in shown["cases"]) == shown["realised"]


def test_top_lists_covered_cases_apart(scored_org: ScoredOrg) -> None:
    shown = json.loads(scored_org.run("top", "--json").stdout)
    (covered,) = shown["covered"]
    assert covered["identity"].endswith("role/events-loader")
    assert (covered["case_rank"], covered["alert"], covered["workflow_id"]) == (None, False, "events-nightly")
    assert all(not case["identity"].endswith("role/events-loader") for case in shown["cases"])
    text = scored_org.run("top").stdout
    assert "Covered by an approved workflow, not ranked" in text
    assert "covered: events-nightly" in text


def test_top_as_text_has_a_line_a_case_and_says_asked_and_realised(scored_org: ScoredOrg) -> None:
    result = scored_org.run("top", "--day", str(THEFT), "--limit", "2")
    lines = result.stdout.splitlines()
    assert lines[0] == f"{THEFT}: cases by how unusual they are"
    assert lines[2].startswith("1!")
    assert "user/mallory (human)" in lines[2]
    assert "customers (restricted)" in lines[2]
    assert "asked for 10 alerts a day, realised" in result.stdout
    assert "\x1b" not in result.stdout


def test_top_shows_the_last_scored_day_unless_told(scored_org: ScoredOrg) -> None:
    assert json.loads(scored_org.run("top", "--json").stdout)["day"] == str(THEFT)
    assert json.loads(scored_org.run("top", "--day", str(QUIET), "--json").stdout)["day"] == str(QUIET)


def test_explain_by_prefix_and_by_rank_tell_the_same(scored_org: ScoredOrg) -> None:
    by_rank = json.loads(scored_org.run("explain", "--day", str(THEFT), "--rank", "1", "--json").stdout)
    by_prefix = json.loads(scored_org.run("explain", by_rank["session_id"][:12].upper(), "--json").stdout)
    assert by_prefix == by_rank


def test_explain_as_text_answers_what_a_responder_asks(scored_org: ScoredOrg) -> None:
    text = scored_org.run("explain", "--day", str(THEFT), "--rank", "1").stdout
    for words in (
        "arn:aws:iam::111111111111:user/mallory",
        "AKIAMALLORYXXXXXXXXX (long-lived)",
        "203.0.113.77",
        "aws-cli s3.sync",
        "customers (restricted, owner lee@example.org): 60 reads, 5 copies",
        f"s3://drop-zone (foreign, account {FOREIGN}): 5 copies",
        "T1048 Exfiltration Over Alternative Protocol, T1530",
        "T1537",
        "q-value",
        "no approved workflow",
        f"_{THEFT:%Y%m%d}T2359Z_a.json.gz: ",
    ):
        assert words in text, words


def test_nothing_hostile_reaches_the_terminal(scored_org: ScoredOrg) -> None:
    text = scored_org.run("explain", "--day", str(THEFT), "--rank", "1").stdout
    assert "\u202e" not in text
    assert HOSTILE_KEY.replace("\u202e", "\\u202e") in text


def test_quarantine_is_empty_where_all_was_read(scored_org: ScoredOrg) -> None:
    assert json.loads(scored_org.run("quarantine", "--json").stdout) == []
    assert "nothing is in quarantine" in scored_org.run("quarantine").stderr


def test_everyone_is_scored(scored_org: ScoredOrg) -> None:
    shown = json.loads(scored_org.run("top", "--day", str(QUIET), "--json", "--limit", "50").stdout)
    names = {case["identity"].rsplit("/", 1)[-1] for case in shown["cases"]}
    at_work = set(PEOPLE if QUIET.weekday() < 5 else PEOPLE[:3])
    assert names == at_work | {"reporter"}
