"""The REST face: routes translate, services decide."""
