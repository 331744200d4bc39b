"""A breaking-news ticker: one way in (the desk), one log (the stream), one way out (the hub)."""

__version__ = "0.1.0"
