"""Numbers that judge a latent space."""
