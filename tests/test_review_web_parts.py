"""The parts of the review page that need no server: charts, the guard, what a value is called, where it may listen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.dossier import FOLDER, filters
from anomaly.dossier.charts import HEIGHT, WIDTH, chart, charts
from anomaly.errors import ConfigError, UsageError
from anomaly.review.web import serve
from anomaly.review.web.guard import CONTENT_SECURITY_POLICY, is_listed, is_loopback
from anomaly.review.web.serve import Listen
from review_documents import DAY, document

HERE = Listen(host="127.0.0.1", port=8750)
BEYOND = Listen(host="0.0.0.0", port=8750, is_behind_tls=True, hosts=("review.corp.example",))


def test_on_this_machine_alone_nothing_more_is_asked_for() -> None:
    HERE.check()
    assert HERE.address == "http://127.0.0.1:8750/"
    assert not HERE.options().is_tls


def test_beyond_this_machine_it_takes_tls_and_a_name() -> None:
    BEYOND.check()
    assert BEYOND.address == "https://review.corp.example:8750/"
    assert BEYOND.options().hosts == ("review.corp.example",)
    assert BEYOND.options().cookie.startswith("__Host-")


@pytest.mark.parametrize(
    ("listen", "kind", "said"),
    [
        (Listen(host="0.0.0.0", port=1), UsageError, "without TLS"),
        (Listen(host="::", port=1), UsageError, "without TLS"),
        (Listen(host="192.0.2.1", port=1, is_behind_tls=True), UsageError, "review.hosts"),
        (Listen(host="127.0.0.1", port=1, proxy_header="x-user"), ConfigError, "together"),
        (Listen(host="127.0.0.1", port=1, proxy_header="x-user", proxies=("10.0.0.0/33",)), ConfigError, "10.0.0.0/33"),
        (Listen(host="127.0.0.1", port=1, certificate=Path("a.pem")), ConfigError, "tls_key"),
    ],
)
def test_what_would_leave_the_page_open_is_refused(listen: Listen, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        listen.check()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_own_addresses(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "192.0.2.1", "localhost.example"])
def test_addresses_that_others_reach(address: str) -> None:
    assert not is_loopback(address)


def test_a_proxy_is_believed_by_its_own_address_alone() -> None:
    assert is_listed("10.1.2.3", ["10.1.2.0/24"])
    assert not is_listed("10.1.3.3", ["10.1.2.0/24"])
    assert not is_listed("testclient", ["10.1.2.0/24"])
    assert not is_listed("::ffff:10.1.2.3", ["10.1.2.0/24"])


def test_the_policy_allows_nothing_inline() -> None:
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert not any(word in CONTENT_SECURITY_POLICY for word in ("unsafe", "data:", "http", "*"))


def test_no_template_needs_what_the_policy_forbids() -> None:
    own = list(Path(serve.__file__).parent.glob("templates/*.j2"))
    assert len(own) > 10
    texts = [path.read_text(encoding="utf-8") for path in [*own, FOLDER / "chart.html.j2"]]
    forbidden = (" style=", "<style", " onclick", " onload", "javascript:", "|safe", "| safe", "hx-on", "://")
    assert [word for word in forbidden for text in texts if word in text] == []


def test_a_chart_ends_with_the_day_of_the_case() -> None:
    drawn = chart(document()["history"][0])
    assert [bar.is_case for bar in drawn.bars] == [False] * 29 + [True]
    assert len(drawn.unknown) == 1
    assert drawn.bars[-1].height == HEIGHT
    assert drawn.bars[-1].title == f"{DAY}: 412 GB"
    assert (drawn.usual, drawn.last) == ("4.5 GB", DAY.isoformat())


def test_without_a_past_the_chart_says_so() -> None:
    history = {
        "signal": "s",
        "says": "objects",
        "unit": "objects",
        "value": 3,
        "series": [{"day": "2026-03-10", "value": 3}],
    }
    assert "no day before it" in chart(history).text
    assert charts([history | {"series": []}]) == []
    assert charts(None) == []


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e18)), min_size=1, max_size=90))
def test_no_bar_leaves_its_chart(values: list[float | None]) -> None:
    days = [f"2026-{1 + nth // 28:02}-{1 + nth % 28:02}" for nth in range(len(values))]
    series = [{"day": day, "value": value} for day, value in zip(days, values, strict=True)]
    drawn = chart({"says": "s", "unit": "bytes", "value": values[-1], "series": series})
    for bar in drawn.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH + 0.1
        assert -0.1 <= bar.y <= bar.y + bar.height <= HEIGHT + 0.1


def test_values_in_words() -> None:
    assert filters.bytes_words(None) == filters.count_words(None) == "unknown"
    assert filters.bytes_words(0) == "0 bytes"
    assert filters.source({"address": "203.0.113.7", "country": "NL"}) == "203.0.113.7, NL"
    account = {"destination": "aws-account:999988887777", "relation": "foreign", "account": "999988887777"}
    assert filters.destination(account) == "aws-account:999988887777 (foreign)"
    assert filters.destination(account | {"destination": "s3://drop"}) == "s3://drop (foreign, 999988887777)"
    assert filters.destination({"destination": "public", "relation": None, "account": None}) == "public"
    assert filters.pointer({"file": "a.gz", "records": 100, "ordinals": list(range(12))}).endswith("9 and 90 more")
    assert filters.short("arn:aws:iam::1:user/‮x") == "user/\\u202ex"
