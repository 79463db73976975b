"""What workers do for studies."""
