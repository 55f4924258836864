"""The parts of a session: objects of their own, which nothing else in it builds upon."""
