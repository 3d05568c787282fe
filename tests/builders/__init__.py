"""What tests are made of: rows, windows, models, settings and runs, built in one place."""
