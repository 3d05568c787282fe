"""The whole configuration: its model, its file, every key explained."""
