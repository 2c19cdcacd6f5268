"""Quarantine as people work with it: looking rows up, releasing them, taking that back, handing them out."""
