"""Codes to 2-D, and back."""
