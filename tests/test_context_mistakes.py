"""Every kind of mistake in a context file is named with file, row and column, and all are named at once."""

from pathlib import Path

import pytest

from anomaly.context import Context
from anomaly.context.tables import TABLES
from anomaly.errors import ContextError

HEADERS = {table.file: ",".join(table.header) for table in TABLES}
INVENTORY = "pay,aws,111122223333,restricted,hr"
WORKFLOW = "w,*,*,any,r,o,2027-01-01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a context folder of headers only."""
    Context.template(tmp_path)
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(ContextError) as caught:
        Context.load(folder)
    return str(caught.value)


# file, its rows below the header, where the mistake stands, what is said of it
CELLS = [
    ("inventory.csv", ",aws,111122223333,public,", "row 2 column bucket", "is empty"),
    ("inventory.csv", "pay,asw,1,public,", "row 2 column cloud", "did you mean 'aws'"),
    ("inventory.csv", "pay,AWS,1,public,", "row 2 column cloud", "did you mean 'aws'"),
    ("inventory.csv", f"{INVENTORY}\nb-2,aws,1,public,", "row 3 column account", "000000000001"),
    ("inventory.csv", "pay,aws,1.11122E+11,public,", "row 2 column account", "format the column as text"),
    ("inventory.csv", "pay,gcp,my project,public,", "row 2 column account", "white space"),
    ("inventory.csv", "pay,aws,111122223333,secret,", "row 2 column sensitivity", "confidential, restricted"),
    ("inventory.csv", "pay,aws,111122223333,restrcted,", "row 2 column sensitivity", "did you mean 'restricted'"),
    ("inventory.csv", "s3://pay/,aws,111122223333,public,", "row 2 column bucket", "bare name: 'pay'"),
    ("inventory.csv", "arn:aws:s3:::pay,aws,111122223333,public,", "row 2 column bucket", "bare name: 'pay'"),
    ("inventory.csv", "pay*,aws,111122223333,public,", "row 2 column bucket", "no globs here"),
    ("inventory.csv", "lake,azure,sub,public,", "row 2 column bucket", "STORAGE-ACCOUNT/CONTAINER"),
    ("inventory.csv", f"{INVENTORY}\n\n{INVENTORY}", "row 4 column bucket", "stands in row 2 already"),
    ("inventory.csv", f"pay,aws,bad,restricted,\n{INVENTORY}", "row 3 column bucket", "stands in row 2 already"),
    ("inventory.csv", "pay,aws,111122223333", "row 2", "has 3 cells, the header 5"),
    ("inventory.csv", f"{INVENTORY},more", "row 2", "has 6 cells, the header 5"),
    ("inventory.csv", f'"pay,aws\n{INVENTORY}\n', "row 2", "quotes do not pair up"),
    ("accounts.csv", "aws,111122223333,a,own\naws,111122223333,b,own", "row 3 column account", "row 2 already"),
    ("accounts.csv", "aws,111122223333,a,ours", "row 2 column relation", "own, partner"),
    ("networks.csv", "10.1.2.0/8,a,vpc", "row 2 column cidr", "the range is 10.0.0.0/8"),
    ("networks.csv", "10.0.0.0/33,a,vpc", "row 2 column cidr", "is not an address range"),
    ("networks.csv", "10.0.0.0/8,,vpc", "row 2 column label", "is empty"),
    ("networks.csv", "10.0.0.0/8,a,ofice", "row 2 column kind", "did you mean 'office'"),
    ("networks.csv", "2001:db8::/32,a,vpc\n2001:DB8:0::/32,b,vpc", "row 3 column cidr", "row 2 already"),
    ("networks.csv", '10.0.0.0/8,"two\nlines",vpc\nx,a,vpc', "row 3 column cidr", "is not an address range"),
    ("workflows.csv", f"{WORKFLOW}\n{WORKFLOW}", "row 3 column id", "'w' stands in row 2 already"),
    ("workflows.csv", "w,[ab,*,any,r,o,2027-01-01", "row 2 column identity", "opens no set"),
    ("workflows.csv", "w,*,a\\*,any,r,o,2027-01-01", "row 2 column bucket", "backslash"),
    ("workflows.csv", "w,*,[^a]*,any,r,o,2027-01-01", "row 2 column bucket", "[!abc]"),
    ("workflows.csv", "w,*,[z-a]*,any,r,o,2027-01-01", "row 2 column bucket", "a-z?"),
    ("workflows.csv", "w,*,*,s4://x,r,o,2027-01-01", "row 2 column destination", "s3://BUCKET"),
    ("workflows.csv", "w,*,*,s3://,r,o,2027-01-01", "row 2 column destination", "names nothing"),
    ("workflows.csv", "w,*,*,s3://b-1/path,r,o,2027-01-01", "row 2 column destination", "not a bucket name"),
    ("workflows.csv", "w,*,*,aws-account:12,r,o,2027-01-01", "row 2 column destination", "000000000012"),
    ("workflows.csv", "w,*,*,cidr:10.0.0.1/8,r,o,2027-01-01", "row 2 column destination", "10.0.0.0/8"),
    ("workflows.csv", "w,*,*,ip:10.0.0.0/8,r,o,2027-01-01", "row 2 column destination", "is not an IP address"),
    ("workflows.csv", "w,*,*,Internet,r,o,2027-01-01", "row 2 column destination", "did you mean 'internet'"),
    ("workflows.csv", "w,*,*,any,r,o,31.12.2027", "row 2 column review_by", "YYYY-MM-DD"),
    ("workflows.csv", "w,*,*,any,r,o,20271231", "row 2 column review_by", "YYYY-MM-DD"),
    ("workflows.csv", "w,*,*,any,r,o,2027-02-30", "row 2 column review_by", "no day of the calendar"),
    ("workflows.csv", "w,*,*,any,,o,2027-01-01", "row 2 column reason", "is empty"),
    ("asn.csv", "10.0.0.0/8,64500x,Example,", "row 2 column asn", "AS64500"),
    ("asn.csv", "10.0.0.0/8,4294967296,Example,", "row 2 column asn", "at most"),
    ("asn.csv", "10.0.0.0/8,AS64500,Example,Germany", "row 2 column country", "two capital letters"),
]


@pytest.mark.parametrize(("file", "rows", "where", "what"), CELLS)
def test_a_mistake_is_named_where_it_stands(folder: Path, file: str, rows: str, where: str, what: str) -> None:
    (folder / file).write_text(f"{HEADERS[file]}\n{rows}\n", encoding="utf-8")
    said = [line for line in refusal(folder).splitlines() if line.startswith(f"  {file} {where}: ")]
    assert len(said) == 1
    assert what in said[0]


@pytest.mark.parametrize("file", ["inventory.csv", "accounts.csv", "networks.csv", "workflows.csv"])
def test_a_missing_file_is_named_with_its_header(folder: Path, file: str) -> None:
    (folder / file).unlink()
    assert f"{file}: is missing; it may be empty but for its header: {HEADERS[file]}" in refusal(folder)


def test_a_missing_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    said = refusal(tmp_path / "nowhere")
    assert "does not exist" in said
    assert all(f"{table.file}: {HEADERS[table.file]}" in said for table in TABLES if table.required)
    (tmp_path / "file").touch()
    assert "is a file" in refusal(tmp_path / "file")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("cidr,lable,kind", "networks.csv row 1 column label: the header has no 'label'; is 'lable' meant to be it?"),
        ("cidr,Label,kind", "networks.csv row 1 column label: the header has no 'label'; is 'Label' meant to be it?"),
        ("cidr,kind", "networks.csv row 1 column label: the header has no 'label'; it is to be cidr,label,kind"),
        ("cidr,label,kind,kind", "networks.csv row 1 column kind: the header names it twice"),
        ("", "networks.csv row 1 column cidr: the header has no 'cidr'; it is to be cidr,label,kind"),
    ],
)
def test_a_wrong_header_is_named(folder: Path, header: str, said: str) -> None:
    (folder / "networks.csv").write_text(header, encoding="utf-8")
    assert said in refusal(folder)


def test_a_cell_that_is_not_utf8_is_named_with_the_other_mistakes(folder: Path) -> None:
    content = f"{HEADERS['networks.csv']}\n10.0.0.0/8,Büro,vpc\n10.0.0.1/8,b,vpc\n"
    (folder / "networks.csv").write_bytes(content.encode("latin-1"))
    said = refusal(folder)
    assert "networks.csv row 2 column label: 'B\\udcfcro' is not UTF-8; save the file as 'CSV UTF-8'" in said
    assert "networks.csv row 3 column cidr" in said


def test_a_utf16_file_is_named(folder: Path) -> None:
    (folder / "networks.csv").write_text(HEADERS["networks.csv"], encoding="utf-16")
    assert "networks.csv: is UTF-16, not UTF-8" in refusal(folder)


def test_a_nul_byte_is_named(folder: Path) -> None:
    (folder / "networks.csv").write_bytes(b"cidr,label,kind\n10.0.0.0/8,a\0b,vpc\n")
    assert "networks.csv row 2 column label: 'a\\x00b' holds a NUL byte" in refusal(folder)


def test_a_folder_in_a_files_place_is_named(folder: Path) -> None:
    (folder / "asn.csv").unlink()
    (folder / "asn.csv").mkdir()
    assert "asn.csv: cannot be read: Is a directory" in refusal(folder)


def test_all_mistakes_of_all_files_are_named_at_once(folder: Path) -> None:
    for file, rows, *_ in CELLS:
        path = folder / file
        if '"' not in rows:
            path.write_text(f"{path.read_text(encoding='utf-8')}{rows}\n", encoding="utf-8")
    (folder / "accounts.csv").unlink()
    said = refusal(folder)
    for file, rows, where, what in CELLS:
        if '"' not in rows and file != "accounts.csv" and "already" not in what:
            column = where.partition("column ")[2]
            lines = [line for line in said.splitlines() if line.startswith(f"  {file} ") and what in line]
            assert any(f" column {column}: " in line or not column for line in lines), (file, what)
    assert "accounts.csv: is missing" in said
