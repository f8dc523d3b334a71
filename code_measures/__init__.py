"""Counts this repository's Python: sizes, circles of imports, and how far the main flows are spread."""
