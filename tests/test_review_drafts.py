"""The workflow that a case suggests: what the case shows, no less and no more; and what a form may say."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from anomaly.errors import UsageError
from anomaly.review.foresight import leaves_out, still_alerts
from anomaly.review.web.drafts import Typed, suggested, workflow_of
from anomaly.review.workflows import Draft, check
from review_documents import DAY, document

OFFICE = {"address": "192.0.2.10", "network": "office", "network_kind": "office", "reads": 9}
CAFE = {"address": "203.0.113.7", "network": "203.0.113.0/24", "network_kind": "internet", "reads": 2}
TEXTS = {"id": "w", "owner": "ops", "review_by": (DAY + timedelta(days=60)).isoformat()}


def bucket(name: str, sensitivity: str = "restricted", **counts: int) -> dict[str, Any]:
    return {"bucket": name, "sensitivity": sensitivity, "owner": None, "reads": 0, "copies": 0, "shares": 0} | counts


def sent(name: str, relation: str = "foreign", **counts: int) -> dict[str, Any]:
    return {"destination": name, "relation": relation, "account": None, "copies": 0, "shares": 0, "writes": 0} | counts


READ = document(buckets=[bucket("hr", reads=9)], destinations=[], sources=[OFFICE])
COPIED = document(buckets=[bucket("hr", copies=3)], destinations=[sent("s3://box", copies=3)], sources=[OFFICE])
AZURE = sent("azure-account:theirs/box", copies=1)


def draft_of(case: dict[str, Any], **changes: str) -> Draft:
    """The draft as it would be saved untouched but for what has to be filled in."""
    made = workflow_of(replace(suggested(case), **(TEXTS | changes)), "agreed", [])
    assert isinstance(made, Draft)
    return made


@pytest.mark.parametrize(
    ("case", "buckets", "destinations"),
    [
        (READ, "hr", "internal"),
        (READ | {"sources": [CAFE]}, "hr", "ip:203.0.113.7"),
        (READ | {"sources": [OFFICE, CAFE, OFFICE]}, "hr", "internal ip:203.0.113.7"),
        (READ | {"sources": [OFFICE, CAFE | {"reads": 0}]}, "hr", "internal"),
        (COPIED | {"sources": [OFFICE | {"reads": 0}]}, "hr", "s3://box"),
        (COPIED, "hr", "s3://box internal"),
        (COPIED | {"destinations": [AZURE, AZURE], "sources": []}, "hr", "azure-account:theirs"),
        (COPIED | {"destinations": [sent("s3://box", copies=0)], "sources": [CAFE]}, "hr", "ip:203.0.113.7"),
        # what is uploaded to one's own, what is public and what was only looked at needs no approval
        (COPIED | {"destinations": [sent("s3://own", "own", writes=4)]}, "hr", "internal"),
        (READ | {"buckets": [bucket("hr", reads=1), bucket("www", "public", reads=9), bucket("x")]}, "hr", "internal"),
        (READ | {"buckets": [bucket("hr", reads=1), bucket("pay", reads=2)]}, "hr pay", "internal"),
        (
            COPIED | {"buckets": [bucket("out", writes=1)], "destinations": [sent("s3://out", writes=1)]},
            "out",
            "s3://out internal",
        ),
    ],
)
def test_the_draft_names_what_the_case_shows(case: dict[str, Any], buckets: str, destinations: str) -> None:
    found = suggested(case)
    assert (found.bucket, found.destination) == (buckets, destinations)
    assert "*" not in found.identity + found.bucket + found.destination
    draft = draft_of(case)
    assert leaves_out(draft, case) == []
    assert [each.what for each in still_alerts(draft) if not each.alerts] == []


def test_names_that_a_glob_would_read_otherwise_stand_for_themselves() -> None:
    case = READ | {"identity": "arn:aws:iam::1:user/a*b?", "buckets": [bucket("hr*", reads=1)], "sessions": []}
    found = suggested(case)
    assert (found.identity, found.bucket) == ("arn:aws:iam::1:user/a[*]b[?]", "hr[*]")
    assert leaves_out(draft_of(case), case) == []


def test_what_no_field_holds_is_left_out_and_said() -> None:
    case = READ | {"buckets": [bucket(f"bucket-{nth:03}", reads=1) for nth in range(90)]}
    draft = draft_of(case)
    held = draft.bucket.split()
    assert 0 < len(held) < 90
    assert leaves_out(draft, case) == [f"the bucket bucket-{nth:03} is not named" for nth in range(len(held), 90)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"identity": "somebody-else"}, "is somebody else"),
        ({"bucket": "pay"}, "the bucket hr is not named"),
        ({"destination": "s3://vault"}, "s3://box is not named as a destination"),
        ({"destination": "s3://box ip:192.0.2.99"}, "what was read at 203.0.113.7 is approved to no such place"),
        ({"max_bytes_per_day": "1 kB"}, "more was read of hr than it allows for a day"),
    ],
)
def test_a_draft_that_does_not_cover_its_case_says_why(changes: dict[str, str], says: str) -> None:
    case = COPIED | {"buckets": [bucket("hr", copies=3, reads=9, bytes_read=9_000)], "sources": [CAFE]}
    assert leaves_out(draft_of(case), case) == []
    assert any(says in each for each in leaves_out(draft_of(case, **changes), case))


@pytest.mark.parametrize(
    ("text", "size"), [("", None), ("500 GB", 5 * 10**11), ("1.5tb", 15 * 10**11), ("4096", 4096), ("7 bytes", 7)]
)
def test_an_amount_a_day_is_read(text: str, size: int | None) -> None:
    assert draft_of(READ, max_bytes_per_day=text).max_bytes_per_day == size


@pytest.mark.parametrize("text", ["lots", "5 gigs", "-1", "0", "1e9", "5 EB", "0.2", "٣ GB"])
def test_an_amount_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write it as 500 GB"):
        workflow_of(Typed(**TEXTS, max_bytes_per_day=text), "agreed", [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"destination": "none"}, "approves nothing"),
        ({"destination": "internal nowhere"}, "'nowhere' is not one of"),
        ({"bucket": "hr [ab"}, "opens no set"),
        ({"bucket": " "}, "bucket is empty"),
        ({"id": "w#2"}, "holds a #"),
    ],
)
def test_every_name_of_a_draft_is_checked(changes: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check(replace(draft_of(READ), **changes))  # type: ignore[arg-type]
