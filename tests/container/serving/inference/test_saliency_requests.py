"""Saliency maps as an output of the endpoint, beside plain requests; and times that come back through SageMaker."""

import base64
import io
import json

import pytest
from PIL import Image

HEADER = "X-Amzn-SageMaker-Custom-Attributes"
ASKED = {HEADER: "output=saliency"}


def test_a_map_comes_beside_the_classes_and_says_which_part_of_the_picture_it_covers(
    load, request_of, outcome, picture
):
    plain, explained = request_of(picture()), request_of(picture(), **ASKED)
    load().answer([plain, explained])
    status, content_type, body = outcome(explained)
    assert (status, content_type) == (200, "application/json")
    assert body["predictions"] == outcome(plain)[2]["predictions"] and "saliency" not in outcome(plain)[2]
    saliency = body["saliency"]
    assert saliency["label"] == body["predictions"][0]["label"]
    rows = len(saliency["grid"])
    assert rows >= 4 and all(len(row) == rows for row in saliency["grid"])
    assert all(0 <= one <= 1 for row in saliency["grid"] for one in row)
    # 120 x 90 pixels: the square in its middle, of which the network of 64 pixels sees 64 of 74
    assert saliency["box"] == pytest.approx([0.125 + 0.75 * 5 / 74, 5 / 74, 0.125 + 0.75 * 69 / 74, 69 / 74], abs=1e-4)


def test_the_part_is_that_of_the_upright_picture(load, request_of, outcome):
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (120, 90), "red").save(buffer, "JPEG", exif=exif)
    invocation = request_of(buffer.getvalue(), **ASKED)
    load().answer([invocation])
    left, top, right, bottom = outcome(invocation)[2]["saliency"]["box"]
    assert right - left > bottom - top


def test_top_k_holds_beside_it_and_the_map_is_of_the_first_class(load, request_of, outcome, picture):
    invocation = request_of(picture(), **{HEADER: "output=saliency;top-k=1"})
    load().answer([invocation])
    assert len(outcome(invocation)[2]["predictions"]) == 1


def instances(picture, count):
    return json.dumps({"instances": [base64.b64encode(picture()).decode()] * count}).encode()


def test_a_list_of_pictures_has_a_list_of_maps(load, request_of, outcome, picture):
    functions = load()
    one, two = (request_of(instances(picture, count), "application/json", **ASKED) for count in (1, 2))
    functions.answer([one, two])
    for invocation, count in ((one, 1), (two, 2)):
        body = outcome(invocation)[2]
        assert len(body["predictions"]) == len(body["saliency"]) == count and "grid" in body["saliency"][0]


def test_json_lines_have_it_and_csv_is_refused(load, request_of, outcome, picture):
    lines = request_of(picture(), Accept="application/jsonlines", **ASKED)
    csv = request_of(picture(), Accept="text/csv", **ASKED)
    either = request_of(picture(), Accept="text/csv, application/json;q=0.1", **ASKED)
    load().answer([lines, csv, either])
    assert "grid" in json.loads(outcome(lines)[2])["saliency"]
    assert outcome(csv)[0] == 406 and "application/json or application/jsonlines" in outcome(csv)[2]["error"]["message"]
    assert outcome(either)[:2] == (200, "application/json")


def test_more_pictures_than_one_request_may_ask_for_are_refused(load, request_of, outcome, picture):
    most, more = (request_of(instances(picture, count), "application/json", **ASKED) for count in (16, 17))
    load().answer([most, more])
    assert outcome(most)[0] == 200
    assert outcome(more)[0] == 400
    assert (
        outcome(more)[2]["error"]["message"]
        == "output=saliency takes at most 16 pictures in a request, not 17. Send fewer at once."
    )


def test_a_bad_picture_fails_alone(load, request_of, outcome, picture):
    invocations = [request_of(picture(), **ASKED), request_of(b"no picture", **ASKED), request_of(picture())]
    load().answer(invocations)
    assert [outcome(invocation)[0] for invocation in invocations] == [200, 400, 200]


def test_plain_requests_never_make_the_network_that_maps_need(load, request_of, picture):
    functions = load()
    functions.answer([request_of(picture())])
    assert functions.model._saliency is None
    functions.answer([request_of(picture(), **ASKED)])
    made = functions.model._saliency
    functions.answer([request_of(picture(), **ASKED)])
    assert made is not None and functions.model._saliency is made


def test_each_map_is_a_step_of_the_batch(load, request_of, picture):
    """Else a batch of many would pass for one that hangs."""
    functions, steps = load(), []
    functions.step = lambda: steps.append(1)
    functions.answer([request_of(picture())])
    plain = len(steps)
    functions.answer([request_of(instances(picture, 5), "application/json", **ASKED)])
    assert len(steps) - plain == plain + 5


@pytest.mark.parametrize("asked", ["timing=true", "output=embedding; Timing=TRUE"])
def test_times_come_back_in_the_header_that_sagemaker_hands_on(load, request_of, picture, asked):
    invocation = request_of(picture(), **{HEADER: asked})
    load().answer([invocation])
    given = invocation.context.get_response_headers(0)
    assert given[HEADER] == given["Server-Timing"] and "predict;dur=" in given[HEADER]


@pytest.mark.parametrize("asked", ["", "timing=no", "trace=timing=true", "timing"])
def test_who_does_not_ask_for_times_gets_no_such_header(load, request_of, picture, asked):
    invocation = request_of(picture(), **{HEADER: asked})
    load().answer([invocation])
    assert HEADER not in invocation.context.get_response_headers(0)


def test_what_the_users_functions_put_into_that_header_stays(load, request_of, picture):
    code = (
        "from container.serving.inference import output_fn as write\n"
        "def output_fn(answer, accept, context):\n"
        f"    context.set_response_header(0, '{HEADER.lower()}', 'mine')\n"
        "    return write(answer, accept)\n"
    )
    invocation = request_of(picture(), **{HEADER: "timing=true"})
    load(code).answer([invocation])
    given = invocation.context.get_response_headers(0)
    assert given[HEADER.lower()] == "mine" and HEADER not in given
