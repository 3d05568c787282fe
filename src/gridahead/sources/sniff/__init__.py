"""Guesses of the settings of a file without a description: what its bytes suggest, and why."""
