"""Which version serves, on what evidence, and who decided so."""
