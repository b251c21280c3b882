"""The augmented dataset: assemble, card, export, load."""
