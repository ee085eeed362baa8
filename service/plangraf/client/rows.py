"""The rows of an answer, and the data frames of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from plangraf.client.failures import UsageError
from plangraf.client.typed_values import Value

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Sequence[Mapping[str, Value]]):
    """The rows of one answer, in its order; each is a mapping from every column to a value.

    Attributes:
        columns: their names, in the order of the answer.
        version: the version of the data that answered.
        address: where the answer came from.
    """

    columns: tuple[str, ...]
    _rows: tuple[dict[str, Value], ...]
    version: str
    address: str

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Value]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Mapping[str, Value]]: ...
    def __getitem__(self, place: int | slice) -> Mapping[str, Value] | Sequence[Mapping[str, Value]]:
        return self._rows[place]

    def __iter__(self) -> Iterator[Mapping[str, Value]]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {', '.join(self.columns)}; version {self.version or 'unknown'}>"

    def column(self, name: str) -> list[Value]:
        """The values of one column.

        Raises:
            UsageError: the answer has no such column.
        """
        if name not in self.columns:
            raise UsageError(f"The answer has no column {name!r}. It has: {', '.join(self.columns)}.")
        return [row[name] for row in self._rows]

    def pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame: Int64, boolean, datetime64 and string columns; decimals stay Decimal, in object columns.

        Raises:
            LibraryMissingError: pandas is not installed.
        """
        from plangraf.client import data_frames

        frame: pandas.DataFrame = data_frames.to_pandas(self._columns())
        return frame

    def polars(self) -> polars.DataFrame:
        """A polars DataFrame: Int64, Boolean, Date, Datetime, Decimal and String columns, lists of several values.

        Raises:
            LibraryMissingError: polars is not installed.
        """
        from plangraf.client import data_frames

        frame: polars.DataFrame = data_frames.to_polars(self._columns())
        return frame

    def arrow(self) -> pyarrow.Table:
        """An Arrow table: int64, bool, date32, timestamp, decimal128 and string columns, lists of several values.

        Raises:
            LibraryMissingError: pyarrow is not installed.
        """
        from plangraf.client import data_frames

        frame: pyarrow.Table = data_frames.to_arrow(self._columns())
        return frame

    def _columns(self) -> dict[str, list[Any]]:
        return {name: [row[name] for row in self._rows] for name in self.columns}
