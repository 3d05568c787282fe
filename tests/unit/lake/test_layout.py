"""Nobody changes how rows are stored without saying how the rows of before are read."""

import json
from pathlib import Path

import pytest

from gridahead.core.tables import TABLES
from gridahead.lake.layout import LAYOUT
from gridahead.lake.upgrades import STEPS

FILE = Path(__file__).parents[2] / "data/tables.json"
"""By layout, the version of every table."""
KNOWN = json.loads(FILE.read_text())
CHANGED = (
    f"how rows of {{name}} are stored has changed since layout {LAYOUT}. Where files of before cannot be read as they "
    "are, raise LAYOUT in lake/layout.py and write the step to it in lake/upgrades.py; where they can (a column with a "
    f"default), say so: write the version {{version}} beside its name in {FILE.name}, under the layout"
)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_do_not_change_without_a_step_or_a_word(table):
    message = CHANGED.format(name=table.name, version=table.version)
    assert KNOWN[str(LAYOUT)].get(table.name) == table.version, message


def test_every_layout_has_a_step_to_the_next():
    assert sorted(STEPS) == list(range(1, LAYOUT))
    assert max(map(int, KNOWN)) == LAYOUT
    assert set(KNOWN[str(LAYOUT)]) == {table.name for table in TABLES}
