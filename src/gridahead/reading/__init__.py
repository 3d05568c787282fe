"""What a reader is shown of a series: what was published, what came of it, how good it has been. No torch, no MLflow.

Page, server, HTTP API and Python show the same facts: they are computed here, once, and put into words and pictures
elsewhere.
"""
