"""The part of the toolkit that runs on the host: facts, and carrying out a plan.

It is shipped as one zip file and run with the host's own Python (3.9 or newer, standard library
only), so a plan that was begun is finished or undone there even when the client is gone.
"""
