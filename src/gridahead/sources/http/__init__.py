"""One transport for every source that is asked over HTTP, and what these sources have in common."""
