"""How a logged model says which bundles it has, for whoever stores it and whoever serves it."""

BUNDLE = "bundle"
"""The artifact of a model of one series: its bundle."""
BUNDLES = "bundles"
"""The artifact of what a group has been trained to: a folder a zone, in it one a quantity, in it a bundle a model."""
PARAMS = ("series", "model")
"""What that is told with every question: such as DE/load, and north_tuned."""
