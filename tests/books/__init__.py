"""Local order books."""
