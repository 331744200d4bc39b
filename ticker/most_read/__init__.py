"""What readers read, as lists that move by themselves: stories, the beacon, counting, ranking."""
