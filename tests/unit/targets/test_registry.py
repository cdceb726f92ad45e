"""Target types come from entry points, and a broken one hurts nobody but those who name it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.errors import TargetError
from reconciler.targets.registry import target_type, target_types


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another package, installed as far as Python can see."""
    (tmp_path / "shop_plugin.py").write_text(
        "class Good:\n"
        "    name = 'shop'\n"
        "    def open(self, settings, vocabulary): return 'a target'\n"
        "    def check(self, settings): return ()\n"
        "GOOD = Good()\n"
        "NONSENSE = 7\n"
    )
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('half installed')\n")
    info = tmp_path / "shop_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[reconciler.targets]\n"
        "shop = shop_plugin:GOOD\n"
        "nonsense = shop_plugin:NONSENSE\n"
        "broken = broken_plugin:TYPE\n"
        "missing = shop_plugin:NO_SUCH\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_the_built_in_one_is_found_like_any_other() -> None:
    assert target_type("native").name == "native"


def test_another_package_adds_one(plugins: Path) -> None:
    assert {"native", "shop", "broken"} <= set(target_types())
    assert target_type("shop").name == "shop"


@pytest.mark.parametrize("name", ["nativ", "Native", "nonsensical thing"])
def test_an_unknown_name_gets_a_guess_and_the_list(name: str) -> None:
    with pytest.raises(TargetError) as caught:
        target_type(name)
    assert f'there is no target type "{name}"' in caught.value.message
    assert ('did you mean "native"?' in caught.value.message) == (name != "nonsensical thing")
    assert "installed: " in caught.value.remedy and "native" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("broken", "RuntimeError: half installed"),
        ("missing", "AttributeError"),
        ("nonsense", "has no `open` and `check`"),
    ],
)
def test_a_broken_one_says_whose_fault_it_is(plugins: Path, name: str, says: str) -> None:
    with pytest.raises(TargetError) as caught:
        target_type(name)
    assert says in caught.value.message
    assert "native" in target_types()


def test_looking_for_types_loads_no_library() -> None:
    script = "import sys, reconciler.targets.registry as r; r.target_types(); print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
