"""What a model reads: calendar, scaling and windows, in numpy."""
