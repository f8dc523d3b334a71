"""One session as one file, and its replay into the machine."""
