"""Pictures as uint8 arrays, without Qt."""
