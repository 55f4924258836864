"""vae-explorer: see whether the latent space of an autoencoder is continuous and complete.

Importing this package imports nothing heavy: neither torch nor Qt.
"""

__version__ = "0.1.0"
