"""The way out: one follower for each channel and process, and the bytes of each event to every connection."""
