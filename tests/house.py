"""What the tests of the house share: the project's own files, its declared requirements, and the `make` targets."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parent.parent
# Folders that tools and users fill; only for a copy without git, where nothing says what is tracked.
NOT_OURS = {".venv", ".tools", ".demo", ".git", "dist", "build", "htmlcov", "lake", "context", "__pycache__"}


@cache
def project_files() -> tuple[Path, ...]:
    """Return the files that are, or would be, committed."""
    if shutil.which("git") and (REPOSITORY / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True).stdout
        paths = [REPOSITORY / name for name in listed.split("\0") if name]
    else:
        paths = [path for path in REPOSITORY.rglob("*") if not _is_foreign(path.relative_to(REPOSITORY))]
    return tuple(sorted(path for path in paths if path.is_file()))


def _is_foreign(path: Path) -> bool:
    if path.parts[0] in NOT_OURS or path.suffix == ".pyc":
        return True
    return "__pycache__" in path.parts or any(part.endswith("_cache") for part in path.parts)


def files_of(*suffixes: str) -> list[Path]:
    """Return the project's files that end so."""
    return [path for path in project_files() if path.suffix in suffixes]


def named(path: Path) -> str:
    """Return a file's name as a reader of the repository knows it."""
    return path.relative_to(REPOSITORY).as_posix()


@cache
def pyproject() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(*, dev: bool) -> list[Requirement]:
    """Return what pyproject.toml asks for: to run, extras included, and with ``dev`` what a contributor needs too."""
    project = pyproject()["project"]
    texts = [
        *project["dependencies"],
        *(text for extra in project.get("optional-dependencies", {}).values() for text in extra),
    ]
    if dev:
        texts += pyproject()["dependency-groups"]["dev"]
    return [Requirement(text) for text in texts]


def distribution_names(*, dev: bool) -> set[str]:
    """Return the names of :func:`requirements`, spelled as an index spells them."""
    return {canonicalize_name(requirement.name) for requirement in requirements(dev=dev)}


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the top-level name and the line of every absolute import in a Python file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0], node.lineno


def make_targets() -> set[str]:
    """Return the targets of the Makefile that say what they do."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):.*##", makefile, flags=re.MULTILINE))
