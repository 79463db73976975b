"""The demonstration, step by step: each step calls the services that the pages call, and does nothing if it is done."""
