"""Context files: what loads, what it loads to, and that every mistake is named where it stands."""

import csv
import io
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly.config.settings import DetectionSettings
from anomaly.context import Context
from anomaly.context.destinations import SHOWN
from anomaly.context.tables import CLOUDS, IDENTITY_KINDS, NETWORK_KINDS, RELATIONS, SENSITIVITY_WEIGHTS, TABLES
from anomaly.errors import ContextError
from anomaly.store import Store

GOOD = {
    "inventory.csv": "bucket,cloud,account,sensitivity,owner\n"
    "pay,aws,111122223333,restricted,hr\n"
    "site,gcp,web-1,public,\n"
    "lake1/raw,azure,sub-1,confidential,data\n",
    "accounts.csv": "cloud,account,label,relation\naws,111122223333,prod,own\naws,999988887777,,partner\n",
    "networks.csv": "cidr,label,kind\n10.0.0.0/8,corp,vpc\n2001:db8::/32,six,office\n",
    "workflows.csv": "id,identity,bucket,destination,reason,owner,review_by\n"
    "backup,*role/backup,pay*,s3://vault-2,nightly,ops,2027-03-31\n"
    "feed,*role/feed,*,cidr:198.51.100.0/24,partner feed,ops,2027-01-31\n",
}
HEADERS = {table.file: ",".join(table.header) for table in TABLES}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a context folder without a mistake."""
    for file, content in GOOD.items():
        (tmp_path / file).write_text(content, encoding="utf-8")
    return tmp_path


def test_the_rows_come_through(folder: Path) -> None:
    context = Context.load(folder)
    assert context.inventory["bucket"].tolist() == ["pay", "site", "lake1/raw"]
    assert context.inventory["sensitivity_weight"].tolist() == [10, 0, 4]
    assert context.inventory["owner"].isna().tolist() == [False, True, False]
    assert context.accounts["relation"].tolist() == ["own", "partner"]
    assert context.networks["kind"].tolist() == ["vpc", "office"]
    first, second = context.workflows.to_dict("records")
    assert (first["destination_type"], first["destination_value"]) == ("bucket", "vault-2")
    assert (second["destination_type"], second["destination_value"]) == ("cidr", "198.51.100.0/24")
    assert first["review_by"] == date(2027, 3, 31)
    assert context.asn.empty


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("aws-account:111122223333", ("aws-account", "111122223333")),
        ("gcp-project:web-1", ("gcp-project", "web-1")),
        ("azure-account:lake1", ("azure-account", "lake1")),
        ("gs://vault", ("gcs-bucket", "vault")),
        ("ip:2001:DB8::1", ("ip", "2001:db8::1")),
        ("internal", ("internal", None)),
        ("internet", ("internet", None)),
        ("none", ("none", None)),
        ("any", ("any", None)),
    ],
)
def test_destinations(folder: Path, destination: str, expected: tuple[str, str | None]) -> None:
    content = f"{HEADERS['workflows.csv']}\nw,*,*,{destination},r,o,2027-01-01\n"
    (folder / "workflows.csv").write_text(content, encoding="utf-8")
    (row,) = Context.load(folder).workflows.to_dict("records")
    value = None if pd.isna(row["destination_value"]) else row["destination_value"]
    assert (row["destination"], row["destination_type"], value) == (destination, *expected)


def test_the_types_in_sql_are_the_same_with_and_without_rows(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    Context.template(empty)
    kinds = []
    for context in (Context.load(folder), Context.load(empty)):
        frames = {
            "inventory": context.inventory,
            "accounts": context.accounts,
            "networks": context.networks,
            "workflows": context.workflows,
            "asn": context.asn,
            "addresses": context.addresses(["10.0.0.1"] if len(context.networks) else []),
            "workflow_addresses": context.workflow_addresses(["198.51.100.1"] if len(context.networks) else []),
        }
        with Store() as store:
            for name, frame in frames.items():
                store.register(name, frame)
            kinds.append({(name, row[0]): row[1] for name in frames for row in store.rows(f"describe {name}")})
            assert len(context.inventory) == store.value("select count(*) from inventory")
    assert kinds[0] == kinds[1]
    assert kinds[0]["workflows", "review_by"] == "DATE"
    assert kinds[0]["inventory", "sensitivity_weight"] == "BIGINT"
    assert kinds[0]["addresses", "asn"] == "BIGINT"
    assert set(kinds[0].values()) == {"VARCHAR", "BIGINT", "DATE"}


def test_an_empty_cell_is_null_in_sql(folder: Path) -> None:
    with Store() as store:
        store.register("inventory", Context.load(folder).inventory)
        assert store.rows("select bucket from inventory where owner is null") == [("site",)]


def test_extra_columns_blank_rows_and_comments_change_nothing(folder: Path) -> None:
    before = Context.load(folder)
    (folder / "networks.csv").write_text(
        "seen,cidr,label,kind\n\n# a note, with a comma\nyes,10.0.0.0/8,corp,vpc\n,,,\n,2001:db8::/32,six,office,,\n",
        encoding="utf-8",
    )
    after = Context.load(folder)
    assert after.networks.equals(before.networks)
    assert after.digest == before.digest


def test_a_workflow_id_may_start_with_a_hash(folder: Path) -> None:
    content = f"{HEADERS['workflows.csv']}\n#1234,*,*,none,r,o,2027-01-01\n"
    (folder / "workflows.csv").write_text(content, encoding="utf-8")
    assert Context.load(folder).workflows["workflow_id"].tolist() == ["#1234"]


def test_the_digest_follows_the_rows_alone(folder: Path) -> None:
    before = Context.load(folder).digest
    header, *rows = GOOD["inventory.csv"].splitlines()
    (folder / "inventory.csv").write_text("\r\n".join([header, *reversed(rows)]), encoding="utf-8-sig")
    assert Context.load(folder).digest == before
    (folder / "inventory.csv").write_text(GOOD["inventory.csv"].replace("restricted", "internal"), encoding="utf-8")
    assert Context.load(folder).digest != before


def test_a_template_loads_and_is_never_written_over_a_file(tmp_path: Path) -> None:
    written = Context.template(tmp_path)
    assert sorted(path.name for path in written) == sorted(HEADERS)
    for path in written:
        assert path.read_text(encoding="utf-8").splitlines()[0] == HEADERS[path.name]
    assert Context.load(tmp_path).inventory.empty
    (tmp_path / "inventory.csv").write_text(GOOD["inventory.csv"], encoding="utf-8")
    (tmp_path / "networks.csv").unlink()
    assert [path.name for path in Context.template(tmp_path)] == ["networks.csv"]
    assert len(Context.load(tmp_path).inventory) == 3


def test_a_template_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ContextError, match=r"cannot write the context files in .*file: "):
        Context.template(tmp_path / "file")


def test_the_example_of_each_template_is_a_valid_row(tmp_path: Path) -> None:
    for path in Context.template(tmp_path):
        lines = path.read_text(encoding="utf-8").splitlines()
        example = lines[-1].removeprefix("# example: ")
        assert example != lines[-1]
        path.write_text(f"{lines[0]}\n{example}\n", encoding="utf-8")
    context = Context.load(tmp_path)
    frames = (context.inventory, context.accounts, context.networks, context.workflows, context.asn)
    assert [len(frame) for frame in frames] == [1, 1, 1, 1, 1]


words = st.text(st.characters(categories=["L", "N"], include_characters=".-_"), min_size=1)
# Anything that a label may be: quotes, delimiters and line breaks inside, no white space at the ends.
labels = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
    lambda text: text == text.strip()
)
buckets = st.from_regex(r"[a-z0-9][a-z0-9.-]{2,30}", fullmatch=True)
accounts = st.from_regex(r"[0-9]{12}", fullmatch=True)
contexts = st.fixed_dictionaries(
    {
        "inventory.csv": st.lists(
            st.tuples(
                buckets, st.just("aws"), accounts, st.sampled_from(list(SENSITIVITY_WEIGHTS)), labels | st.just("")
            ),
            unique_by=lambda row: row[0],
            max_size=4,
        ),
        "accounts.csv": st.lists(
            st.tuples(st.just("aws"), accounts, labels | st.just(""), st.sampled_from(["own", "partner"])),
            unique_by=lambda row: row[1],
            max_size=4,
        ),
        "networks.csv": st.lists(
            st.tuples(
                st.integers(0, 255).map(lambda octet: f"10.{octet}.0.0/16"), labels, st.sampled_from(NETWORK_KINDS)
            ),
            unique_by=lambda row: row[0],
            max_size=4,
        ),
        "workflows.csv": st.lists(
            st.tuples(
                words,
                words,
                buckets,
                st.sampled_from(["any", "s3://vault"]),
                labels,
                labels,
                st.dates().map(str),
                st.integers(1, 10**15).map(str) | st.just(""),
            ),
            unique_by=lambda row: row[0],
            max_size=4,
        ),
    }
)


@settings(deadline=None, max_examples=40)  # the machine may be busy
@given(
    tables=contexts,
    delimiter=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    tables: dict[str, list[tuple[str, ...]]],
    delimiter: str,
    line_end: str,
    encoding: str,
) -> None:
    folder = tmp_path_factory.mktemp("context")
    for file, rows in tables.items():
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        more = ["max_bytes_per_day"] if file == "workflows.csv" else []
        writer.writerows([HEADERS[file].split(",") + more, *rows])
        (folder / file).write_bytes(text.getvalue().encode(encoding))
    context = Context.load(folder)
    read = {
        "inventory.csv": context.inventory.drop(columns="sensitivity_weight"),
        "accounts.csv": context.accounts,
        "networks.csv": context.networks,
        "workflows.csv": context.workflows.drop(columns=["destination_type", "destination_value"]),
    }
    for file, frame in read.items():
        found = frame.astype(object).where(frame.notna(), "").astype(str).to_records(index=False).tolist()
        assert found == tables[file], file


def test_the_guide_names_every_column_and_value() -> None:
    guide = (Path(__file__).parent.parent / "docs" / "context.md").read_text(encoding="utf-8")
    for table in TABLES:
        assert f"| `{table.file}` | `{','.join(table.header)}` | {table.row.partition(';')[0]}" in guide
    for name, weight in SENSITIVITY_WEIGHTS.items():
        assert f"`{name}` ({weight})" in guide or f"`{name}` (weight {weight})" in guide
    for value in (*CLOUDS, *RELATIONS, *NETWORK_KINDS, *IDENTITY_KINDS, *SHOWN.split(", ")):
        assert f"`{value}`" in guide


def test_of_several_globs_the_one_with_most_letters_tells_the_kind(folder: Path) -> None:
    rows = ["*,external,", "*:user/svc-[ab]*,workload,scripts", "*:user/*,human,", "*:user/svc-a?,service,"]
    (folder / "identities.csv").write_text("\n".join([HEADERS["identities.csv"], *rows]) + "\n", encoding="utf-8")
    names = ["arn:x:user/svc-a1", "arn:x:user/svc-b1", "arn:x:user/ana\nbea", "sas:1"]
    found = Context.load(folder).identity_kinds(names)
    assert found["identity"].tolist() == names
    # of the same number of letters, the alphabet decides: `?` comes before `[`
    assert found["identity_kind"].tolist() == ["service", "workload", "human", "external"]
    shuffled = "\n".join([HEADERS["identities.csv"], *reversed(rows)])
    (folder / "identities.csv").write_text(shuffled, encoding="utf-8")
    assert Context.load(folder).identity_kinds(names).equals(found)


def test_an_identity_that_no_glob_fits_has_no_row(folder: Path) -> None:
    (folder / "identities.csv").write_text(f"{HEADERS['identities.csv']}\nana,human,\n", encoding="utf-8")
    context = Context.load(folder)
    assert context.identity_kinds(["Ana", "ana ", "xana", "bea"]).empty
    assert context.identity_kinds(["bea", "ana"])["identity"].tolist() == ["ana"]


def test_the_settings_of_detection_are_tables_and_part_of_the_digest(folder: Path) -> None:
    plain = Context.load(folder)
    assert plain.role_context.empty
    assert plain.expected_countries.empty
    chosen = Context.load(folder, DetectionSettings(("*etl", "*backup", "*etl"), ("DE",)))
    assert chosen.role_context["identity_glob"].tolist() == ["*backup", "*etl"]
    assert chosen.expected_countries["country"].tolist() == ["DE"]
    again = Context.load(folder, DetectionSettings(("*backup", "*etl"), ("DE",)))
    assert (chosen.digest == again.digest, chosen.digest == plain.digest) == (True, False)
    assert Context.load(folder, DetectionSettings((), ("DE",))).digest not in (plain.digest, chosen.digest)


def test_a_kind_that_only_a_request_can_have_is_refused(folder: Path) -> None:
    (folder / "identities.csv").write_text(f"{HEADERS['identities.csv']}\nana,anonymous,\n", encoding="utf-8")
    with pytest.raises(ContextError, match=r"identities\.csv row 2 column kind: 'anonymous' is not one of human"):
        Context.load(folder)
