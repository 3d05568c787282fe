"""What the rules measure: pure functions from a curve to figures, each beside the scale it is judged on."""
