"""Faults that run through a whole delivery: found in the history as a whole, not day by day."""
