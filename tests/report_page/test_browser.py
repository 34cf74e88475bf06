"""The tests' browser sees what goes wrong on a page, and its absence is a sentence."""

import pytest

from tests.report_page.browser import find_browser


@pytest.mark.parametrize(
    "markup, said",
    [
        ("<script>console.error('spoilt', 7)</script>", "spoilt"),
        ("<script>console.warn('doubtful')</script>", "doubtful"),
        ("<script>throw new Error('nobody caught me')</script>", "nobody caught me"),
        ("<script>setTimeout(() => { throw new Error('nor me') }, 0)</script>", "nor me"),
        ("<img src='nowhere.png'>", "ERR_FILE_NOT_FOUND"),
    ],
)
def test_what_goes_wrong_on_a_page_is_seen(browser, tmp_path, markup, said):
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><title>x</title>{markup}<link rel=icon href='data:,'>")
    page = browser.open(file, 800)
    try:
        page.value("new Promise(done => setTimeout(done, 0))")
        assert any(said in one for one in page.complaints())
    finally:
        page.close()


def test_a_sound_page_is_not_complained_of(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><title>x</title><script>console.log('fine')</script>")
    page = browser.open(file, 800)
    try:
        assert page.complaints() == [] and page.loaded() == [file.as_uri()]
    finally:
        page.close()


def test_a_missing_browser_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"None of chromium, google-chrome.* is here. Run `make browser`"):
        find_browser()
