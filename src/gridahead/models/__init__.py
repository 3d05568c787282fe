"""What turns windows into quantiles: references, regressions and networks."""
