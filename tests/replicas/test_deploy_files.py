"""The files of deploy/ are valid, and what they start is this service as it is."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import compose_spec
import kubernetes_validate
import pytest
import yaml

from plangraf.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted(DEPLOY.glob("*.service"))
KUBERNETES = "1.33"


def read_compose(*files: Path) -> dict[str, Any]:
    """The services of compose files, the later ones over the earlier ones."""
    services: dict[str, Any] = {}
    for file in files:
        for name, service in yaml.safe_load(file.read_text())["services"].items():
            known = services.setdefault(name, {})
            services[name] = {
                **known,
                **service,
                "environment": {**known.get("environment", {}), **service.get("environment", {})},
            }
    return services


def judge_compose(text: str) -> None:
    """Raises ValueError for what the Compose Specification does not know."""
    compose_spec.PyCompose.from_json(json.dumps(yaml.safe_load(text)))


def judge_manifests(text: str) -> None:
    for manifest in yaml.safe_load_all(text):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def judge_unit(path: Path, text: str, folder: Path) -> str:
    """What systemd says of a unit whose program is on this machine; empty for nothing."""
    unit = folder / path.name
    unit.write_text(text.replace("/opt/plangraf/bin/plangraf", shutil.which("true") or "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    return done.stderr + ("" if done.returncode == 0 else f"ended with {done.returncode}")


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_a_compose_file_follows_its_specification(path: Path) -> None:
    text = path.read_text()
    judge_compose(text)
    with pytest.raises(ValueError, match="imagee"):
        judge_compose(text.replace("    image:", "    imagee:", 1))


def test_services_of_compose_files_fit_together() -> None:
    services = read_compose(*COMPOSE)
    volumes = set().union(*(yaml.safe_load(file.read_text())["volumes"] for file in COMPOSE))
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in volumes or (DEPLOY / source).exists(), (name, source)
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / "Dockerfile").is_file()
            target = service["build"].get("target")
            assert target is None or f" AS {target}\n" in (ROOT / "Dockerfile").read_text()
    balanced = re.findall(r"reverse_proxy (.+) \{", (DEPLOY / "Caddyfile").read_text())[0].split()
    assert balanced == [f"{name}:8000" for name in services if name.startswith("replica-")]
    assert services["replica-1"]["environment"] == services["replica-2"]["environment"]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_follows_the_schema_of_kubernetes(path: Path) -> None:
    text = path.read_text()
    judge_manifests(text)
    with pytest.raises(kubernetes_validate.ValidationError):
        judge_manifests(text.replace("  name: plangraf", "  namee: plangraf", 1).replace("selector:", "selektor:", 1))


def test_the_deployment_runs_without_rights_and_within_limits() -> None:
    (deployment,) = yaml.safe_load_all((DEPLOY / "kubernetes" / "deployment.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"--uid {pod['securityContext']['runAsUser']} " in (ROOT / "Dockerfile").read_text()
    assert container["resources"]["limits"]["memory"]
    probes = {container[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")}
    assert probes == {"/health/ready", "/health/live"}
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for other in yaml.safe_load_all((DEPLOY / "kubernetes" / "service.yaml").read_text()):
        selector = other["spec"]["selector"]
        assert selector.get("matchLabels", selector) == labels


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_one_for_systemd(path: Path, tmp_path: Path) -> None:
    text = path.read_text()
    sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]
    keys = [line.partition("=")[0] for line in text.splitlines() if line and line[0] not in "#["]
    assert all(re.fullmatch(r"[A-Z]\w+", key) for key in keys)
    once = [key for key in keys if key != "Environment"]
    assert len(once) == len(set(once))
    if shutil.which("systemd-analyze"):  # the run names it when it is absent
        assert judge_unit(path, text, tmp_path) == ""
        assert "ProtectSysten" in judge_unit(path, text.replace("ProtectSystem", "ProtectSysten"), tmp_path)


def commands() -> list[list[str]]:
    """The arguments of `plangraf` that the files give."""
    found = [service["command"] for service in read_compose(*COMPOSE).values() if "command" in service]
    (deployment,) = yaml.safe_load_all((DEPLOY / "kubernetes" / "deployment.yaml").read_text())
    found += [container["args"] for container in deployment["spec"]["template"]["spec"]["containers"]]
    found += [
        shlex.split(line)[1:] for unit in UNITS for line in re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.M)
    ]
    return found


def test_the_commands_are_those_of_this_release() -> None:
    from typer.main import get_command

    from plangraf.cli.__main__ import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands()) == 6
    for name, *rest in commands():
        known[name].make_context(name, list(rest))  # an unknown option or a missing argument raises


def test_the_variables_are_settings() -> None:
    text = "".join(path.read_text() for path in (*COMPOSE, *MANIFESTS, *UNITS))
    names = set(re.findall(r"PLANGRAF_[A-Z_]+", text)) - {"PLANGRAF_STORE_SECRET"}  # of the compose file itself
    assert {"PLANGRAF_PUBLIC_URL", "PLANGRAF_VERSIONS", "PLANGRAF_ENGINE"} <= names
    assert names <= {f"PLANGRAF_{name.upper()}" for name in Settings.model_fields}
