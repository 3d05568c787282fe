"""Jobs that another process can import."""

import os


def count_to(name, end, progress):
    """Report every number below the end."""
    for n in range(end):
        progress(f"{name}{n}")
    return f"{name}{end}"


def fail(progress):
    """Report something and break."""
    progress("heard by nobody")
    raise ValueError("on purpose")


def own_id():
    """Of the process that this runs in."""
    return os.getpid()
