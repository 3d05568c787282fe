"""From windows to a trained model, and its record in MLflow."""
