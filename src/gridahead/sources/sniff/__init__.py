"""Looking at a file that nobody has described yet: what its bytes suggest, and why."""
