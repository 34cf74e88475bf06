"""The demo's page: self-contained, every answer on it, nothing that a class name could break."""

from html.parser import HTMLParser

from PIL import Image

from local_test.demo.demo_page import in_order, write_page

SUMMARY = {
    "accuracy": 0.5,
    "n_test": 2,
    "classes": ["<b>Beagle</b>", "Fern_hound"],
    "origin": "The model began with ImageNet's weights.",
    "tune_seconds": 42.0,
    "train_seconds": 61.2,
    "deploy_seconds": 9.1,
    "predictions": [
        {"picture": "test/a.jpg", "label": "Fern_hound", "predicted": "Fern_hound", "probability": 0.9},
        {"picture": "test/b.jpg", "label": "<b>Beagle</b>", "predicted": "Fern_hound", "probability": 0.6},
    ],
}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.sources, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


def test_every_picture_is_on_the_page_and_nothing_is_loaded_from_elsewhere(tmp_path):
    (tmp_path / "test").mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (500, 375), "brown").save(tmp_path / f"test/{name}.jpg")
    page = Page(write_page(tmp_path / "page.html", SUMMARY, tmp_path).read_text())
    assert page.tags.count("figure") == 2
    assert len(page.sources) == 2 and all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert "50.0%" in page.text and "it is <b>Beagle</b>" in page.text and SUMMARY["origin"] in page.text
    assert "b" in page.tags and page.tags.count("b") == 2  # one for each answer, none from the class name


def test_wrong_answers_come_first_and_the_right_ones_class_by_class_in_turn():
    def one(picture, label, predicted, probability=0.5):
        return {"picture": picture, "label": label, "predicted": predicted, "probability": probability}

    given = [
        one("1", "a", "a"),
        one("2", "a", "a"),
        one("3", "a", "b", 0.6),
        one("4", "b", "b"),
        one("5", "b", "a", 0.9),
    ]
    assert [entry["picture"] for entry in in_order(given)] == ["5", "3", "1", "4", "2"]
