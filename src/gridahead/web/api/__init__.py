"""The HTTP API: what is read of series as JSON, CSV, XLSX, Parquet and Arrow, for programs and spreadsheets."""
