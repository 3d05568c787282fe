"""What turns windows into quantiles: references and recurrent networks."""
