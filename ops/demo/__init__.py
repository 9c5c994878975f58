"""The demo: a throwaway EC2 host in a container, and the story that is told on it."""
