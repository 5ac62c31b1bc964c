"""The steps of what is kept of recognition and notification."""
