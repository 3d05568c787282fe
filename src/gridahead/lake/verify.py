"""Verification: every file of the lake has the content that its name, its table and its folder declare.

And SQL reads what the lake reads: the views have the same two clocks of verdicts and rulings.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.errors import ContractError
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.core.vintages import FOREVER, IDENTITY, VALUE, as_of
from gridahead.lake.lake import Lake
from gridahead.lake.parquet import SUFFIX, conform
from gridahead.lake.partitions import RECENT, by_partition
from gridahead.lake.rows import ordered
from gridahead.lake.store import OnProgress, Store, content_name
from gridahead.lake.views import views

_BACK = {
    "observations": "run `gridahead lake amend`, which takes what is missing from the kept payloads",
    "verdicts": "run `gridahead validate`, which judges again",
    "limits": "run `gridahead validate`, which learns them again",
    "scores": "run `gridahead score` and the back-tests again",
    "forecasts": "run the back-tests again; what was published is still in the published folder",
}
"""How a table gets back what a file held."""

INSTANTS = 5
"""Instants at which SQL and the lake are compared: every further one takes as long as the whole table is wide."""
ROUNDS = 20
"""How often a verification looks again for files that compactions have written meanwhile."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not right."""

    table: str
    file: str
    """Its whole path."""
    what: str
    way_out: str


@dataclass(frozen=True)
class Verified:
    """What a verification looked at, and what it found."""

    files: int
    rows: int
    findings: tuple[Finding, ...]


def verify(store: Store, on_progress: OnProgress = lambda step: None) -> Verified:
    """Read every file of a table: checksum, schema, keys, order, folder, and whether two files contradict each other.

    Raises:
        LakeError: the lake cannot be read at all.
    """
    files, checked = _checked(store, on_progress)
    findings = [outcome for outcome in checked.values() if isinstance(outcome, Finding)]
    strays = set(store.folder.names(SUFFIX, below=True)) - set(files) - set(store.files())
    # Listed again: a compaction may have deleted what it had merged between the two listings.
    for name in strays and strays & set(store.folder.names(SUFFIX, below=True)):
        findings.append(_finding(store, name, "lies in no folder of the table, so nobody reads it", _take_in(store)))
    sound = [name for name, outcome in checked.items() if isinstance(outcome, int)]
    findings += _contradictions(store, sound)
    return Verified(
        len(files), sum(outcome for outcome in checked.values() if isinstance(outcome, int)), tuple(findings)
    )


def _checked(store: Store, on_progress: OnProgress) -> tuple[list[str], dict[str, int | Finding]]:
    """The files, and of each how many rows it has or what is wrong with it.

    Files that a compaction replaces meanwhile are left out, and what replaces them is looked at in another round.
    """
    checked: dict[str, int | Finding] = {}
    for _ in range(ROUNDS):
        files = store.files()
        checked = {name: outcome for name, outcome in checked.items() if name in files}
        for name in files:
            if name not in checked:
                on_progress(f"{store.table.name} {name}")
                with contextlib.suppress(FileNotFoundError):
                    checked[name] = _file(store, name)
        if len(checked) == len(files):
            break
    return files, checked


def _file(store: Store, name: str) -> int | Finding:
    """How many rows a file has, or the first thing that is wrong with it."""
    content = store.folder.read(name)
    folder, _, own = name.rpartition("/")
    if content_name(content) != own:
        return _finding(store, name, "its content is not what its name says: it was changed or torn", _replace(store))
    try:
        rows = conform(pq.read_table(pa.BufferReader(content)), store.table, str(store.folder / name))
    except (pa.ArrowInvalid, OSError) as error:
        return _finding(store, name, f"is no Parquet file: {str(error).splitlines()[0]}", _replace(store))
    except ContractError as error:
        return _finding(store, name, "; ".join(error.findings[:-1]), error.findings[-1])
    if missing := [field.name for field in rows.schema if not field.nullable and rows.column(field.name).null_count]:
        return _finding(store, name, f"has rows without {', '.join(missing)}", _replace(store))
    if not ordered(rows, store.table.key):
        return _finding(store, name, "is not in the order of its key, or has a key twice", _take_in(store))
    if folder != RECENT and [place for place, _ in by_partition(store.table, rows)] != [folder]:
        return _finding(store, name, "has rows that belong in other folders", _take_in(store))
    return len(rows)


def _contradictions(store: Store, names: list[str]) -> Iterator[Finding]:
    """Rows of one key with different values in two files, where no instant decides which is newer."""
    at: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folder, _, own = name.rpartition("/")
        at[folder].append(own)
    nothing = store.table.arrow_schema().empty_table()
    recent = pa.concat_tables([nothing, *store.present(RECENT, at.pop(RECENT, [])).values()])
    arrived = dict(by_partition(store.table, recent)) if len(recent) else {}
    for folder in sorted(arrived.keys() | {folder for folder, files in at.items() if len(files) > 1}):
        held = store.present(folder, at[folder])
        yield from _contradiction(store, folder, pa.concat_tables([arrived.get(folder, nothing), *held.values()]))


def _contradiction(store: Store, folder: str, rows: pa.Table) -> Iterator[Finding]:
    identifying = [
        column for column in store.table.columns if column.kind == "instant" or column.name in store.table.key
    ]
    values = [column.name for column in store.table.columns if column.kind == "float64" and column not in identifying]
    frame = rows.select([*(column.name for column in identifying), *values]).to_pandas()
    identity = [column.name for column in identifying]
    twice = frame[frame.duplicated(identity, keep=False)]
    different = twice.drop_duplicates([*identity, *values])
    wrong = different[different.duplicated(identity)]
    if len(wrong):
        example = wrong[list(store.table.key)].iloc[0].to_dict()
        what = f"{len(wrong)} keys have different values in two files, such as {example}"
        yield _finding(store, folder, what, "reads take the larger value; see which payload is wrong, by `batch`")


def verify_views(lake: Lake) -> tuple[Finding, ...]:
    """Whether the SQL views read what the lake reads, of every value that has a verdict or a ruling.

    Asked of a lake on a disk, where DuckDB is installed, at the newest instants at which anything was said and at last.

    Raises:
        LakeError: the lake cannot be read.
    """
    if not lake.folder.local or find_spec("duckdb") is None:
        return ()
    verdicts, rulings = lake.read_verdicts(), lake.read_rulings()
    judged = pd.concat([verdicts[VALUE], rulings[VALUE]]).drop_duplicates()
    if judged.empty:
        return ()
    instants = pd.concat([verdicts["known_at"], rulings["decided_at"]]).drop_duplicates().sort_values()
    series = sorted({Series(*pair) for pair in judged[VALUE[:2]].itertuples(index=False, name=None)})
    rows = lake.read_vintages(*series, time_range=TimeRange.spanning(judged["valid_time"])).merge(judged, on=VALUE)
    differences = [
        (instant, len(different))
        for instant in [*instants.iloc[-INSTANTS:], FOREVER - pd.Timedelta(days=1)]
        if len(different := _different(as_of(rows, instant), _by_sql(lake, judged, instant)))
    ]
    return tuple(
        Finding(
            "views",
            str(lake.folder),
            f"SQL as_of('{instant}') and the lake read {count} values differently",
            "a mistake here, to be reported; until it is mended read the lake with gridahead instead of the views",
        )
        for instant, count in differences
    )


def _by_sql(lake: Lake, judged: pd.DataFrame, instant: pd.Timestamp) -> pd.DataFrame:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(views(lake))
        connection.register("judged_values", judged)
        query = "SELECT * FROM as_of(?::TIMESTAMPTZ) SEMI JOIN judged_values USING (zone, quantity, valid_time)"
        return connection.execute(query, [instant.isoformat()]).df()


def _different(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """The vintages that only one of the two reads."""
    return pd.concat([rows[[*IDENTITY, "value"]] for rows in (ours, theirs)]).drop_duplicates(keep=False)


def _finding(store: Store, name: str, what: str, way_out: str) -> Finding:
    return Finding(store.table.name, str(store.folder / name), what, way_out)


def _replace(store: Store) -> str:
    back = _BACK.get(store.table.name)
    rest = f" and {back}" if back else "; what it held was written nowhere else"
    return f"put it back from a backup; else move it out of the lake{rest}"


def _take_in(store: Store) -> str:
    return f"move it out of the lake, and append its rows again with Store.append to {store.table.name}"
