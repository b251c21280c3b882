"""The trial: arms, classifiers, curation, dose, replicates, verdict."""
