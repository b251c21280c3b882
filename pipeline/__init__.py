"""Equipoise: balance a small labelled dataset with a conditional GAN, and put it on trial."""
