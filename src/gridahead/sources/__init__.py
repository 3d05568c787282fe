"""One file a source: fetch reads the outside world and nothing else, parse is pure."""
