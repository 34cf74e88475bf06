"""The report in a real browser: nothing goes wrong, nothing is empty, nothing is cut, in every light and at every
width.
"""

import io
import re

import pytest
from PIL import Image

from tests.report_page.conftest import RECORDS

DESK, PHONE, PAPER = 1280, 390, 718  # CSS pixels; A4 less its margins
CHARTS = {"full": 17, "one_epoch": 17, "failed": 17, "stopped": 14, "empty": 0}

# Elements that reach over the window's right edge, but for tables that scroll in a box of their own.
TOO_WIDE = """[...document.querySelectorAll('body *')]
    .filter(one => !one.closest('.wide, script, style') && one.getBoundingClientRect().right > innerWidth + 0.5)
    .map(one => one.outerHTML.slice(0, 150))"""
# Letters of a chart that lie outside the ground it stands on.
CUT = """[...document.querySelectorAll('svg.plot text')].filter(one => {
    const [letters, ground] = [one, one.closest('.card')].map(part => part.getBoundingClientRect());
    return letters.width > 0 && (letters.left < ground.left - 1 || letters.right > ground.right + 1
        || letters.top < ground.top - 1 || letters.bottom > ground.bottom + 1);
}).map(one => one.textContent)"""
# Charts that show nothing: without a size, or without a shape that has one.
EMPTY = """[...document.querySelectorAll('svg.plot, svg.matrix')].filter(chart => {
    const box = chart.getBoundingClientRect();
    const shapes = [...chart.querySelectorAll('path, circle, rect:not(.frame), .range')]
        .map(one => one.getBoundingClientRect());
    return box.width < 80 || box.height < 40 || !shapes.some(one => one.width + one.height > 0);
}).map(chart => chart.getAttribute('aria-label'))"""
# Pairs of a chart's letters that lie on each other.
MEET = """[...document.querySelectorAll('svg.plot')].flatMap(chart => {
    const boxes = [...chart.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0);
    return boxes.flatMap(([name, one], place) => boxes.slice(place + 1).filter(([, other]) =>
        one.left < other.right - 1 && other.left < one.right - 1
        && one.top < other.bottom - 4 && other.top < one.bottom - 4)
        .map(([other]) => `${chart.getAttribute('aria-label')}: ${name} / ${other}`));
})"""
# Contrast of letters with their ground, WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
FAINT = """[...document.querySelectorAll(
    'h1, h2, h3, p, dt, dd, td, th, figcaption, figcaption b, figcaption span, svg text')]
    .filter(one => one.textContent.trim()).map(one => {
    const channels = colour => colour.match(/[\\d.]+/g).map(Number);
    const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const light = colour => {
        const [r, g, b] = channels(colour).map(part => linear(part / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    let ground = one;
    while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
    const style = getComputedStyle(one), letters = one instanceof SVGElement ? style.fill : style.color;
    const [low, high] = [light(letters), light(getComputedStyle(ground).backgroundColor)].sort((a, b) => a - b);
    return [(high + 0.05) / (low + 0.05), one.textContent];
}).filter(([contrast]) => contrast < 4.5).map(([contrast, text]) => `${contrast.toFixed(2)} ${text.slice(0, 60)}`)"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("name", RECORDS)
def test_a_report_is_whole_in_every_light_and_width(show, tmp_path, name, width, dark):
    page = show(name, width, dark)
    assert page.complaints() == []
    assert [address[:80] for address in page.loaded() if not address.startswith("data:")] == [
        page.value("location.href")
    ]
    assert page.value("document.querySelectorAll('svg.plot, svg.matrix').length") == CHARTS[name]
    assert page.value(EMPTY) == []
    assert page.value("document.documentElement.scrollWidth") <= width and page.value(TOO_WIDE) == []
    assert page.value(CUT) == []
    assert page.value(FAINT) == []
    page.screenshot(tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.width == width
        ground = picture.convert("L").getpixel((2, 2))
        assert ground < 60 if dark else ground > 200


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_letters_of_a_chart_do_not_meet(show, width):
    assert show("full", width).value(MEET) == []


@pytest.mark.parametrize("name", RECORDS)
def test_a_report_can_be_printed(show, tmp_path, name):
    page = show(name, PAPER, dark=True)
    page.ask("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.value(TOO_WIDE) == [] and page.value(CUT) == [] and page.value(EMPTY) == [] and page.value(FAINT) == []
    page.pdf(tmp_path / "report.pdf")
    printed = (tmp_path / "report.pdf").read_bytes()
    assert printed.startswith(b"%PDF") and 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12


def test_every_picture_is_shown(show):
    page = show("full")
    assert page.value("[...document.images].length") == 36
    assert page.value("[...document.images].every(one => one.complete && one.naturalWidth === 160)")


def test_the_pointer_shows_an_epochs_values_and_takes_them_away(show):
    page = show("full")
    page.value("document.querySelector('#learning').scrollIntoView()")
    box = page.value("document.querySelector('#learning svg.plot').getBoundingClientRect().toJSON()")
    left, top, width = box["left"], box["top"], box["width"]
    page.move_pointer(left + width / 11 * 3 + 5, top + 100)
    shown = page.value("document.querySelector('.values:not([hidden])').innerText").split("\n")
    assert (
        shown[0] == "epoch 4"
        and re.fullmatch(r"training \d\.\d{3}", shown[1].strip())
        and re.fullmatch(r"validation \d\.\d{3}", shown[2].strip())
    )
    page.move_pointer(left + width / 2, top - 60)
    assert page.value("document.querySelector('.values:not([hidden])')") is None
    assert page.complaints() == []


def test_without_javascript_the_page_is_the_same(show, tmp_path):
    pictures = []
    for disabled in (False, True):
        page = show("full")
        page.ask("Emulation.setScriptExecutionDisabled", value=disabled)
        page.ask("Page.reload")
        page.wait_for("Page.loadEventFired")
        page.screenshot(tmp_path / "page.png")
        pictures.append((tmp_path / "page.png").read_bytes())
    assert pictures[0] == pictures[1]


def test_what_a_record_says_is_not_run(show):
    page = show("failed")
    assert page.value("document.scripts.length") == 1
    assert "<script>alert(1)</script>" in page.value("document.body.innerText")


def test_the_link_to_the_checks_leads_there(show):
    page = show("full")
    page.value("document.querySelector('.checked a').click()")
    assert page.value("Math.abs(document.querySelector('#checks').getBoundingClientRect().top) < 5")


def test_a_lines_colour_is_on_the_picture(show, tmp_path):
    page = show("full")
    page.screenshot(tmp_path / "page.png")
    colours = {
        colour
        for _, colour in Image.open(io.BytesIO((tmp_path / "page.png").read_bytes())).convert("RGB").getcolors(1 << 24)
    }
    assert {(0x00, 0x72, 0xB2), (0xC2, 0x4E, 0x00)} <= colours
