"""What tests share: servers, places for databases, repositories, random worlds."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
