"""Development beside production: its files, its image, its containers."""
