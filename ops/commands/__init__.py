"""Argument lists, built by functions that touch nothing."""
