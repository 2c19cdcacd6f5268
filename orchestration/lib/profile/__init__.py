"""Profiling an unknown source: what is in it, and a mapping to start from, with its confidence and its reasons."""
