"""Forecasts against outturn: metrics, scores, slices, significance, value."""
