"""The schedule: Prefect flows over the use cases of gridahead, and their deployments, made from the settings."""
