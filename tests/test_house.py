"""The rules of the house that no linter knows: what is declared, what is locked, how long a file may be."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import house

LONGEST = 400
LOCK = house.REPOSITORY / "requirements.lock"
DISTRIBUTIONS = importlib.metadata.packages_distributions()
TARGETS = {"help", "setup", "demo", "test", "lint", "types", "check", "bench", "clean"}
# A home folder or a build machine's folder. In pieces, so that this file passes its own test.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:" + "|".join(("work", "root", r"home/\w+", r"Users/\w+")) + r")/")
INDEX = re.compile(
    "|".join((r"--(?:extra-)?index-" + "url", "--find-" + "links", "pypi" + r"\.org", "python" + "hosted"))
)
# Tests and data tell of machines in logs; the files that install and run us may name none.
INSTALLERS = {"pyproject.toml", "Makefile", "requirements.lock", ".pre-commit-config.yaml", ".ci/run", ".ci/setup"}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def declared_names(imports: str) -> set[str]:
    # an import name may belong to a distribution of another name: sklearn is scikit-learn
    owners = DISTRIBUTIONS.get(imports, [imports])
    return {canonicalize_name(owner) for owner in owners}


def undeclared(folder: str, *, dev: bool) -> list[str]:
    declared = house.distribution_names(dev=dev)
    helpers = {path.stem for path in (house.REPOSITORY / "tests").glob("*.py")}
    own = {"anomaly", *helpers, *sys.stdlib_module_names}
    return [
        f"{house.named(path)}:{line}: {name}"
        for path in house.files_of(".py")
        if house.named(path).startswith(f"{folder}/")
        for name, line in house.imported(path)
        if name not in own and not declared_names(name) & declared
    ]


def test_the_package_imports_only_what_it_declares() -> None:
    assert undeclared("anomaly", dev=False) == []


def test_the_tests_import_only_what_is_declared() -> None:
    assert undeclared("tests", dev=True) == []


def test_an_undeclared_import_would_be_found() -> None:
    assert declared_names("sklearn") == {"scikit-learn"}
    assert not declared_names("nowhere_to_be_found") & house.distribution_names(dev=True)


def locked() -> list[tuple[str, Version]]:
    # a name comes twice where newer Pythons get a newer version; markers then say which is whose
    pins = re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text_of(LOCK), flags=re.MULTILINE)
    return [(canonicalize_name(name), Version(version)) for name, version in pins]


@pytest.mark.parametrize("requirement", house.requirements(dev=True), ids=lambda requirement: requirement.name)
def test_the_lock_holds_what_is_declared(requirement: Requirement) -> None:
    pinned = [version for name, version in locked() if name == canonicalize_name(requirement.name)]
    assert pinned, f"{requirement.name} is not in requirements.lock: run make lock"
    assert all(requirement.specifier.contains(version, prereleases=True) for version in pinned)


def test_every_line_of_the_lock_is_pinned_and_hashed() -> None:
    text = re.sub(r"\\\n\s*", "", text_of(LOCK))
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(lines) == len(locked())
    assert [line for line in lines if "--hash=sha256:" not in line] == []


def test_no_file_names_a_package_index() -> None:
    assert [house.named(path) for path in house.project_files() if INDEX.search(text_of(path))] == []


def test_what_installs_us_names_no_address() -> None:
    paths = [path for path in house.project_files() if house.named(path) in INSTALLERS]
    assert len(paths) == len(INSTALLERS)
    assert [house.named(path) for path in paths if "://" in text_of(path)] == []


def test_no_file_names_a_folder_of_some_machine() -> None:
    assert MACHINE_PATH.search(" /" + "work/x")
    assert not MACHINE_PATH.search("frame" + "work/x")
    found = [
        f"{house.named(path)}:{number}"
        for path in house.project_files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_file_is_long() -> None:
    lengths = {house.named(path): len(text_of(path).splitlines()) for path in house.files_of(".py", ".sql")}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=house.REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_make_help_lists_the_front_door() -> None:
    assert house.make_targets() >= TARGETS
    done = subprocess.run(["make", "help"], cwd=house.REPOSITORY, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make (\w+)", done.stdout, flags=re.MULTILINE)) == house.make_targets()
