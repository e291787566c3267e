"""Movers: one file for each kind of data; each says which tasks copy it, freeze it, prove it and bring it back."""
