"""The closers' pages, their live socket and the actions they may ask for."""
