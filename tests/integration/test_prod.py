"""Promote and rollback on the throwaway host, under load: no request may fail."""
