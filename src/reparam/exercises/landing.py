"""Exercises of the part."""

from reparam.exercises.verdict import Exercise

__all__ = ["EXERCISES"]
EXERCISES: dict[str, Exercise] = {}
