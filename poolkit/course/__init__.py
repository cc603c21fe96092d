"""The course: predictions, checks, hints and progress for the notebooks."""
