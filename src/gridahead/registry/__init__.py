"""The registry of models: runs, versions, aliases, exports. The only room that imports MLflow."""
