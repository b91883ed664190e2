"""What messages go out by: one file for each thing that is talked to."""
