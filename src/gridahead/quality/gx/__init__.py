"""Great Expectations: the expectations on tables and rules, and the only door through which they are checked."""
