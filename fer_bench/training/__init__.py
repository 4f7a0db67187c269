"""Training: the recipe, augmentation, sampling, the step, the one loop."""
