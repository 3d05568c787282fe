"""What the rules measure: pure functions from a curve to figures, each beside the scale that its limit is in."""
