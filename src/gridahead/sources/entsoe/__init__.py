"""The Transparency Platform of ENTSO-E: its Restful API, and the files that it lets people download."""
