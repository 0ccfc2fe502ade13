"""Mutation of programs: mutants with one change, and bugs injected into a program's own text."""
