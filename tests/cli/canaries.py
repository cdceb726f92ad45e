"""A secret that is looked for in all that a command leaves behind, however it is written there, and the places that it
may come from."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.repository import Ended, Place

SECRET = "Kanarie?7/x y@Vogel"
"""Signs that a URL gives a meaning to, so that it breaks at each of them where somebody forgets to quote."""

PIECES = ("kanarie", "vogel")
QUOTED = quote(SECRET, safe="")


def base64_of(text: str) -> Iterator[str]:
    """What base64 makes of it, wherever in a longer text it stands."""
    for before in range(3):
        encoded = b64encode(b"x" * before + text.encode()).decode()
        yield encoded[4 if before else 0 : len(encoded) // 4 * 4 - 4]


def found_in(content: bytes) -> list[str]:
    """What of the secret is in there."""
    text = content.decode("utf-8", "replace")
    return [piece for piece in PIECES if piece in text.lower()] + [code for code in base64_of(SECRET) if code in text]


@dataclass(frozen=True)
class Scene:
    """A repository, and where secrets are kept beside it. `hosts`: what the templates of URLs are filled with."""

    place: Place
    secrets: Path
    patch: pytest.MonkeyPatch
    hosts: dict[str, str] = field(default_factory=dict)

    def url(self, template: str) -> str:
        return template.format(p=QUOTED, raw=SECRET, **self.hosts)

    def holds(self, name: str, text: str) -> Path:
        path = self.secrets / name
        path.write_text(text, encoding="utf-8")
        return path

    def settings(self, url: str, more: str = "") -> None:
        memory = f", memory: {self.hosts['db']}_memory" if self.hosts else ""
        text = f"project: test\ntargets: {{esp: {{type: native, url: '{url}'{memory}{more}}}}}\n"
        (self.place.folder / "reconciler.yaml").write_text(text, encoding="utf-8")

    def left_behind(self, ended: Ended) -> dict[str, list[str]]:
        """Where → what of the secret: both streams, and every file below the folder."""
        contents = {"stdout": ended.out.encode(), "stderr": ended.err.encode()}
        for path in self.place.folder.rglob("*"):
            if path.is_file():
                contents[str(path.relative_to(self.place.folder))] = path.read_bytes()
        return {where: pieces for where, content in contents.items() if (pieces := found_in(content))}


Source = Callable[[Scene, str], list[str]]
"""Puts a URL where it may come from; the arguments that say so."""


def option(scene: Scene, url: str) -> list[str]:
    return ["--database-url-file", str(scene.holds("url", url))]


def variable(scene: Scene, url: str) -> list[str]:
    scene.patch.setenv("RECONCILER_DATABASE_URL", url)
    return []


def variable_file(scene: Scene, url: str) -> list[str]:
    scene.patch.setenv("RECONCILER_DATABASE_URL_FILE", str(scene.holds("url", url)))
    return []


def credential(scene: Scene, url: str) -> list[str]:
    scene.holds("db_url", url)
    scene.patch.setenv("CREDENTIALS_DIRECTORY", str(scene.secrets))
    return []


def env(scene: Scene, url: str) -> list[str]:
    scene.settings("env:ESP_SHOP_URL")
    scene.patch.setenv("ESP_SHOP_URL", url)
    return []


def insecure_env(scene: Scene, url: str) -> list[str]:
    """Elsewhere without TLS, as the operator says."""
    scene.settings("env:ESP_SHOP_URL", ", insecure: true")
    scene.patch.setenv("ESP_SHOP_URL", url)
    return []


def file(scene: Scene, url: str) -> list[str]:
    scene.settings(f"file:{scene.holds('esp_url', url)}")
    return []


def part(scene: Scene, url: str) -> list[str]:
    """The password alone is a variable."""
    scene.settings(url.replace(QUOTED, "${ESP_SHOP_PASSWORD}"))
    scene.patch.setenv("ESP_SHOP_PASSWORD", SECRET)
    return []


def both(scene: Scene, url: str) -> list[str]:
    return [*variable(scene, url), *option(scene, url)]


def both_variables(scene: Scene, url: str) -> list[str]:
    return [*variable(scene, url), *variable_file(scene, url)]


def as_path(scene: Scene, url: str) -> list[str]:
    """The URL where the path of its file belongs."""
    return ["--database-url-file", url]


def as_path_variable(scene: Scene, url: str) -> list[str]:
    scene.patch.setenv("RECONCILER_DATABASE_URL_FILE", url)
    return []


def in_the_settings(scene: Scene, url: str) -> list[str]:
    """Not to be in the repository; planted there, so that only what is said counts."""
    scene.settings(url)
    return []


def latin(scene: Scene, url: str) -> list[str]:
    """A file that is not UTF-8."""
    path = scene.secrets / "url"
    path.write_bytes(url.encode() + b"\xff")
    return ["--database-url-file", str(path)]


def encrypted(scene: Scene, url: str) -> list[str]:
    return variable(scene, f"ENC[AES256_GCM,data:{SECRET}]")
