"""What providers paid out: their files are read, posted, and compared with our own books."""
