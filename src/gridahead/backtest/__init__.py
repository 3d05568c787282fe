"""Walk forward over delivery days, each forecast as of its issue time, several models side by side."""
