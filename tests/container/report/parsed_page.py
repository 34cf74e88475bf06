"""A report's page, read as a browser reads it."""

from html.parser import HTMLParser

from container.report.page import page
from container.report.record import RunRecord

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Elements with their attributes, text by section, and whether every element is closed in its turn."""

    def __init__(self, record: RunRecord):
        super().__init__()
        self.elements, self.texts, self.open, self.section = [], {"": ""}, [], ""
        self.source = page(record)
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.section = dict(attributes)["id"]
            self.texts[self.section] = ""

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closed in {self.section}"

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.texts[self.section] += data

    def count(self, tag: str) -> int:
        return sum(one == tag for one, _ in self.elements)
