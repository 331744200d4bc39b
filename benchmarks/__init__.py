"""How fast and how sure the ticker is, measured against the floor and against the usual ways."""
