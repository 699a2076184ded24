"""An alliance: its home, its people, its rounds, its journal."""
