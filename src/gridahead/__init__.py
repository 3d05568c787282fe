"""gridahead: day-ahead forecasts of electricity load, wind and solar, with honest uncertainty."""

__version__ = "0.1.0"
