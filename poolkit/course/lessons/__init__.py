"""One file a lesson: its exercises and its predictions."""
