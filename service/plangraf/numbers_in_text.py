"""Numbers in text that others wrote. Nothing here fails on any text.

`str.isdigit` is true of `²`, `str.isdecimal` of `٣`, and `int` takes both `1_000` and `٣` but no more than 4300 digits.
"""

from __future__ import annotations

import re

LARGEST = 10**18
"""Stands for every number that has more digits than this one."""

NaturalKey = tuple[list[tuple[int, str]], str]
_DIGITS = re.compile(r"([0-9]+)")


def whole_number(text: str) -> int | None:
    """The number that the text states in ASCII digits, LARGEST at most; None for any other text.

    Spaces and tabs around it do not count, as around the value of an HTTP header.
    """
    digits = text.strip(" \t")
    if not _DIGITS.fullmatch(digits):
        return None
    return int(digits) if len(digits := digits.lstrip("0") or "0") <= 18 else LARGEST


def natural_key(text: str) -> NaturalKey:
    """A sort key by the numbers in a text, so that 2 stands before 10; numbers stand after other text."""
    return [_piece_key(piece) for piece in _DIGITS.split(text) if piece], text


def _piece_key(piece: str) -> tuple[int, str]:
    if not "0" <= piece[0] <= "9":
        return -1, piece
    # By the count of the digits first, because a number may be too long for int().
    digits = piece.lstrip("0")
    return len(digits), digits
