"""What is handed to a user: one top-level name, the data folders inside it, the same by way of the source archive."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import house


def built(source: Path, out: Path, target: str) -> Path:
    """Build a wheel or sdist of a source tree without touching the network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(out)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [artifact] = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return artifact


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(house.REPOSITORY, tmp_path_factory.mktemp("wheel"), "wheel")


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_only_top_level_name_is_ours(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names_in(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"anomaly"}


def test_code_and_data_are_all_in_the_wheel(wheel: Path) -> None:
    ours = {house.named(path) for path in house.project_files()}
    code = {name for name in ours if name.startswith("anomaly/")}
    data = {f"anomaly/{name}" for name in ours if name.startswith(("features/", "models/"))}
    assert {name.split("/")[1] for name in data} == {"features", "models"}
    assert (code | data) - names_in(wheel) == set()


def test_the_wheel_carries_its_licence_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [entry_points] = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert "anomaly = anomaly.cli:main" in archive.read(entry_points).decode()
    assert any(name.endswith("licenses/LICENSE") for name in names_in(wheel))


def test_the_source_archive_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    archive = built(house.REPOSITORY, tmp_path / "sdist", "sdist")
    # tar itself: Python's own extraction wants a filter from 3.12 on that 3.11.2, Debian's, does not know
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    [source] = tmp_path.glob("anomaly-*")
    assert names_in(built(source, tmp_path / "wheel", "wheel")) == names_in(wheel)


def test_an_installed_copy_reads_its_own_data(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "from anomaly.data import data_folder as find; print(find('features'), find('models'), sep='\\n')"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert printed.split() == [str(tmp_path / "anomaly" / name) for name in ("features", "models")]
