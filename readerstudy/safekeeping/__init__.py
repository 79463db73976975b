"""One file that holds a whole instance, and the way back from it."""
