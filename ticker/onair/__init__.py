"""On air: what an output shows, who has cleared it, and what was really on screen."""
