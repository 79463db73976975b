"""One machine, one command: the web server and the workers as children of one process that looks after them."""
