"""Settings: environment variables that start with PLANGRAF_, checked once at start.

The setting `home` locates the top-level folders (ontology, shapes, data, queries), in a checkout and in an installed
wheel, which holds them inside the package.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pyoxigraph import NamedNode

from plangraf.errors import SettingError

PublisherType = Literal[
    "Academia-ScientificOrganisation",
    "Company",
    "IndustryConsortium",
    "LocalAuthority",
    "NationalAuthority",
    "NonGovernmentalOrganisation",
    "NonProfitOrganisation",
    "RegionalAuthority",
    "StandardisationBody",
    "SupraNationalAuthority",
]
"""The types of http://purl.org/adms/publishertype/ that fit an operator."""

_PACKAGE = Path(__file__).resolve().parent


_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+=?^_~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HOST = re.compile(r"([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}|\*))?")
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
_PROJECT = "plangraf"
# Descriptors of a process without workers, of each query worker (two sockets and a pipe, twice), and for connections.
_OWN_DESCRIPTORS, _OF_A_WORKER, _FEW_CONNECTIONS = 64, 6, 64
_OPERATOR = {
    "catalog",
    "catalog_title",
    "catalog_title_en",
    "publisher",
    "publisher_organisation_number",
    "publisher_name",
    "publisher_type",
    "contact_name",
    "contact_email",
    "contact_url",
}


def is_organisation_number(text: str) -> bool:
    """Whether the ninth digit is the check digit (modulo 11) of the eight before it, as in Enhetsregisteret."""
    if not re.fullmatch(r"[0-9]{9}", text):
        return False
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False)) % 11
    return (11 - rest) % 11 == int(text[8])


def _is_iri(text: str) -> bool:
    """Whether a text is an http(s) IRI that RDF accepts."""
    try:
        NamedNode(text)
        HttpUrl(text)
    except ValueError:
        return False
    # HttpUrl accepts what browsers correct, such as HTTP:/data.example.no and http:///data.example.no.
    return text.startswith(("http://", "https://")) and not text.partition("://")[2].startswith("/")


def default_home() -> Path:
    """The checkout that the package runs from, otherwise the folders inside the wheel."""
    checkout = _PACKAGE.parent.parent
    return checkout if (checkout / "ontology").is_dir() else _PACKAGE / "home"


class Settings(BaseSettings):
    """All settings with their defaults; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="PLANGRAF_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=default_home, description="Folder of ontology, shapes, data, queries.")
    data: Annotated[tuple[Path, ...], NoDecode] = Field(default=(), description="More data folders, separated by ':'.")
    versions: Path = Field(default=Path("versions"), description="Folder that keeps the built versions.")
    keep_versions: int = Field(default=10, ge=1, description="Versions that stay on disk after a build.")
    feed_page: int = Field(
        default=250, ge=1, le=10_000, description="Changes on a page of `/feed`; an existing feed keeps its number."
    )
    old_versions: int = Field(
        default=1, ge=0, le=16, description="Kept versions opened beside the current one, in each HTTP process."
    )
    watch_s: float = Field(
        default=2.0, ge=0, description="Seconds between checks for another current version; 0 never checks."
    )
    replica_from: str | None = Field(
        default=None,
        description="Object store whose publications `plangraf serve` keeps a copy of and serves, such as "
        "`s3://bucket/plans`.",
    )
    replica_poll_s: float = Field(
        default=5.0, gt=0, le=3600, description="Seconds between a replica's looks at the object store."
    )
    replica_max_gb: int = Field(
        default=64, ge=1, le=100_000, description="Most GiB that a replica takes from a publication."
    )
    host: str = Field(default="127.0.0.1", description="Address to bind.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to bind; 0 takes a free one.")
    processes: int = Field(default=2, ge=1, le=64, description="HTTP processes of `plangraf serve`.")
    public_url: str | None = Field(
        default=None, description="Absolute address of the service as its users see it, without a final '/'."
    )
    query_workers: int = Field(default=4, ge=1, le=64, description="Query workers of each HTTP process.")
    query_long: int = Field(
        default=4, ge=1, le=64, description="Queries of more than 0.1 s in the background, in each HTTP process."
    )
    query_timeout_s: float = Field(default=30.0, gt=0, le=3600, description="Longest evaluation of a query.")
    query_max_bytes: int = Field(default=256 * 1024, ge=1024, description="Longest query and request body.")
    query_max_tokens: int = Field(default=20_000, ge=100, description="Most tokens of a query.")
    query_max_nesting: int = Field(default=64, ge=4, le=200, description="Deepest nesting of brackets.")
    query_max_path: int = Field(default=64, ge=2, le=200, description="Most steps of one property path.")
    query_max_waiting: int = Field(default=64, ge=1, description="Most queries running or waiting.")
    engine: str | None = Field(
        default=None,
        description="Address of a SPARQL 1.1 endpoint that evaluates the queries; else the embedded engine does.",
    )
    engine_update: str | None = Field(
        default=None, description="Address of that endpoint's updates, for `plangraf publish`."
    )
    engine_graph_store: str | None = Field(
        default=None,
        description="Address of that endpoint's Graph Store Protocol, which `plangraf publish` prefers because it is "
        "faster than updates.",
    )
    engine_authorization: SecretStr | None = Field(
        default=None,
        description="Value of the header field Authorization for that endpoint, or `Digest name:password`; it is never "
        "logged.",
    )
    engine_accept_differences: bool = Field(
        default=False,
        description="Serves also from an endpoint that is known to answer standard queries wrongly (Virtuoso).",
    )
    engine_authorization_file: Path | None = Field(
        default=None, description="File with that value, for systems that hand over secrets as files."
    )
    service_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="SPARQL endpoints that SERVICE may call, separated by blanks; `private:` before one whose name "
        "leads to a private address.",
    )
    service_timeout_s: float = Field(default=10.0, gt=0, le=600, description="Longest time of all calls of one query.")
    service_max_calls: int = Field(default=4, ge=1, le=64, description="Most SERVICE clauses of one query.")
    service_max_mb: int = Field(default=4, ge=1, le=256, description="Longest answer of one SERVICE call, in MiB.")
    mcp_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="More values of Host that `/mcp` answers, separated by blanks, beside the public address and this "
        "machine; `:*` at the end is any port.",
    )
    mcp_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="More sites whose pages may call `/mcp`, such as `https://chat.example.no`, separated by blanks.",
    )
    cache_mb: int = Field(
        default=64, ge=0, description="Memory for finished answers of all HTTP processes together, in MiB."
    )
    worker_memory_mb: int = Field(
        default=2048, ge=64, description="Memory that one query may add to its worker, in MiB."
    )
    memory_triples: int = Field(
        default=3_000_000,
        ge=0,
        description="Triples that a service holds in memory, without those of bulk files. A build writes a larger "
        "version's stores on disk, and the service reads these.",
    )
    answer_max_mb: int = Field(
        default=512,
        ge=1,
        description="Longest answer to one query, in MiB before compression; a longer one breaks off.",
    )
    slow_query_s: float = Field(default=5.0, gt=0, description="A query that takes longer is logged with its text.")
    traces: str | None = Field(
        default=None, description="Address of an OTLP/HTTP collector that gets traces, such as http://127.0.0.1:4318."
    )
    traces_share: float = Field(
        default=1.0, ge=0, le=1, description="Share of the requests that are traced, when their sender has not decided."
    )
    traces_queries: bool = Field(default=False, description="Whether traces have the texts of queries.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )
    log_format: Literal["json", "console"] = Field(default="json", description="Form of the log lines.")
    catalog: str = Field(
        default="https://w3id.org/plangraf/id/catalog", description="IRI of the catalogue; others start with it."
    )
    catalog_title: str | None = Field(default=None, min_length=1, description="Title of the catalogue in Bokmål.")
    catalog_title_en: str | None = Field(default=None, min_length=1, description="Title of the catalogue in English.")
    publisher: str | None = Field(
        default=None, description="IRI of the catalogue's publisher; else that of the number."
    )
    publisher_organisation_number: str | None = Field(
        default=None, description="Organisation number of the catalogue's publisher."
    )
    publisher_name: str | None = Field(
        default=None,
        min_length=1,
        validate_default=True,
        description="Name of the catalogue's publisher; else `plangraf`.",
    )
    publisher_type: PublisherType | None = Field(
        default=None,
        description="Kind of the catalogue's publisher, of the ADMS list; LocalAuthority is a municipality.",
    )
    contact_name: str | None = Field(
        default=None,
        min_length=1,
        description="Name of the contact for questions about the data; else the publisher's.",
    )
    contact_email: str | None = Field(default=None, description="E-mail address for questions about the data.")
    contact_url: str | None = Field(default=None, description="Page for questions about the data; else the home page.")

    @field_validator("data", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(Path(part) for part in value.split(":") if part) if isinstance(value, str) else value

    @field_validator("service_allow", "mcp_hosts", "mcp_origins", mode="before")
    @classmethod
    def _by_blanks(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("service_allow")
    @classmethod
    def _endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            address = one.removeprefix("private:")
            if not (_is_iri(address) and address.isascii()) or "@" in address or "#" in address:
                raise ValueError(f"{one} must be an address in ASCII such as https://query.example.no/sparql")
        return value

    @field_validator("traces")
    @classmethod
    def _collector(cls, value: str | None) -> str | None:
        if value is not None and (not _is_iri(value) or "?" in value or "#" in value):
            raise ValueError("must be an address such as http://127.0.0.1:4318, without /v1/traces")
        return value

    @field_validator("engine", "engine_update", "engine_graph_store")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and (not _is_iri(value) or "#" in value):
            raise ValueError("must be an address such as https://engine.example.no/sparql")
        if value is not None and "@" in value.partition("://")[2].partition("/")[0]:
            raise ValueError("must have no name and password; give them with PLANGRAF_ENGINE_AUTHORIZATION")
        return value

    @field_validator("engine_authorization_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                value.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"cannot be read ({error})") from error
        return value

    @field_validator("mcp_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not _HOST.fullmatch(one):
                raise ValueError(
                    f"{one} must be a host such as data.example.no or data.example.no:8000, without a path"
                )
        return value

    @field_validator("mcp_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            scheme, _, host = one.partition("://")
            if scheme not in ("http", "https") or not _HOST.fullmatch(host):
                raise ValueError(f"{one} must be a site such as https://chat.example.no, without a path")
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        if not _is_iri(value) or "?" in value or "#" in value:
            raise ValueError("must be an absolute address such as https://data.example.no/plans, without ? or #")
        return value.rstrip("/")

    @field_validator("catalog")
    @classmethod
    def _beginning(cls, value: str) -> str:
        if not _is_iri(value) or value.endswith("/") or "?" in value or "#" in value:
            raise ValueError("must be an absolute http:// or https:// IRI without ? or # and without a final /")
        return value

    @field_validator("publisher", "contact_url")
    @classmethod
    def _iri(cls, value: str | None) -> str | None:
        if value is not None and not _is_iri(value):
            raise ValueError("must be an absolute http:// or https:// IRI")
        return value

    @field_validator("contact_email")
    @classmethod
    def _email(cls, value: str | None) -> str | None:
        if value is not None and not _EMAIL.fullmatch(value):
            raise ValueError("must be one e-mail address such as data@example.no")
        return value

    @field_validator("publisher_name")
    @classmethod
    def _named(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and (info.data.get("publisher") or info.data.get("publisher_organisation_number")):
            raise ValueError(
                "must be given beside PLANGRAF_PUBLISHER or PLANGRAF_PUBLISHER_ORGANISATION_NUMBER: "
                "portals drop a publisher without a name"
            )
        return value

    @field_validator("publisher_organisation_number")
    @classmethod
    def _organisation_number(cls, value: str | None) -> str | None:
        if value is not None and not is_organisation_number(value):
            raise ValueError("must be 9 digits, the last of them the check digit, such as 942110464")
        return value

    @field_validator("home")
    @classmethod
    def _has_folders(cls, value: Path) -> Path:
        missing = [name for name in ("ontology", "shapes", "data", "queries") if not (value / name).is_dir()]
        if missing:
            raise ValueError(f"{value} has no folder {', '.join(missing)}")
        return value.resolve()

    @cached_property
    def base_url(self) -> str:
        """The service's own absolute address, never taken from a request's Host header."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @cached_property
    def query_base(self) -> str:
        """The base IRI of a query that declares none, which SPARQL 1.1 Query, 4.1.1, leaves to the service."""
        return f"{self.base_url}/sparql"

    @property
    def engine_secret(self) -> str:
        """The value of Authorization for the endpoint; empty for none."""
        if self.engine_authorization is not None:
            return self.engine_authorization.get_secret_value().strip()
        if self.engine_authorization_file is not None:
            return self.engine_authorization_file.read_text(encoding="utf-8").strip()
        return ""

    @property
    def publisher_called(self) -> str:
        """The name of the catalogue's publisher."""
        return self.publisher_name or _PROJECT

    @property
    def operator(self) -> dict[str, object]:
        """The settings that the catalogue publishes; the service's fingerprint covers them."""
        return self.model_dump(include=_OPERATOR)


def descriptors_needed(settings: Settings) -> int:
    """The open files that an HTTP process must be allowed: its own, those of its workers, and few connections."""
    workers = settings.query_workers + settings.query_long + 2 * settings.old_versions
    return _OWN_DESCRIPTORS + _OF_A_WORKER * workers + _FEW_CONNECTIONS


def load_settings(**overrides: object) -> Settings:
    """Loads the settings from the environment; `overrides`, such as command-line options, take precedence.

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
