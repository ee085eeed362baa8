"""Settings: environment variables that start with PLANGRAF_, checked once at start.

One setting, `home`, finds the top-level folders (ontology, shapes, data, queries) in a checkout and in
an installed wheel alike: in a wheel they lie inside the package as data.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from plangraf.errors import SettingError

_PACKAGE = Path(__file__).resolve().parent


def default_home() -> Path:
    """The checkout when the package runs from one, else the folders packaged in the wheel."""
    checkout = _PACKAGE.parent.parent
    return checkout if (checkout / "ontology").is_dir() else _PACKAGE / "home"


class Settings(BaseSettings):
    """All settings with their defaults; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="PLANGRAF_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=default_home, description="Folder of ontology, shapes, data, queries.")
    data: Annotated[tuple[Path, ...], NoDecode] = Field(default=(), description="More data folders, separated by ':'.")
    versions: Path = Field(default=Path("versions"), description="Folder that keeps the built versions.")
    keep_versions: int = Field(default=10, ge=1, description="Versions that stay on disk after a build.")
    old_versions: int = Field(
        default=1, ge=0, le=16, description="Kept versions opened beside the current one, in each HTTP process."
    )
    watch_s: float = Field(
        default=2.0, ge=0, description="Seconds between looks at which version is current; 0 never looks."
    )
    host: str = Field(default="127.0.0.1", description="Address to bind.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to bind; 0 takes a free one.")
    processes: int = Field(default=2, ge=1, le=64, description="HTTP processes of `plangraf serve`.")
    public_url: str | None = Field(
        default=None, description="Absolute address of the service as its users see it, without a final '/'."
    )
    query_workers: int = Field(default=4, ge=1, le=64, description="Query workers of each HTTP process.")
    query_long: int = Field(
        default=4, ge=1, le=64, description="Queries longer than 0.1 s that run beside, in each HTTP process."
    )
    query_timeout_s: float = Field(default=30.0, gt=0, le=3600, description="Longest evaluation of a query.")
    query_max_bytes: int = Field(default=256 * 1024, ge=1024, description="Longest query and request body.")
    query_max_tokens: int = Field(default=20_000, ge=100, description="Most tokens of a query.")
    query_max_nesting: int = Field(default=64, ge=4, le=200, description="Deepest nesting of brackets.")
    query_max_path: int = Field(default=64, ge=2, le=200, description="Most steps of one property path.")
    query_max_waiting: int = Field(default=64, ge=1, description="Most queries running or waiting.")
    cache_mb: int = Field(default=64, ge=0, description="Memory for finished answers in each HTTP process, in MiB.")
    worker_memory_mb: int = Field(
        default=2048, ge=64, description="Memory that one query may add to its worker, in MiB."
    )
    slow_query_s: float = Field(default=5.0, gt=0, description="A query that takes longer is logged with its text.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )
    log_format: Literal["json", "console"] = Field(default="json", description="Form of the log lines.")

    @field_validator("data", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(Path(part) for part in value.split(":") if part) if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("home")
    @classmethod
    def _has_folders(cls, value: Path) -> Path:
        missing = [name for name in ("ontology", "shapes", "data", "queries") if not (value / name).is_dir()]
        if missing:
            raise ValueError(f"{value} has no folder {', '.join(missing)}")
        return value.resolve()

    @cached_property
    def base_url(self) -> str:
        """The service's own absolute address: never taken from a request's Host header."""
        return self.public_url or f"http://127.0.0.1:{self.port}"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, `overrides` (such as command-line options) before it.

    Raises:
        SettingError: a value cannot be used; the message names the variable and what is wrong.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks the values itself
    except ValidationError as error:
        lines = [
            f"PLANGRAF_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']} (found {item['input']!r})"
            for item in error.errors()
        ]
        raise SettingError("; ".join(lines)) from error
