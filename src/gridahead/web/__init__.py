"""The server: what is published, whether it is in order, and figures for those who watch. It changes nothing."""
