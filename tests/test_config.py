"""Settings: which source wins, and that every mistake is named where it stands."""

from pathlib import Path

import pytest

from anomaly.config import Settings, reference
from anomaly.errors import ConfigError
from anomaly.model.spec import ModelSpec
from anomaly.store import Store

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder with no ANOMALY_ variable set."""
    for variable in ("ANOMALY_ROOT", "ANOMALY_CONTEXT", "ANOMALY_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(content: str, **flags: object) -> list[str]:
    Path("anomaly.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Settings.load(None, {name.replace("__", "."): value for name, value in flags.items()})
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()[1:]


def test_without_a_file_the_defaults_hold() -> None:
    settings = Settings.load()
    assert settings == Settings()
    assert (settings.lake.root, settings.context.folder) == (Path("lake"), Path("context"))


def test_flags_beat_environment_beats_file_beats_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().lake.root == Path("lake")
    Path("anomaly.toml").write_text('[lake]\nroot = "filed"\n[context]\nfolder = "filed"\n', encoding="utf-8")
    assert Settings.load().lake.root == Path("filed")
    monkeypatch.setenv("ANOMALY_ROOT", "/variable")
    monkeypatch.setenv("ANOMALY_CONTEXT", "")
    settings = Settings.load(None, {"lake.root": None})
    assert (settings.lake.root, settings.context.folder) == (Path("/variable"), Path("filed"))
    assert Settings.load(None, {"lake.root": Path("flag")}).lake.root == Path("flag")


def test_relative_paths_of_a_file_start_at_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "conf" / "ours.toml"
    file.parent.mkdir()
    file.write_text('[lake]\nroot = "data"\n[context]\nfolder = "/etc/context"\n', encoding="utf-8")
    settings = Settings.load(file)
    assert (settings.lake.root, settings.context.folder) == (file.parent / "data", Path("/etc/context"))
    monkeypatch.setenv("ANOMALY_CONFIG", str(file))
    assert Settings.load() == settings
    other = folder / "other.toml"
    other.write_text("[score]\nbudget_per_day = 3\n", encoding="utf-8")
    assert Settings.load(other).score.budget_per_day == 3.0


def test_every_kind_of_value_is_read() -> None:
    Path("anomaly.toml").write_text(
        '\ufeff[features]\nmemory_limit = "1.5 GiB"\nthreads = 2\n[score]\nbudget_per_day = 2.5\n',
        encoding="utf-8",
    )
    settings = Settings.load()
    assert (settings.features.memory_limit, settings.features.threads) == ("1.5 GiB", 2)
    assert settings.score.budget_per_day == 2.5


@pytest.mark.parametrize("limit", ["2GB", "512MiB", "1.5 GiB", "60%", "2gb"])
def test_an_accepted_memory_limit_is_one_the_database_takes(limit: str) -> None:
    memory_limit = Settings.load(None, {"features.memory_limit": limit}).features.memory_limit
    with Store(threads=1, memory_limit=memory_limit) as store:
        assert store.value("select 1") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[trian]\n", "anomaly.toml line 1: no section [trian]; did you mean 'train', 'retrain'?"),
        ("\n[train]\nwindow_dys = 3\n", "line 3: no setting train.window_dys; did you mean 'window_days'?"),
        ("train.window_dys = 3\n", "line 1: no setting train.window_dys; did you mean 'window_days'?"),
        ("budget_per_day = 3\n", "line 1: no section [budget_per_day]; budget_per_day belongs in a section: score."),
        ("lake = 'x'\n", "line 1: lake is a section; write [lake]"),
        ("[[lake]]\nroot = 'x'\n", "line 1: lake is a section; write [lake]"),
        ("[lake]\nroot = 3\n", "line 2: lake.root = 3 is a whole number, not a path"),
        ("[lake]\nroot = ''\n", "line 2: lake.root = '' names nothing"),
        ("[lake.root]\na = 1\n", "line 1: lake.root = {'a': 1} is a section, not a path"),
        ("[train]\nwindow_days = 3.5\n", "line 2: train.window_days = 3.5 is a number, not a whole number"),
        ("[train]\nwindow_days = true\n", "line 2: train.window_days = True is true or false, not a whole number"),
        ("[train]\nwindow_days = 10\n", "line 2: train.window_days = 10 is below 11"),
        ("[train]\ncalibration_days = 9\n", "line 2: train.calibration_days = 9 is below 10"),
        ("[score]\nbudget_per_day = 0\n", "line 2: score.budget_per_day = 0 is not above 0"),
        ("[score]\nbudget_per_day = inf\n", "line 2: score.budget_per_day = inf is not above 0 and finite"),
        ("[score]\nbudget_per_day = nan\n", "line 2: score.budget_per_day = nan is not above 0 and finite"),
        ("[score]\nbudget_per_day = true\n", "line 2: score.budget_per_day = True is true or false, not a number"),
        ("[features]\nmemory_limit = 'lots'\n", "line 2: features.memory_limit = 'lots' is not an amount of memory"),
        ("[features]\nmemory_limit = '100'\n", "line 2: features.memory_limit = '100' is not an amount of memory"),
        (
            "[detection]\niam_role_context = '*'\n",
            "line 2: detection.iam_role_context = '*' is text, not a list of texts",
        ),
        ("[detection]\niam_role_context = ['*', 3]\n", "holds 3, which is no text"),
        ("[detection]\niam_role_context = ['']\n", "names nothing"),
        ("[detection]\niam_role_context = ['role/[a']\n", "holds 'role/[a', which has a [ that opens no set"),
        ("[detection]\ngeo_destination_threshold = ['DE', 'fr']\n", "holds 'fr', which is not a country"),
        ("[lake\n", "anomaly.toml: is not TOML: "),
    ],
)
def test_a_mistake_is_named_where_it_stands(content: str, said: str) -> None:
    (line,) = refusal(content)
    assert said in line


def test_calibration_has_to_fit_in_the_window() -> None:
    with pytest.raises(ConfigError, match=r"calibration_days = 20 leaves no day .*window_days = 20"):
        Settings.load(None, {"train.window_days": 20, "train.calibration_days": 20})


def test_the_defaults_are_those_of_the_model_spec() -> None:
    settings = Settings()
    spec = ModelSpec.load(settings.train.model)
    assert (settings.train.window_days, settings.train.calibration_days) == (spec.training_days, spec.calibration_days)
    assert settings.score.budget_per_day == spec.budget_per_day


def test_all_mistakes_of_all_sources_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_ROOT", " ")
    lines = refusal(
        "[train]\nwindow_days = 0\nmodel = 3\n[scor]\nx = 1\n",
        lake__rot="x",
        score__budget_per_day=-1,
        train__model=None,
    )
    starts = ["anomaly.toml line 2: ", "anomaly.toml line 3: ", "anomaly.toml line 4: ", "$ANOMALY_ROOT: ", "option: "]
    assert [line.strip().startswith(start) for line, start in zip(lines, [*starts, "option: "], strict=True)] == [
        True
    ] * 6
    assert "no setting lake.rot; did you mean 'root'?" in lines[4]


def test_a_file_that_was_asked_for_has_to_be_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "anomaly.toml").touch()
    with pytest.raises(ConfigError, match=r"no configuration file .*anomali\.toml.* did you mean 'anomaly\.toml'"):
        Settings.load(folder / "anomali.toml")
    monkeypatch.setenv("ANOMALY_CONFIG", str(folder / "gone.toml"))
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        Settings.load()


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        Settings.load(folder)
    (folder / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.toml is not UTF-8 \(byte 5\)"):
        Settings.load(folder / "latin.toml")


def test_the_reference_holds_every_setting() -> None:
    documented = (REPOSITORY / "docs" / "config.md").read_text(encoding="utf-8")
    assert "\n".join(reference()) in documented


def test_the_example_of_the_guide_is_accepted(folder: Path) -> None:
    guide = (REPOSITORY / "docs" / "config.md").read_text(encoding="utf-8")
    Path("anomaly.toml").write_text(guide.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    settings = Settings.load()
    assert settings.score.budget_per_day == 5.0
    assert settings.detection.iam_role_context == ("*:role/backup-*", "*:role/etl")
    assert settings.detection.geo_destination_threshold == ("DE", "FR")
