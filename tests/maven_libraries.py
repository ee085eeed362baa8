"""Java libraries that Maven downloads once into a folder of the checkout, each with the digest that a lock says."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path


def missing() -> list[str]:
    """The required programs that are absent."""
    return [program for program in ("java", "mvn") if shutil.which(program) is None]


def libraries_of(pom: Path, lock: Path, folder: Path) -> Path:
    """The folder with what the POM names and what that needs; `.ready` stands there when it is complete.

    Raises:
        ValueError: a file is another than the lock's.
    """
    if not (folder / ".ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        subprocess.run(["mvn", "-B", "-q", "-f", str(pom), *goal], check=True)
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.jar")}
    locked = dict(reversed(line.split()) for line in lock.read_text().splitlines())
    if found != locked:
        other = sorted({name for name, _ in found.items() ^ locked.items()})
        raise ValueError(f"{folder} differs from {lock.name} in {', '.join(other)}; remove it and try again")
    (folder / ".ready").touch()
    return folder
