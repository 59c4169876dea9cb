"""The image and the Kubernetes objects: what their own validators say, and what only we can hold them to."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import house
import pages

DEPLOY = house.REPOSITORY / "deploy"
OBJECTS = DEPLOY / "kubernetes" / "anomaly.yaml"
DOCKERFILE = DEPLOY / "Dockerfile"
HADOLINT = house.REPOSITORY / ".tools" / "hadolint" / "bin" / "hadolint"
VERSIONS = ("1.29", "1.32", "1.37")
"""ReadWriteOncePod is of 1.29; the last is the newest that the validator knows."""


def objects() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(OBJECTS.read_text(encoding="utf-8")))


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and spec of each CronJob."""
    for each in objects():
        if each["kind"] == "CronJob":
            yield each["metadata"]["name"], each["spec"]


def pins(text: str) -> dict[str, tuple[str, list[str]]]:
    """Name to version and hashes, of a lock."""
    found: dict[str, tuple[str, list[str]]] = {}
    for part in re.split(r"\n(?=\w)", text):
        if match := re.match(r"([\w.-]+)(?:\[[^]]*\])?==([\w.]+)", part):
            found[match[1]] = (match[2], sorted(re.findall(r"sha256:[0-9a-f]{64}", part)))
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_object(version: str) -> None:
    for each in objects():
        kubernetes_validate.validate(each, version, strict=True)
    wrong = objects()[1]
    wrong["spec"]["concurencyPolicy"] = wrong["spec"].pop("concurrencyPolicy")
    with pytest.raises(kubernetes_validate.ValidationError, match="concurencyPolicy"):
        kubernetes_validate.validate(wrong, version, strict=True)


def test_a_night_is_never_beside_another_and_a_gate_is_not_tried_again() -> None:
    found = dict(jobs())
    assert found.keys() == {"anomaly-daily", "anomaly-retrain"}
    for spec in found.values():
        assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")
        job = spec["jobTemplate"]["spec"]
        assert job["backoffLimit"] > 0
        rule = job["podFailurePolicy"]["rules"][0]
        assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [2, 3, 4])
        # without it a pod failure policy is refused by the API server, which no schema says
        assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_pods_keep_to_the_restricted_standard() -> None:
    """What "restricted" of the Pod Security Standards asks, and a file system that nobody writes to."""
    for name, spec in jobs():
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
        assert kinds == {"persistentVolumeClaim", "configMap", "emptyDir"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_pods_write_where_a_volume_is() -> None:
    for _, spec in jobs():
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
        places = {each["name"]: each["value"] for each in container["env"]}
        for name in ("ANOMALY_ROOT", "TMPDIR", "HOME"):
            assert any(f"{places[name]}/".startswith(f"{place}/") for place in writable), name
        assert {mount["name"] for mount in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
        claims = {each["metadata"]["name"] for each in objects() if each["kind"] == "PersistentVolumeClaim"}
        assert {
            each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"] if each["name"] == "lake"
        } == claims


def test_pods_run_commands_that_there_are_and_hold_no_secret() -> None:
    known = dict(pages.commands(pages.command_line()))
    for _, spec in jobs():
        (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        command, *rest = container["args"]
        assert {word for word in rest if word.startswith("--")} <= pages.options(known[command])
        assert all(not re.search(r"SECRET|TOKEN|PASSWORD|PING", each["name"]) for each in container["env"])
        assert container["envFrom"] == [{"secretRef": {"name": "anomaly-secrets", "optional": True}}]


def test_the_image_runs_as_the_user_that_pods_run_as() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    user = re.findall(r"^USER (\d+):\d+$", text, re.MULTILINE)[-1]
    for _, spec in jobs():
        assert str(spec["jobTemplate"]["spec"]["template"]["spec"]["securityContext"]["runAsUser"]) == user
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r'^ENTRYPOINT \["anomaly"\]$', last, re.MULTILINE)
    assert last.index("USER ") < last.index("ENTRYPOINT")


def test_the_image_installs_only_what_is_locked() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [shlex.split(each) for each in re.findall(r"pip install ([^&\n]*)", text)]
    assert len(installs) == 2
    assert {"--require-hashes", "--no-cache-dir", "--requirement"} <= set(installs[0])
    assert {"--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir"} <= set(installs[1])


def test_nothing_is_left_to_compile_where_nobody_can_write(tmp_path: Path) -> None:
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    assert all("--compile" in each for each in re.findall(r"pip install ([^&\n]*)", text))
    command = re.search(r"^RUN python (-m compileall .*) /usr/local/lib/python3\.11$", text, re.MULTILINE)
    assert command
    assert "FROM python:3.11-slim\n" in text[: command.start()]
    for name in ("json/reader.py", "lib2to3/tests/data/bad.py", "site-packages/other.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("x = 1\n" if "data" not in name else "x = = 1\n", encoding="utf-8")
    subprocess.run([sys.executable, *shlex.split(command[1]), str(tmp_path)], check=True, env={"PATH": ""})
    made = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.pyc")}
    assert made == {"json"}


def test_the_image_runs_with_the_versions_that_the_tests_run_with() -> None:
    tested = pins((house.REPOSITORY / "requirements.lock").read_text(encoding="utf-8"))
    image = pins((DEPLOY / "requirements.lock").read_text(encoding="utf-8"))
    assert {"duckdb", "mlflow", "hatchling", "obstore", "psycopg"} <= image.keys()
    assert not {"pytest", "mypy", "ruff"} & image.keys()
    assert {name: pin for name, pin in image.items() if tested.get(name) != pin} == {}
    # a requirement added without `make lock` would be missing in the image alone
    runtime = house.distribution_names(dev=False)
    assert runtime - image.keys() == set()


def test_what_the_image_copies_reaches_it() -> None:
    ignored = (house.REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in ignored if not line.startswith("#")) == "*"
    let = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        source.removeprefix("./")
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == let
    assert all((house.REPOSITORY / each).exists() for each in copied)


def test_hadolint_has_nothing_to_say() -> None:
    if not HADOLINT.exists():
        pytest.skip("hadolint is not installed: make validators")
    done = subprocess.run([HADOLINT, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
