"""The daily use cases: ingest, train, forecast, score, report."""
