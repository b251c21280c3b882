"""Where a modality meets the GAN: train a generator on samples, draw samples from it."""
