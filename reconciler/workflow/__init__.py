"""The journeys, each told once: load → rules → read → plan → apply. Knows every room and no terminal."""
