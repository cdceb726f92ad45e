"""The HTML report in a real Chromium: it runs, asks for nothing, is held by its own policy and can be filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.model.plan import Plan
from reconciler.model.ref import Ref
from reconciler.model.visible import safe_text
from reconciler.report.formats.html import report
from reconciler.report.topic import Frame, topic_of_plan
from tests.support.hostile_names import hostile_names
from tests.support.report_plans import delta, every_operation, plan, the_design_plan, update
from tests.unit.report.browser.chromium import Chromium, Page

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
ERRORS = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
SEEN = "[...document.querySelectorAll('.item')].filter(i => i.checkVisibility()).map(i => i.className.split(' ')[1])"
FAINT = """
(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  document.querySelectorAll("details").forEach((it) => { it.open = true; });
  return [...document.querySelectorAll("body *")].filter((it) => !it.closest("script, svg"))
    .filter((it) => [...it.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((it) => {
      const [a, b] = [light(parts(getComputedStyle(it).color)), light(behind(it))].sort((x, y) => y - x);
      return [it.className, it.textContent.slice(0, 30), (a + 0.05) / (b + 0.05)];
    })
    .filter(([, , ratio]) => ratio < 4.5);
})()
"""
"""Whatever text has too little contrast to be read by everyone (WCAG AA)."""

RUN_OUT = """
[...document.querySelectorAll("body *")].filter((it) => !it.closest("script, svg, .filter"))
  .filter((it) => it.clientWidth && it.scrollWidth > it.clientWidth).map((it) => it.outerHTML.slice(0, 60))
"""
"""Whatever holds more than it shows: a name that is cut off is another name."""


@pytest.fixture
def opened(browser: Chromium, folder: Path) -> Iterator[Open]:
    pages: list[Page] = []

    def open_page(shown: Plan, **look: Any) -> Page:
        file = folder / "plan.html"
        file.write_text(report(topic_of_plan(shown), Frame(vocabulary=KINDS, masked=False)), encoding="utf-8")
        pages.append(browser.page(file.as_uri(), **look))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


LOOKS = [(width, scheme) for width in (375, 1280) for scheme in ("light", "dark")]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("shown", [the_design_plan(), every_operation(), plan()], ids=["design", "operations", "empty"])
def test_it_is_read_everywhere(opened: Open, shown: Plan, width: int, scheme: str) -> None:
    """No script error, no request, nothing that runs out of the window, every text with enough contrast."""
    page = opened(shown, width=width, scheme=scheme)
    assert page.told(*ERRORS) == []
    asked = [told["request"]["url"] for told in page.told("Network.requestWillBeSent")]
    assert len(asked) == 1 and asked[0].startswith("file:")
    assert page.value("document.documentElement.scrollWidth") == width
    assert page.value(FAINT) == []
    assert page.value("document.documentElement.scrollWidth") == width, "with everything unfolded"
    assert page.value(RUN_OUT) == []


def test_a_long_name_is_broken_on_a_telephone(opened: Open) -> None:
    change = update(Ref("package", "x" * 255), delta("limits.lists", 10**18, 9), delta("note", "y" * 100, "z" * 100))
    page = opened(plan(change), width=375)
    page.value("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
    assert page.value("document.documentElement.scrollWidth") == 375
    assert page.value(RUN_OUT) == []


def test_light_and_dark_differ(opened: Open) -> None:
    colours = {
        opened(plan(), scheme=scheme).value("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(colours) == 2


@pytest.mark.parametrize("scripts", [True, False])
def test_boxes_filter_with_and_without_scripts(opened: Open, scripts: bool) -> None:
    page = opened(every_operation(), scripts=scripts)
    assert page.value(SEEN) == ["op-create", "op-forget", "op-update", "op-delete", "op-rename"]
    page.click("#op-delete")
    assert page.value(SEEN) == ["op-create", "op-forget", "op-update", "op-rename"]
    page.click("#in-reduces-service")
    assert page.value(SEEN) == ["op-forget", "op-rename"]
    page.click("#op-delete")
    page.click("#in-reduces-service")
    assert len(page.value(SEEN)) == 5


def test_the_search_finds_and_counts(opened: Open) -> None:
    page = opened(every_operation())
    assert page.value("document.getElementById('shown').textContent") == "5 of 5 shown"
    page.write("#find", "LEGACY starter")
    assert page.value(SEEN) == ["op-delete"]
    assert page.value("document.getElementById('shown').textContent") == "1 of 5 shown"
    page.click("#op-delete")
    assert page.value("document.getElementById('shown').textContent") == "0 of 5 shown"
    page.click("#op-delete")
    page.write("#find", " ")
    assert len(page.value(SEEN)) == 5


def test_without_scripts_everything_can_be_read(opened: Open) -> None:
    page = opened(the_design_plan(), scripts=False)
    assert page.value("document.getElementById('search').checkVisibility()") is False
    assert len(page.value(SEEN)) == 5
    row = "document.querySelector('.item.in-safe .row').checkVisibility()"
    assert page.value(row) is False
    page.click(".item.in-safe summary")
    assert page.value(row) is True


def test_the_policy_stops_what_is_slipped_in(opened: Open) -> None:
    """Should a name ever get through as markup: no handler, no script, no style, no picture, no form, no frame."""
    page = opened(the_design_plan())
    page.value(
        """
        window.stopped = [];
        document.addEventListener("securitypolicyviolation", (it) => window.stopped.push(it.effectiveDirective));
        document.body.insertAdjacentHTML("afterbegin", `
          <button id="trap" onclick="window.caught = 'handler'">x</button>
          <p id="styled" style="color: rgb(1, 2, 3)">x</p>
          <img src="https://evil.example/x.png" onerror="window.caught = 'image'">
          <iframe src="https://evil.example/"></iframe>
          <form action="https://evil.example/"><input id="send" type="submit"></form>`);
        const script = document.createElement("script");
        script.textContent = "window.caught = 'script'";
        document.body.append(script);
        fetch("https://evil.example/").catch(() => {});
        """
    )
    page.click("#trap")
    assert page.value("window.caught ?? 'nothing'") == "nothing"
    assert page.value("getComputedStyle(document.getElementById('styled')).color") != "rgb(1, 2, 3)"
    for directive in ("script-src-attr", "script-src-elem", "style-src-attr", "img-src", "frame-src", "connect-src"):
        assert page.awaited(f"window.stopped.includes('{directive}')"), directive
    page.click("#send")
    assert page.awaited("window.stopped.includes('form-action')")
    responses = [told["response"]["url"] for told in page.told("Network.responseReceived")]
    assert not [url for url in responses if "evil" in url]


def test_hostile_names_are_words(opened: Open) -> None:
    names = hostile_names(300)
    changes = (update(Ref("package", name), delta("note", name, f"{at} {name}")) for at, name in enumerate(names))
    page = opened(plan(*changes))
    assert page.told(*ERRORS) == []
    assert page.value("[...document.querySelectorAll('.item summary > code')].map(it => it.textContent)") == [
        f"package/{safe_text(name)}" for name in names
    ]
    assert page.value("document.querySelectorAll('script').length") == 1
    assert page.value("document.querySelectorAll('img, a, iframe, object, embed, form, link').length") == 0
    assert page.value("document.documentElement.scrollWidth") == 1280
