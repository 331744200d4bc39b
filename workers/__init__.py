"""The other processes: what brings headlines in, and what the clock does."""
