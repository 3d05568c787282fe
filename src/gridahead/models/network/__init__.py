"""The networks: encoders, decoders, cells, head."""
