"""A lake that the user may read and not write: it can be looked at, and what would change it says what it may not."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures_org import THEFT, UNTIL, ScoredOrg

PROGRAM = """
import json, sys
from pathlib import Path
from click.testing import CliRunner
from anomaly.cli import main

root, *where = sys.argv[1:4]
days = sys.argv[4:]

def run(*words):
    done = CliRunner().invoke(main, [*words, "--root", root, *where])
    return done.exit_code, done.stderr

found = {name: run(name, "--date" if name == "daily" else "--day", days[0]) for name in ("top", "score", "daily")}
# now only what lies in the tables is another's
for path in (Path(root), *Path(root).glob(".*lock"), Path(root) / "ledger"):
    path.chmod(0o755 if path.is_dir() else 0o644)
found["new table"] = run("score", "--day", days[1])
print(json.dumps(found))
"""
BEFORE = UNTIL.replace(day=UNTIL.day - 1)


def obedient() -> list[str]:
    """What a command begins with so that a user who is root is held to what modes allow, as anybody else is."""
    if os.getuid():
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root passes over modes, and setpriv, which takes that from a process, is not installed")
    return ["setpriv", "--bounding-set", "-dac_override"]


def test_a_read_only_lake_is_named_and_can_be_looked_at(own_copy: ScoredOrg) -> None:
    root = own_copy.root
    places = [root, *root.rglob("*")]
    for path in places:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    words = [root, "--context", own_copy.org.context, THEFT, BEFORE]
    done = subprocess.run(
        [*obedient(), sys.executable, "-c", PROGRAM, *map(str, words)], capture_output=True, text=True, check=False
    )
    for path in filter(Path.is_dir, places):
        path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["top"][0] == 0, found["top"]
    for name in ("score", "daily"):
        code, said = found[name]
        assert (code, said.strip().splitlines()[-1]) == (
            1,
            f"anomaly: cannot write to the lake {root}: Permission denied",
        )
    code, said = found["new table"]
    assert code == 1
    assert said.startswith(f"anomaly: cannot write {root}/"), said
    assert said.strip().endswith("Permission denied"), said
