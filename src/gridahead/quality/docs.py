"""Data Docs of Great Expectations that open without a network and tell nobody that they were opened."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from jinja2 import Environment

from gridahead.quality.report import QualityReport
from gridahead.quality.validation import Validation, expectation_suite, quiet_context
from gridahead.whole_files import write_whole

_SITE = Path("gx/uncommitted/data_docs/local_site")
_RUN = "inspection"
_INSPECTION = "inspection-"
_ASIDE = ".building-"
KEPT = 10
"""Inspections whose pages are kept: a reader who has an older front page open still finds what it leads to."""

_EXTERNAL = re.compile(
    r"<script\b.*?</script>"  # all scripts: they need jQuery from a network, and only decorate
    r"|<footer>.*?</footer>"  # a newsletter
    r"|<(?:link|img)\b[^>]*https?://[^>]*>"
    r"|background:\s*url\(['\"]?https?://[^;]*;",
    re.DOTALL | re.IGNORECASE,
)

_STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { border-bottom: 1px solid #ccd5dd; padding: .3rem .8rem; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.text-success::before { content: "\\2713"; color: #1a7f4b; }
.text-danger::before { content: "\\2717"; color: #b3261e; }
button, input, label { display: none; }
</style>"""

_INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Quality of the data</title>{{ style | safe }}</head><body>
<h1>Quality of the data</h1>
<p>Inspected {{ report.decided_at.strftime("%Y-%m-%d %H:%M UTC") }}.
{{ "No row is withheld." if report.success else "Rows are withheld: see the findings." }}
{% if overview %}<a href="{{ overview }}">All series over time, and what is in quarantine</a>{% endif %}</p>
<h2>Series</h2>
<table><tr><th>series<th>first (UTC)<th>last (UTC)
<th>rows<th>withheld<th>delivery days<th>complete<th>units missing</tr>
{% for line in report.completeness.to_dict("records") %}
<tr><td>{{ line.series }}{% for name in ("first", "last") %}<td>{{ line[name].strftime("%Y-%m-%d %H:%M") }}{% endfor %}
{% for name in ("rows", "withheld", "days_expected", "days_complete", "missing_mtus") %}
<td class="number">{{ "{:,}".format(line[name]) }}{% endfor %}</tr>{% endfor %}</table>
<h2>Findings</h2>
{% if report.findings.empty %}<p>None.</p>{% else %}
<table><tr><th>series<th>rule<th>severity<th>how many<th>words<th>example</tr>
{% for line in report.findings.itertuples() %}
<tr><td>{{ line.series }}<td>{{ line.rule }}<td>{{ line.severity }}<td class="number">{{ "{:,}".format(line.rows) }}
<td>{{ line.words }}<td>{{ line.example }}</tr>{% endfor %}</table>{% endif %}
<h2>Expectations</h2>
<table><tr><th>suite<th>held<th>result<th>rules</tr>
{% for name, held, result, rules in pages %}
<tr><td>{{ name }}<td>{{ "yes" if held else "no" }}<td><a href="{{ result }}">result</a>
<td><a href="{{ rules }}">rules</a></tr>{% endfor %}</table>
{% if earlier %}<h2>Earlier inspections</h2>
<ul>{% for name, link in earlier %}<li><a href="{{ link }}">{{ name }}</a></li>{% endfor %}</ul>{% endif %}
</body></html>
"""


def data_docs_page(folder: Path) -> Path:
    """The first page of the Data Docs under a folder."""
    return folder / "index.html"


def write_data_docs(folder: Path, report: QualityReport, overview: Path | None = None) -> Path:
    """Write the suites, the results and the pages of one inspection; gives the path of the first page.

    The pages of an inspection lie in a folder of their own, which is built aside and renamed; the first page leads to
    the newest, and is written last. A reader never sees a site that is half built.

    Args:
        folder: of the Data Docs.
        report: the inspection.
        overview: a page to link to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for abandoned in folder.glob(f"{_ASIDE}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    home = folder / f"{_INSPECTION}{report.decided_at:%Y-%m-%dT%H%M%S.%fZ}"
    if not home.exists():
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=folder) as aside:
            _build(Path(aside), report).replace(home)
    earlier = _earlier(folder, home)
    index = data_docs_page(folder)
    write_whole(index, _index(home, report, folder, overview, earlier[:KEPT]).encode())
    for old in earlier[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return index


def _build(project: Path, report: QualityReport) -> Path:
    """Let Great Expectations make its pages in a project of its own; gives the folder of the site."""
    context = quiet_context(mode="file", project_root_dir=project)
    for validation in report.validations:
        _store(context, validation, report)
    context.build_data_docs()
    site = project / _SITE
    site.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(site / "static", ignore_errors=True)  # four megabytes for pages that no longer use them
    for page in site.rglob("*.html"):
        page.write_text(_offline(page.read_text(encoding="utf-8")), encoding="utf-8")
    (site / "index.html").write_text(_index(site, report, site, None, []), encoding="utf-8")
    return site


def _earlier(folder: Path, home: Path) -> list[Path]:
    """The folders of the inspections before this one, newest first."""
    return sorted((path for path in folder.glob(f"{_INSPECTION}*") if path != home), reverse=True)


def _store(context: object, validation: Validation, report: QualityReport) -> None:
    """Put a suite and its result where Great Expectations renders them from."""
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    name = validation.suite.name
    run = RunIdentifier(run_name=_RUN, run_time=report.decided_at.to_pydatetime())
    validation.result.meta["run_id"] = run
    context.suites.add(expectation_suite(validation.suite))  # type: ignore[attr-defined]
    context.validation_results_store.store_validation_results(  # type: ignore[attr-defined]
        validation.result, ValidationResultIdentifier(ExpectationSuiteIdentifier(name), run, name)
    )


def _offline(page: str) -> str:
    """The page without anything that a browser would fetch from elsewhere, and readable without it."""
    return _EXTERNAL.sub("", page).replace("</head>", _STYLE + "</head>", 1)


def _index(site: Path, report: QualityReport, folder: Path, overview: Path | None, earlier: list[Path]) -> str:
    """The first page. Great Expectations' own fills its tables with scripts from a network, so offline it is empty."""
    pages = []
    for validation in report.validations:
        parts = validation.suite.name.split(".")
        rules = site.joinpath("expectations", *parts).with_suffix(".html").relative_to(folder)
        result = next((site / "validations").joinpath(*parts).rglob("*.html")).relative_to(folder)
        pages.append((validation.suite.name, validation.success, result.as_posix(), rules.as_posix()))
    links = [
        (path.name.removeprefix(_INSPECTION), f"{path.relative_to(folder).as_posix()}/index.html") for path in earlier
    ]
    return (
        Environment(autoescape=True)
        .from_string(_INDEX)
        .render(
            report=report,
            pages=pages,
            style=_STYLE,
            earlier=links,
            overview=None if overview is None else Path(os.path.relpath(overview, folder)).as_posix(),
        )
    )
