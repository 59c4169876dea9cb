"""Secrets come from the environment and are shown to nobody; places keep addresses and find paths from the file."""

import copy
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from anomaly.config import Settings
from anomaly.config.kinds import Secret
from anomaly.errors import ConfigError

CANARY = "https://ping.example.org/canary-4711"


def test_a_secret_comes_from_the_environment_and_nothing_prints_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_DAILY_PING_SUCCESS", CANARY)
    settings = Settings.load()
    assert settings.daily.ping_success.reveal() == CANARY
    assert not settings.daily.ping_failure
    shown = f"{settings} {settings!r} {asdict(settings)} {json.dumps(asdict(settings), default=str)}"
    assert "canary" not in shown
    assert copy.deepcopy(settings) == settings


def test_a_secret_in_the_file_is_refused_unseen(tmp_path: Path) -> None:
    file = tmp_path / "anomaly.toml"
    file.write_text(f'[daily]\nping_failure = "{CANARY}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2: daily\.ping_failure .*\$ANOMALY_DAILY_PING_FAILURE") as caught:
        Settings.load(file)
    assert "canary" not in str(caught.value)


def test_places_keep_addresses_and_paths_start_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "anomaly.toml"
    file.write_text('[daily]\nlogs = ["logs", "/var/log/x", "s3://trail/AWSLogs"]\n', encoding="utf-8")
    assert Settings.load(file).daily.logs == (str(tmp_path / "logs"), "/var/log/x", "s3://trail/AWSLogs")


def test_a_gate_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "anomaly.toml"
    file.write_text('[daily]\nallow = ["hole"]\ndestination_detail = 1.5\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Settings.load(file)
    assert "no gate; did you mean 'holes'?" in str(caught.value)
    assert "is not a share from 0 to 1" in str(caught.value)


def test_secrets_are_equal_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
