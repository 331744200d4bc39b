"""People who work at the desk: who they are, how they sign in, and for how long."""
