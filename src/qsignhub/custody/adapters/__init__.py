"""One file for each place where keys live."""
