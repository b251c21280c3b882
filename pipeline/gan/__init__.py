"""The conditional GAN: one noun a file, no knowledge of the kind of data."""
