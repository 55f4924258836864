"""Qt-free generators behind the verbs of the window and the commands."""
