"""The append-only Parquet lake and the archive of raw payloads."""
