"""`python -m gridahead` is the command `gridahead`."""

from gridahead.cli.main import main

if __name__ == "__main__":
    main()
