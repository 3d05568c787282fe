"""The server: what is published, how good it has been, whether all is in order; with a token, rulings on quarantine."""
