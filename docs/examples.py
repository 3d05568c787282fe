"""Writes the files that "Your data in five steps" reads: `python docs/examples.py FOLDER`.

They are the German load of the sample, a thousandth of it, in the forms in which such files come: a town's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

SAMPLE = Path(__file__).parents[1] / "data" / "sample" / "Actual_consumption_202401010000_202601010000_Hour.csv.gz"


def load(sample: Path = SAMPLE) -> pd.Series:
    """Hourly load of a town [kW] of 2024 and 2025, by the local time at which each hour begins."""
    rows = pd.read_csv(sample, sep=";", encoding="utf-8-sig", thousands=",")
    times = pd.to_datetime(rows["Start date"], format="%b %d, %Y %I:%M %p")
    return pd.Series(rows.iloc[:, 2].to_numpy(), index=times, name="Netzlast [kW]")


def german_csv(values: pd.Series, file: Path) -> None:
    """Semicolons, decimal commas, dots between thousands, days first, and letters as Windows writes them."""
    times = values.index.strftime("%d.%m.%Y %H:%M")
    numbers = [f"{value:,.2f}".translate(str.maketrans(",.", ".,")) for value in values]
    lines = ["Stadtwerk Süd;", "Zeit;Netzlast [kW]", *map(";".join, zip(times, numbers, strict=True))]
    file.write_text("\r\n".join(lines) + "\r\n", encoding="cp1252")


def workbook(values: pd.Series, file: Path) -> None:
    """A sheet of notes, and one of data below a title."""
    with pd.ExcelWriter(file, engine="xlsxwriter") as book:
        pd.DataFrame({"Notes": ["Hours by their beginning, local time"]}).to_excel(
            book, sheet_name="Notes", index=False
        )
        table = values.rename("Load MW").div(1000).rename_axis("Hour").reset_index()
        table.to_excel(book, sheet_name="Data", startrow=2, index=False)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    folder.mkdir(parents=True, exist_ok=True)
    german_csv(load(), folder / "verbrauch.csv")
    workbook(load(), folder / "meters.xlsx")
