"""The desk, the only way in: what it decides, what it knows of those who work at it, and what it remembers."""
