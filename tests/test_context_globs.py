"""The globs that are accepted mean in DuckDB what everyone takes them to mean."""

import fnmatch
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anomaly.globs import glob
from anomaly.store import Store

LETTERS = "abz09/:-_.*?[]!^"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Return one connection for the whole file."""
    with Store(threads=1) as opened:
        yield opened


parts = st.sampled_from(["*", "?", "[ab]", "[!a]", "[a-z]", "[!0-9]", "[*]", "[?]", "]", "!", "-", "[/a-b.]"])
globs = st.lists(parts | st.sampled_from("abz09/:-_."), max_size=8).map("".join)


@settings(deadline=None)  # the machine may be busy
@given(pattern=globs, text=st.text(LETTERS, max_size=8))
@example(pattern="arn:*:role/backup", text="arn:aws:iam::1:role/backup")
@example(pattern="a*", text="A")
@example(pattern="[!a]", text="^")
def test_a_glob_matches_alike_in_sql_and_python(store: Store, pattern: str, text: str) -> None:
    assert store.value("select ? glob ?", [text, glob(pattern)]) == fnmatch.fnmatchcase(text, pattern)


@settings(deadline=None)  # the machine may be busy
@given(pattern=st.text(LETTERS, max_size=8), text=st.text(LETTERS, max_size=8))
def test_what_would_match_unlike_is_refused(store: Store, pattern: str, text: str) -> None:
    if store.value("select ? glob ?", [text, pattern]) != fnmatch.fnmatchcase(text, pattern):
        with pytest.raises(ValueError, match=r"has|holds"):
            glob(pattern)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("[", "opens no set"),
        ("a[b", "opens no set"),
        ("[]", "opens no set"),
        ("[!]", "opens no set"),
        ("[]a]", "opens no set"),
        ("[a-]", "opens no set"),
        ("[^a]", r"\[!abc\]"),
        ("a\\*", "backslash"),
        ("[b-a]", "a-b\\?"),
        ("[9-0]", "0-9\\?"),
        ("[é]", "only ASCII"),
    ],
)
def test_a_glob_that_would_surprise_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        glob(pattern)
