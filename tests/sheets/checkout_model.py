"""The model of the sheets of this checkout, read once for all modules."""

from __future__ import annotations

from plangraf.sheets.model_reader import read_model
from small_home import ROOT

MODEL = read_model(ROOT)
