"""Code as users write it, for a type checker."""
