"""Models against one another and against the references: the difference, its interval, and whether it can be luck."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from gridahead.core.runs import REFERENCES
from gridahead.evaluation.bootstrap import bootstrap_difference
from gridahead.evaluation.significance import diebold_mariano

COLUMNS = ("model", "against", "days", "crps", "saves", "saves_low", "saves_high", "p")


def comparisons(losses: pd.DataFrame) -> pd.DataFrame:
    """What each model saves against the references and the best model of all, and the references against one another.

    Args:
        losses: a row a model and day, as `daily_losses` gives them.

    Returns:
        A row a pair, models by rising CRPS: model, against, days, crps of the model [MW], saves: by how much its CRPS
        is smaller [MW], its 95 % interval from days drawn in blocks, p of the two-sided Diebold–Mariano test. Interval
        and p are NaN where there are too few days.
    """
    wide = losses.pivot_table(index="day", columns="model", values="crps").sort_index()
    rows = []
    for model, against in _pairs(wide.mean().sort_values()):
        loss, loss_against = wide[model].to_numpy(), wide[against].to_numpy()
        saved = bootstrap_difference(loss_against, loss)
        rows.append((model, against, len(wide), loss.mean(), *saved, diebold_mariano(loss, loss_against).p))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _pairs(means: pd.Series) -> Iterator[tuple[str, str]]:
    """Who is compared with whom; each pair once."""
    models = [str(name) for name in means.index if name not in REFERENCES]
    references = [name for name in REFERENCES if name in means.index]
    for model in models:
        yield from ((model, reference) for reference in references)
        if model != models[0]:
            yield model, models[0]
    yield from combinations(references, 2)
