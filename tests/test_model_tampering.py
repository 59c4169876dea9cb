"""A model file is hostile until checked: whatever is wrong with it, it is refused, and nothing in it is run."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from anomaly.errors import UnsafeModelError
from anomaly.model import modelfile
from anomaly.model.detector import ARRAYS, ExfilDetector, state_mistakes
from anomaly.model.registry import read_model
from model_frames import small_training

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def detector() -> ExfilDetector:
    return small_training(3).detector


@pytest.fixture(scope="module")
def data(detector: ExfilDetector) -> bytes:
    return bytes(skops.io.dumps(detector))


def unpacked(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_schema(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    members = unpacked(data)
    schema = json.loads(members["schema.json"])
    change(schema)
    return packed(members | {"schema.json": json.dumps(schema).encode()})


def with_array(data: bytes, name: str, content: bytes) -> bytes:
    members = unpacked(data)
    file = json.loads(members["schema.json"])["content"]["content"][name]["file"]
    return packed(members | {file: content})


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


class Exploit:
    """Unpickling this would end the test run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.exit, ("a pickle was run",))


def test_the_file_as_written_is_read(data: bytes, detector: ExfilDetector) -> None:
    assert read_model(data).columns == detector.columns
    assert read_model(packed(unpacked(data))).columns == detector.columns


def test_our_trust_list_is_all_that_the_file_needs(data: bytes) -> None:
    assert skops.io.get_untrusted_types(data=data) == modelfile.TRUSTED


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(data: bytes, share: float) -> None:
    with pytest.raises(UnsafeModelError, match="damaged or no model file"):
        read_model(data[: int(len(data) * share)])


def test_a_flipped_byte_is_refused(data: bytes) -> None:
    broken = bytearray(data)
    broken[len(data) // 2] ^= 0xFF
    with pytest.raises(UnsafeModelError):
        read_model(bytes(broken))


def test_a_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(UnsafeModelError):
        read_model(pickle.dumps(Exploit()))
    with pytest.raises(UnsafeModelError, match="cannot be read"):
        read_model(with_array(data, "left", pickle.dumps(Exploit())))


def test_an_array_of_pickled_objects_is_refused(data: bytes) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Exploit()], dtype=object), allow_pickle=True)
    with pytest.raises(UnsafeModelError, match="cannot be read"):
        read_model(with_array(data, "left", buffer.getvalue()))


def test_a_class_that_skops_trusts_but_we_do_not_is_refused() -> None:
    with pytest.raises(UnsafeModelError, match=r"never holds: .*sklearn\.linear_model\._base\.LinearRegression"):
        read_model(skops.io.dumps(LinearRegression()))


def test_a_plain_value_is_no_detector() -> None:
    with pytest.raises(UnsafeModelError, match="holds a dict, not a detector"):
        read_model(skops.io.dumps({"a": "b"}))


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("FunctionNode", "os", "system"),
        ("ObjectNode", "subprocess", "Popen"),
        ("OperatorFuncNode", "operator", "methodcaller"),
        ("TreeNode", "sklearn.tree._tree", "Tree"),
        ("ObjectNode", "numpy", "ndarray"),
    ],
)
def test_a_foreign_type_anywhere_is_refused(data: bytes, loader: str, module: str, name: str) -> None:
    def plant(schema: dict[str, Any]) -> None:
        facts = schema["content"]["content"]["facts"]["content"]
        facts["model"] = {"__class__": name, "__module__": module, "__loader__": loader, "content": {}, "__id__": 1}

    with pytest.raises(UnsafeModelError, match=f"never holds: {module}.{name} {loader}"):
        read_model(with_schema(data, plant))


def test_a_list_of_trusted_types_inside_the_file_is_not_believed(data: bytes) -> None:
    def plant(schema: dict[str, Any]) -> None:
        schema["trusted"] = schema["skops_trusted_types"] = ["os.system"]
        schema["content"]["content"]["facts"]["content"]["model"] = {
            "__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": {}, "__id__": 1,
        }  # fmt: skip

    with pytest.raises(UnsafeModelError, match=r"never holds: os\.system FunctionNode"):
        read_model(with_schema(data, plant))


@pytest.mark.parametrize("name", ["left", "right"])
@pytest.mark.parametrize("index", [-1, 2**40, 0])
def test_a_bad_node_index_is_refused(data: bytes, detector: ExfilDetector, name: str, index: int) -> None:
    array = getattr(detector.forest.trees, name).copy()
    array[int(np.flatnonzero(~detector.forest.trees.leaf)[5])] = index
    with pytest.raises(UnsafeModelError, match="a child before its parent or outside its tree"):
        read_model(with_array(data, name, npy(array)))


CHANGES: dict[str, Callable[[Any], Any]] = {
    "shorter": lambda array: array[:-1],
    "float32": lambda array: array.astype(np.float32),
    "text": lambda array: array.astype("U8"),
    "empty": lambda array: array[:0],
    "scalar": lambda array: np.array(7),
    "matrix": lambda array: array[:, None],
}
SOUND = ("calibration_scores", "shorter")
"""One calibration score fewer is still a sound model."""


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name in ARRAYS for change in CHANGES if (name, change) != SOUND]
)
def test_an_array_of_another_kind_is_refused(data: bytes, detector: ExfilDetector, name: str, change: str) -> None:
    array = detector.__getstate__()[name]
    with pytest.raises(UnsafeModelError, match=r"not one of ours|cannot be read"):
        read_model(with_array(data, name, npy(CHANGES[change](array))))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cap", 0.0, "cap: 0.0"),
        ("cap", float("nan"), "cap: nan"),
        ("cap", "12", "cap: str"),
        ("calibration_days", 9, "calibration_days: 9"),
        ("calibration_days", True, "calibration_days: bool"),
        ("calibration_scores", np.array([0.5, 0.4]), "not sorted scores"),
        ("calibration_scores", np.array([np.nan]), "not sorted scores"),
        ("calibration_scores", np.array([7.0]), "not sorted scores"),
        ("calibration_kinds", {"human": np.array([0.5, 0.4])}, "calibration_kinds 'human': not sorted scores"),
        ("calibration_kinds", {"human": np.array([])}, "calibration_kinds 'human': float64 of shape"),
        ("calibration_kinds", {"human": [0.5]}, "not scores by the name of a kind"),
        ("calibration_kinds", {1: np.array([0.5])}, "not scores by the name of a kind"),
        ("families", {"volume": "abc"}, "families: not lists"),
        ("families", {"volume": ["a", "a"]}, "families: not lists of distinct"),
        ("families", {"volume": []}, "families: not lists of distinct"),
        ("families", {"volume": ["a"]}, "a column out of range"),
        ("facts", {"model": 3}, "facts: not text"),
        ("left", [1, 2], "left: list"),
    ],
)
def test_a_plain_value_out_of_place_is_named(detector: ExfilDetector, key: str, value: object, said: str) -> None:
    mistakes = state_mistakes(detector.__getstate__() | {key: value})
    assert len(mistakes) == 1
    assert said in mistakes[0]


def test_missing_and_extra_state_is_named(detector: ExfilDetector) -> None:
    state = detector.__getstate__()
    assert state_mistakes(state) == []
    assert state_mistakes({key: value for key, value in state.items() if key != "cap"})
    assert state_mistakes(state | {"hook": "x"})
    assert state_mistakes([1])


def test_a_file_that_inflates_without_end_is_refused(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelfile, "MAX_BYTES", 10_000)
    with pytest.raises(UnsafeModelError, match=r"inflates to .* at most 10,000"):
        read_model(data)
