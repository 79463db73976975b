"""What a worker does: loads rows, calls the core with callbacks, stores what came out. Imports torch and SimpleITK."""
