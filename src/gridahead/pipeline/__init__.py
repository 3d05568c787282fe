"""The use cases: the one place where stages meet. Flows and the command line call these."""
