"""Shared parts of the window that know no session."""
