"""Development beside production on one host, and a promote that fails no request."""
