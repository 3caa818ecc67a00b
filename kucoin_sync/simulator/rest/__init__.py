"""The REST calls of both hosts, as tables of routes."""
