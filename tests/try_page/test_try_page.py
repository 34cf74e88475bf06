"""The page in a real browser: pictures come in every way, and what the endpoint says is shown, errors too."""

import base64
import threading

import pytest

from tests.try_page.conftest import png
from tests.try_page.endpoint import PREDICTIONS

DESK, PHONE = 1100, 390


def drop(tried, *paths):
    for kind in ("dragEnter", "dragOver", "drop"):
        tried.page.ask(
            "Input.dispatchDragEvent",
            type=kind,
            x=300,
            y=200,
            data={"items": [], "files": list(paths), "dragOperationsMask": 1},
        )


def test_it_says_which_endpoint_it_asks(visit):
    tried = visit()
    assert tried.text("#endpoint") == ["dogbreed in eu-west-1, at https://runtime.sagemaker.eu-west-1.amazonaws.com"]
    assert tried.value("document.title") == "Try dogbreed" and tried.complaints() == []


@pytest.mark.parametrize("way", ["chosen", "dropped"])
def test_several_pictures_at_once_have_their_classes_with_bars(visit, pictures, endpoint, way):
    tried = visit()
    names = ("beagle.jpg", "boxer.png", "a.webp")
    (tried.choose if way == "chosen" else lambda *paths: drop(tried, *paths))(*(pictures[name] for name in names))
    tried.answered(3)
    assert sorted(tried.text("h2")) == sorted(names)
    assert tried.text(".card:first-child .label") == [
        "German shorthaired pointer", "Beagle", "<script>alert(1)</script>",
    ]  # fmt: skip
    assert tried.text(".card:first-child .share") == ["63.1 %", "21.0 %", "2.0 %"]
    widths = tried.value(
        "[...document.querySelectorAll('.card:first-child .bar')].map(one =>"
        " one.firstChild.getBoundingClientRect().width / one.getBoundingClientRect().width)"
    )
    assert widths == pytest.approx([one["probability"] for one in PREDICTIONS], abs=0.01)
    assert sorted({one[1] for one in endpoint.asked}) == ["image/jpeg", "image/png", "image/webp"]
    assert tried.complaints() == []


def test_the_bytes_of_a_picture_arrive_whole(visit, pictures, endpoint):
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    with open(pictures["beagle.jpg"], "rb") as file:
        content = file.read()
    assert endpoint.asked == [
        (content, "image/jpeg", "timing=true"),
        (content, "image/jpeg", "output=saliency;top-k=1"),
    ]


def test_a_pasted_picture_is_sent(browser, visit, endpoint):
    tried = visit()
    browser.ask("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    tried.page.ask("Page.bringToFront")
    tried.value(
        "(async () => { const bytes = Uint8Array.from(atob('PNG'), one => one.charCodeAt(0));"
        " await navigator.clipboard.write([new ClipboardItem({'image/png': new Blob([bytes], {type: 'image/png'})})]);"
        "})()".replace("PNG", base64.b64encode(png()).decode())
    )
    tried.press("v", modifiers=2, commands=["paste"])
    tried.answered(1)
    assert endpoint.asked[0][1] == "image/png" and tried.text(".card .label")[0] == "German shorthaired pointer"


def test_a_paste_without_a_picture_is_told(visit):
    tried = visit()
    tried.value(
        "(() => { const data = new DataTransfer(); data.setData('text/plain', 'https://example.com/dog.jpg');"
        " document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data})); })()"
    )
    assert tried.text("#problem") == ["The clipboard holds no picture. Copy one, not its address."]


def test_a_photograph_is_taken_and_sent(browser, visit, endpoint):
    tried = visit()
    browser.ask("Browser.grantPermissions", permissions=["videoCapture"])
    tried.value("document.getElementById('photograph').click()")
    tried.until("document.activeElement.id === 'take'")
    tried.press("Enter", "\r")
    tried.answered(1)
    body, content_type, _ = endpoint.asked[0]
    assert content_type == "image/jpeg" and body.startswith(b"\xff\xd8")
    assert tried.text("h2")[0].startswith("photograph of ")
    tried.until("document.querySelector('video').srcObject === null")  # the camera's light goes out


def test_a_camera_that_may_not_be_used_is_told_and_the_dialog_closes_by_escape(browser, visit, endpoint):
    tried = visit()
    browser.ask("Browser.setPermission", permission={"name": "camera"}, setting="denied")
    try:
        tried.value("document.getElementById('photograph').focus()")
        tried.press("Enter", "\r")
        tried.until("!document.querySelector('#camera .problem').hidden")
        assert "does not let this page use the camera" in tried.text("#camera .problem")[0]
        tried.press("Escape")
        tried.until("!document.getElementById('camera').open")
        assert endpoint.asked == [] and tried.value("document.activeElement.id") == "photograph"
    finally:
        browser.ask("Browser.resetPermissions")


def test_times_are_shown_by_stage(visit, pictures):
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert (
        tried.text(".times h3")[0].startswith("Answered in ")
        and "3 requests in one batch" in tried.text(".times h3")[0]
    )
    assert tried.text(".times dt") == ["network and SageMaker", "queue", "reading", "predicting", "writing"]
    assert tried.text(".times dd")[1:] == ["0.2 ms", "3.4 ms", "41 ms", "0.4 ms"]


BRIGHT = """(() => { const canvas = document.querySelector('canvas'), pen = canvas.getContext('2d');
    return [[0.25, 0.12], [0.75, 0.9], [0.05, 0.5]].map(([x, y]) =>
        pen.getImageData(canvas.width * x, canvas.height * y, 1, 1).data[3] / 255); })()"""


def test_the_pixels_that_decided_stay_bright_and_are_told_in_words(visit, pictures):
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    decided, not_decided, outside = tried.value(BRIGHT)
    assert decided < 0.15 and not_decided > 0.65 and outside > 0.65
    said = "What decided for German shorthaired pointer: a part around the upper left of the picture."
    assert tried.text(".decided") == [said]
    assert tried.value("document.querySelector('canvas').getAttribute('aria-label')") == said
    boxes = tried.value("['.picture img', '.picture canvas'].map(one => JSON.stringify("
                        "document.querySelector(one).getBoundingClientRect()))")  # fmt: skip
    assert boxes[0] == boxes[1]


def test_who_does_not_want_the_pixels_asks_once_and_may_want_them_later(visit, pictures, endpoint):
    tried = visit()
    tried.value("document.getElementById('decided').click()")
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert [one[2] for one in endpoint.asked] == ["timing=true"] and tried.text("canvas, .decided") == []
    tried.value("document.getElementById('decided').click()")
    tried.answered(1)
    assert len(tried.text("canvas, .decided")) == 2 and len(endpoint.asked) == 2
    tried.value("document.getElementById('decided').click()")
    assert tried.text("canvas, .decided") == []


def test_an_endpoint_without_maps_is_told_in_the_pictures_place_for_it(visit, pictures, endpoint):
    endpoint.saliency = {"predictions": PREDICTIONS}
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert "This endpoint does not say what decided" in tried.text(".decided")[0]
    assert tried.text(".label") and tried.text("canvas") == []


def test_a_picture_that_is_refused_is_a_sentence_and_the_others_go_on(visit, pictures, endpoint):
    tried = visit()
    tried.choose(pictures["broken.jpg"], pictures["beagle.jpg"])
    tried.answered(2)
    assert tried.text(".card .problem") == [
        "The model refused it (400): The body is not a picture in any known format."
    ]
    assert len(tried.text(".classes")) == 1 and tried.text(".picture p") == ["This browser cannot show it."]
    before = len(endpoint.asked)
    tried.value("[...document.querySelectorAll('.again')].find(one => !one.hidden).click()")
    tried.answered(2)
    assert len(endpoint.asked) == before + 1


def test_answers_of_functions_of_ones_own_are_shown_as_they_are(visit, pictures, endpoint):
    endpoint.predictions = {"boxes": [[1, 2], [3, 4]]}
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert '"boxes"' in tried.text(".other")[0] and tried.text(".classes") == []


def test_an_endpoint_that_decides_for_no_class_is_understood(visit, pictures, endpoint):
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert tried.text(".undecided") == []
    endpoint.predictions = {"label": None, "predictions": PREDICTIONS}
    tried.choose(pictures["boxer.png"])
    tried.answered(2)
    [said] = tried.text(".undecided")
    assert said == "None of its classes: the likeliest one is below the endpoint's threshold."
    assert tried.value("document.getElementById('status').textContent") == f"boxer.png: {said}"
    assert tried.text(".card:first-child .label")[0] == "German shorthaired pointer"


def test_a_picture_that_has_no_class_is_shown_as_such(visit, pictures, endpoint):
    endpoint.predictions = {"predictions": [{"label": None, "probability": 0.2}]}
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert tried.text(".label") == ["no class of this model"]


def test_a_picture_above_the_limit_is_not_sent(visit, endpoint):
    tried = visit()
    tried.value(
        "(() => { const data = new DataTransfer();"
        " data.items.add(new File([new Uint8Array(26 * 1024 * 1024)], 'huge.png', {type: 'image/png'}));"
        " document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data})); })()"
    )
    tried.answered(1)
    assert "an endpoint takes at most 25 MB" in tried.text(".card .problem")[0] and endpoint.asked == []


def test_a_few_pictures_are_under_way_at_once_and_removed_ones_are_not_sent(visit, pictures, endpoint):
    gate = threading.Event()
    endpoint.meanwhile = lambda: gate.wait(20)
    tried = visit()
    tried.value("document.getElementById('decided').click()")
    for _ in range(7):
        tried.choose(pictures["a.webp"])
    tried.until("document.querySelectorAll('.card').length === 7")
    while len(endpoint.asked) < 4:
        tried.value("new Promise(done => setTimeout(done, 20))")
    tried.value("document.querySelector('.card:first-child .remove').click()")
    gate.set()
    tried.answered(6)
    assert endpoint.together == 4 and len(endpoint.asked) == 6


def test_what_the_endpoint_says_is_not_run(visit, pictures):
    tried = visit()
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert tried.value("document.scripts.length") == 1
    assert tried.value(
        "(() => { const script = document.createElement('script'); script.textContent = 'window.ran = 1';"
        " document.head.append(script); return window.ran === undefined; })()"
    ), "the policy lets a script in the page run"


def test_an_address_without_the_token_says_what_to_open(visit, server):
    tried = visit(address=server.address.partition("#")[0])
    assert "Open the address that was printed" in tried.text("#problem")[0]


def test_a_server_that_does_not_answer_is_told(visit, pictures):
    tried = visit()
    tried.page.ask(
        "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
    )
    tried.choose(pictures["beagle.jpg"])
    tried.answered(1)
    assert "The server of this page does not answer. Start it again" in tried.text(".card .problem")[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_nothing_is_wider_than_the_window(visit, pictures, width, dark):
    tried = visit(width, dark)
    tried.choose(pictures["broken.jpg"], pictures["beagle.jpg"])
    tried.answered(2)
    assert tried.value("document.documentElement.scrollWidth") <= width
    assert tried.value("getComputedStyle(document.body).backgroundColor") == (
        "rgb(25, 26, 28)" if dark else "rgb(246, 245, 242)"
    )
