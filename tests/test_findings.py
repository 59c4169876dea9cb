"""The findings of a day: one plain document a case, the listing's numbers, and a past that ends with its day."""

import json
from datetime import date
from typing import Any

import pytest

from anomaly.catalog import table
from anomaly.context import Context
from anomaly.errors import UnknownNameError
from anomaly.findings import SCHEMA, build, documents
from anomaly.findings.history import measure
from anomaly.investigate import investigate
from anomaly.investigate.report import loaded
from anomaly.listing import cases, plain_case
from anomaly.model.detector import ExfilDetector
from anomaly.model.registry import Registry
from anomaly.pipeline import FEATURES
from anomaly.store import Store
from fixtures_org import HOSTILE_KEY, QUIET, START, THEFT, ScoredOrg

KEYS = {
    *("schema", "case_id", "day", "rank", "cases", "alert", "covered", "score", "tail_probability", "expected_per_day"),
    *("confidence", "headline", "family", "reasons", "identity", "identity_kind", "identity_account", "session_name"),
    *("actors", "credentials", "sources", "tools", "buckets", "objects", "destinations", "bytes_read", "objects_taken"),
    *("reads_without_bytes", "start", "end", "workflow", "workflow_detail", "attack", "counterfactual", "timeline"),
    *("evidence", "sessions", "model_version", "history"),
}


@pytest.fixture(scope="module")
def context(scored_org: ScoredOrg) -> Context:
    return Context.load(scored_org.org.context)


@pytest.fixture(scope="module")
def found(scored_org: ScoredOrg, context: Context) -> list[dict[str, Any]]:
    return documents(scored_org.lake, THEFT, context)


def test_every_case_is_one_plain_document(scored_org: ScoredOrg, found: list[dict[str, Any]]) -> None:
    listed = [plain_case(case) for case in cases(scored_org.lake, THEFT)]
    assert [each["case_id"] for each in found] == [case["case_id"] for case in listed]
    assert [each["rank"] for each in found] == [case["case_rank"] for case in listed]
    for document, case in zip(found, listed, strict=True):
        assert document.keys() == KEYS
        assert (document["schema"], document["cases"]) == (SCHEMA, len(listed))
        for name in ("day", "start", "end", "score", "bytes_read", "headline", "identity", "alert", "covered"):
            assert document[name] == case[name], name
        assert [each["session_id"] for each in document["sessions"]] == case["sessions"]
        assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_theft_is_told_whole(found: list[dict[str, Any]]) -> None:
    theft = found[0]
    assert theft["identity"].endswith("user/mallory")
    assert theft["attack"][0]["technique"] == "T1048"
    # its day's ordinary session is of the same case
    assert [each["address"] for each in theft["sources"]] == ["203.0.113.77", "192.0.2.10"]
    assert theft["buckets"][0] | {"bucket": "customers", "owner": "lee@example.org"} == theft["buckets"][0]
    assert theft["objects"]["largest"][0]["object_key"] == HOSTILE_KEY
    assert theft["bytes_read"] > sum(20_000_060 - nth for nth in range(60))
    assert theft["credentials"][0]["access_key_id"].startswith("AKIAMALLORY")
    assert theft["workflow_detail"].startswith("no approved workflow")


def test_what_its_sessions_did_is_counted_together(scored_org: ScoredOrg, found: list[dict[str, Any]]) -> None:
    with Store() as store:
        store.view("acts", scored_org.lake.files("acts", THEFT))
        acts = dict(store.rows("select session_id, count(*) from acts group by session_id"))
    for document in found:
        whole = sum(acts[each["session_id"]] for each in document["sessions"])
        assert sum(each["acts"] for each in document["sources"]) == whole
        assert sum(each["records"] for each in document["evidence"]) == whole


def test_only_the_first_ranks_are_taken_when_asked(scored_org: ScoredOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [case | {"alert": case["case_rank"] == 3} for case in cases(scored_org.lake, THEFT)]
    monkeypatch.setattr(build, "cases", lambda *_: listed)
    first = documents(scored_org.lake, THEFT, None, top=1)
    covered = [case["case_id"] for case in listed if case["covered"]]
    assert covered
    assert [each["rank"] for each in first] == [1, 3] + [None] * len(covered)
    assert [each["case_id"] for each in first][2:] == covered
    assert {each["cases"] for each in first} == {len(listed)}
    # without a context the owners are not known
    assert first[0]["buckets"][0]["owner"] is None


def test_the_past_ends_with_the_day_and_is_its_own(scored_org: ScoredOrg, found: list[dict[str, Any]]) -> None:
    theft = found[0]
    assert [each["says"] for each in theft["history"]] == theft["reasons"][:3]
    for past in theft["history"]:
        days = [point["day"] for point in past["series"]]
        assert days == sorted(set(days))
        assert (days[0], days[-1]) == (START.isoformat(), THEFT.isoformat())
    # a day scored while later ones are known sees none of them
    quiet = [past for each in documents(scored_org.lake, QUIET, None, top=1) for past in each["history"]]
    assert {past["series"][-1]["day"] for past in quiet} == {QUIET.isoformat()}


def test_a_number_of_the_past_is_what_was_measured_then(scored_org: ScoredOrg, found: list[dict[str, Any]]) -> None:
    with Store() as store:
        store.view(FEATURES, scored_org.lake.files(FEATURES, START, THEFT))
        store.view("sessions", scored_org.lake.files("sessions", START, THEFT))
        for past in found[0]["history"]:
            column = measure(past["signal"])
            assert past["unit"] in (column.unit, table(FEATURES).signals[past["signal"]].unit)
            name = column.name if past["unit"] == column.unit else past["signal"]
            rows = store.rows(
                f'select day, max("{name}") from sessions inner join {FEATURES} using (session_id, day, identity) '
                "where identity = $identity group by day order by day",
                {"identity": found[0]["identity"]},
            )
            assert [point["value"] for point in past["series"]] == [value for _, value in rows]
            assert past["value"] == past["series"][-1]["value"]


def test_an_actor_without_a_past_has_no_series(own_copy: ScoredOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "cases", lambda lake, day: cases(lake, day)[:1])
    for day in own_copy.lake.days(FEATURES):
        if day < THEFT:
            for path in own_copy.lake.files(FEATURES, day):
                path.unlink()
    assert all(each["history"] == [] for each in documents(own_copy.lake, THEFT, None))


def test_the_model_is_loaded_once_and_says_the_same(scored_org: ScoredOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cases(scored_org.lake, THEFT)[0]
    alone = investigate(scored_org.lake, first["session_id"], THEFT)
    given = investigate(scored_org.lake, first["session_id"], THEFT, scorer=loaded(scored_org.lake, "1"))
    assert given == alone
    loads = []
    load = Registry.load

    def counted(registry: Registry, version: int) -> ExfilDetector:
        loads.append(version)
        return load(registry, version)

    monkeypatch.setattr(Registry, "load", counted)
    monkeypatch.setattr(build, "cases", lambda lake, day: cases(lake, day)[:2])
    found = documents(scored_org.lake, THEFT, None)
    assert loads == [1]
    assert found[0]["counterfactual"] == alone["counterfactual"]


def test_a_day_that_was_not_scored_is_refused(scored_org: ScoredOrg) -> None:
    with pytest.raises(UnknownNameError, match="was not scored"):
        documents(scored_org.lake, date(2026, 1, 1), None)
