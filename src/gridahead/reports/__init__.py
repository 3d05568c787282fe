"""Words, pictures and pages of results; computes nothing."""
