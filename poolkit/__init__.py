"""A database connection pool to learn from, and to use. Standard library only."""
