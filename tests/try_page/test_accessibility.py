"""The page for who uses it by keyboard or hears it: axe-core's rules, the order of the controls, and what is announced.

https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
"""

import json

import pytest

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """axe.run(document, {runOnly: %s}).then(found => found.violations.map(one =>
    one.id + ': ' + one.help + ' ' + one.nodes.map(node => node.target.join(' ')).join(', ')))"""


def violations(tried, axe):
    tried.value(axe)
    return tried.value(RUN % json.dumps(TAGS))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
def test_axe_finds_nothing_on_the_empty_and_the_full_page(visit, axe, pictures, width, dark):
    tried = visit(width, dark)
    assert violations(tried, axe) == []
    tried.choose(pictures["broken.jpg"], pictures["beagle.jpg"])
    tried.answered(2)
    assert violations(tried, axe) == []


def test_axe_finds_nothing_in_what_is_shown_seldom(browser, visit, axe, pictures, endpoint, server):
    assert violations(visit(address=server.address.partition("#")[0]), axe) == []
    endpoint.predictions = "some text of somebody's own functions"
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    browser.ask("Browser.grantPermissions", permissions=["videoCapture"])
    tried.value("document.getElementById('photograph').click()")
    tried.until("document.activeElement.id === 'take'")
    assert violations(tried, axe) == []


def test_axe_sees_what_is_wrong(visit, axe):
    tried = visit()
    tried.value("document.getElementById('endpoint').style.color = '#eee'")
    tried.value("document.querySelector('main').append(document.createElement('button'))")
    assert {one.partition(":")[0] for one in violations(tried, axe)} == {"button-name", "color-contrast"}


OUTLINE = """(() => { const one = document.activeElement;
    const shown = one.id === 'files' ? one.nextElementSibling : one;
    const style = getComputedStyle(shown);
    return [one.id || one.className, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2]; })()"""


def test_the_keyboard_reaches_every_control_in_order_and_shows_where_it_is(visit, pictures):
    tried = visit()
    tried.choose(pictures["broken.jpg"])
    tried.answered(1)
    reached = []
    for _ in range(6):
        tried.press("Tab")
        reached.append(tried.value(OUTLINE))
    assert reached == [[name, True] for name in ("files", "photograph", "decided", "again", "remove", "clear")]


def test_removing_a_picture_leaves_the_focus_at_the_next_one(visit, pictures):
    tried = visit()
    tried.choose(pictures["a.webp"], pictures["beagle.jpg"])
    tried.answered(2)
    tried.value("document.querySelector('.remove').focus()")
    tried.press("Enter", "\r")
    tried.until("document.querySelectorAll('.card').length === 1")
    assert tried.value("document.activeElement === document.querySelector('.card')")
    tried.value("document.getElementById('clear').focus()")
    tried.press("Enter", "\r")
    assert tried.value("document.activeElement.id") == "files" and tried.text(".card, #all") == []


def test_answers_and_errors_are_announced(visit, pictures):
    tried = visit()
    assert tried.value("document.getElementById('status').getAttribute('role')") == "status"
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    announced = "document.getElementById('status').textContent"
    assert tried.value(announced) == "beagle.jpg: German shorthaired pointer, 63.1 %"
    tried.choose(pictures["broken.jpg"])
    tried.answered(2)
    assert tried.value(announced).startswith("broken.jpg: The model refused it (400)")


@pytest.mark.parametrize("selector", ["button, .button", "#decided"])
def test_a_finger_finds_the_controls(visit, pictures, selector):
    """24 pixels at least, WCAG 2.2: https://www.w3.org/TR/WCAG22/#target-size-minimum; ours are larger on a phone."""
    tried = visit(390)
    tried.choose(pictures["broken.jpg"])
    tried.answered(1)
    heights = tried.value(
        f"[...document.querySelectorAll({selector!r})].filter(one => one.checkVisibility())"
        ".map(one => (one.closest('label:not(.button)') ?? one).getBoundingClientRect().height)"
    )
    assert heights and min(heights) >= 32
