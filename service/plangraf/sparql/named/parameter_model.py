"""Models of parameters: a field declares one; reading, refusals and documentation follow from it.

`ParameterModel.read` takes the values of a query string or a form, and returns typed values or raises a ParameterError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from plangraf.errors import ParameterError
from plangraf.errors.message import N_, Listed, Quoted, sentences

Given = Mapping[str, str | list[str]]
"""The text of each parameter, as the client sent it; all texts of a parameter that is repeated."""

Model = TypeVar("Model", bound="ParameterModel")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Texts for one field in place of the usual ones, after the value, when it is missing, and when it is repeated."""

    wrong: str = ""
    missing: str = ""
    repeated: str = N_("Give it once.")


class ParameterModel(BaseModel):
    """The parameters of one address, which messages call by the name of the model.

    A field gets one text, or a list of them when the parameter is repeated; only a field for many values accepts a
    list. Its validators raise ValueError with the end of the message. A model refuses unknown parameters if its
    `extra` is "forbid".
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    @classmethod
    def read(cls, given: Given) -> Self:
        """Reads the values of a request.

        Raises:
            ParameterError: a parameter is unknown, repeated, malformed or missing; of several errors an unknown or a
                repeated parameter comes first.
        """
        try:
            return cls.__pydantic_validator__.validate_python(  # type: ignore[no-any-return]
                given
            )
        except ValidationError as error:
            errors = error.errors(include_url=False)
            raise cls._explain(min(errors, key=_rank)) from error

    @classmethod
    def _explain(cls, error: ErrorDetails) -> ParameterError:
        name, value, kind = str(error["loc"][0]), error["input"], error["type"]
        fields = names_of(cls)
        if kind == "extra_forbidden":
            return ParameterError(
                name,
                N_(
                    "is not known to %(address)s. It takes: %(choices)s.",
                    address=cls.__name__,
                    choices=Listed(sorted(fields)),
                ),
            )
        field = fields[name]
        told = next((told for told in field.metadata if isinstance(told, Refusal)), Refusal())
        if kind == "missing":
            missing = N_("is needed by %(address)s and missing.", address=cls.__name__)
            given = "=".join((name, str(field.examples[0]))) if field.examples else None
            example = N_("Such as %(example)s.", example=given) if given else None
            return ParameterError(name, told.missing or sentences(missing, example))
        if isinstance(value, list):
            return ParameterError(name, sentences(N_("is given %(count)s times.", count=len(value)), told.repeated))
        if told.wrong:
            return ParameterError(name, sentences(Quoted(str(value)), told.wrong))
        return ParameterError(name, (*error["ctx"]["error"].args, "")[0])


class StrictParameters(ParameterModel):
    model_config = ConfigDict(extra="forbid")


DeclaredField = tuple[Any, Any]
"""The type and the default of a field, as pydantic's create_model takes them."""


def declare(
    name: str,
    read: Callable[[str], object],
    schema: Mapping[str, Any],
    description: str,
    example: str | int | None,
    default: str | None = None,
    *,
    optional: bool,
) -> DeclaredField:
    """Declares a parameter that data describe, such as the head of a query.

    Args:
        name: its name in a request.
        read: reads the text; raises ValueError with the end of the message.
        schema: documents the text.
        description: documents the parameter.
        example: a text, or its value.
        default: the text when it is absent; without one an optional parameter is None.
        optional: whether it may be absent.
    """
    type_: Any = Annotated[str, AfterValidator(read), WithJsonSchema(dict(schema))]
    if default is None and optional:
        type_ = type_ | None
    absent: Any = default if optional else ...
    return type_, Field(
        default=absent,
        validate_default=default is not None,
        alias=name,
        description=description or None,
        examples=None if example is None else [example],
    )


def field_name(parameter: str) -> str:
    """The field of a parameter in a model that `make_model` made."""
    return f"value_{parameter}"  # because a parameter may have the name of a pydantic method


def make_model(address: str, base: type[Model], fields: Mapping[str, DeclaredField]) -> type[Model]:
    """Makes a model with fields that `declare` made, by the name of the parameter."""
    named: dict[str, Any] = {field_name(name): field for name, field in fields.items()}
    model: type[Model] = create_model(address, __base__=base, **named)
    return model


def _rank(error: ErrorDetails) -> int:
    # An unknown parameter comes first, because a misspelt name explains a missing one.
    return 0 if error["type"] == "extra_forbidden" or isinstance(error["input"], list) else 1


def names_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the names of their parameters."""
    return {field.alias or key: field for key, field in model.model_fields.items()}


def document_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The query parameters of a model as OpenAPI writes them."""
    whole = model.model_json_schema()
    fields = names_of(model)
    found = []
    for name, described in whole.get("properties", {}).items():
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": name in whole.get("required", ())}
        if "description" in described:
            parameter["description"] = described.pop("description")
        if "examples" in described:
            parameter["example"] = described.pop("examples")[0]
        # An absent parameter has no value, and not the value null.
        schema = described | described.pop("anyOf", [{}])[0]
        if schema.get("default") in (None, []):
            schema.pop("default", None)
        if not fields[name].title:
            schema.pop("title", None)
        found.append({**parameter, "schema": schema})
    return found
