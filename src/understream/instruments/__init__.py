"""Questionnaires: data files and their reader; no Django."""
