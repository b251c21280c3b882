"""Prefect flows: augmentation, schedule, notifications. No torch and no pandas here."""
