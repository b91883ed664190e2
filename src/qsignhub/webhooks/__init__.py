"""Events, told to the integrators' endpoints by signed HTTP posts."""
