"""The nouns of everything: errors, time, series, tables, vintages, units. No I/O but files, no torch."""
