"""`gridahead …`: one module a group of commands, thin."""
