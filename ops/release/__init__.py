"""Production's releases: how one is promoted, switched to, and gone back from."""
