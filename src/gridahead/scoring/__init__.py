"""Forecasts against outturn."""
