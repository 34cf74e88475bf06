"""InputFilter, JoinSource and OutputFilter on payloads and answers, as AWS documents them."""

import tracemalloc

import pytest

from local_test.transform.data_processing import Mismatch, data_processing
from local_test.transform.records import BadInput


def processing(content_type, split="Line", accept=None, **asked):
    output = {"S3OutputPath": "s3://b/o", **({"Accept": accept} if accept else {})}
    return data_processing(
        {
            "TransformInput": {"ContentType": content_type, "SplitType": split},
            "TransformOutput": output,
            "DataProcessing": asked,
        }
    )


def test_nothing_asked_for_is_nothing_done():
    assert data_processing({"TransformInput": {}, "TransformOutput": {}}) is None
    assert processing("image/jpeg", InputFilter="$", OutputFilter="$", JoinSource="None") is None


def test_columns_of_csv_are_kept_from_the_model():
    assert processing("text/csv", InputFilter="$[1:]").filtered(b'7,1,"a, b"\n8,2,c\n') == b'1,"a, b"\n2,c\n'


def test_a_single_csv_record_goes_without_line_end_as_it_came():
    assert processing("text/csv", InputFilter="$[1:]").filtered(b"7,1,2") == b"1,2"


def test_a_column_may_be_as_large_as_a_payload():
    picture = b"A" * 1_000_000
    assert processing("text/csv", InputFilter="$[1]").filtered(b"7," + picture) == picture


def test_what_json_can_say_and_utf_8_cannot_is_escaped():
    assert processing("application/json", InputFilter="$.a").filtered(b'{"a": "\\ud800"}') == b'"\\ud800"'


def test_json_that_is_nested_without_end_is_told():
    with pytest.raises(Mismatch, match="the input is not JSON"):
        processing("application/json", InputFilter="$.a").filtered(b"[" * 100_000)


def test_fields_of_json_are_kept_from_the_model():
    lines = processing("application/jsonlines", InputFilter="$.features")
    assert lines.filtered(b'{"id": 1, "features": [1, 2.5]}\n{"id": 2, "features": [3]}\n') == b"[1,2.5]\n[3]\n"
    whole = processing("application/json", split="None", InputFilter="$['b']")
    assert whole.filtered(b'{\n "a": 1,\n "b": {"c": "\xc3\xa4"}\n}') == '{"c":"ä"}'.encode()


def test_without_join_and_output_filter_the_answer_is_stored_as_it_is():
    assert processing("text/csv", InputFilter="$[1:]").finished(b"7,1\n", b"anything \xff") == b"anything \xff"


def test_csv_answers_are_appended_to_the_whole_rows():
    joined = processing("text/csv; charset=utf-8", accept="text/csv", InputFilter="$[1:]", JoinSource="Input")
    assert joined.finished(b"7,1\n8,2\n", b"0.1,0.9\n0.2,0.8") == b"7,1,0.1,0.9\n8,2,0.2,0.8\n"


def test_id_and_answer_are_what_the_output_filter_keeps_of_csv():
    joined = processing("text/csv", JoinSource="Input", OutputFilter="$[0,-1]")
    assert joined.finished(b"7,1,2\n8,3,4\n", b"yes\nno\n") == b"7,yes\n8,no\n"


def test_a_json_object_gets_the_answer_as_one_more_attribute():
    joined = processing("application/jsonlines", accept="application/json", JoinSource="Input")
    assert joined.finished(b'{"id": 1}\n{"id": 2}\n', b'{"p": 0.5}\n{"p": 1}\n') == (
        b'{"id":1,"SageMakerOutput":{"p":0.5}}\n{"id":2,"SageMakerOutput":{"p":1}}\n'
    )


def test_json_that_is_no_object_is_put_beside_the_answer():
    joined = processing("application/json", JoinSource="Input")
    assert joined.finished(b"[1, 2]", b"[0.5]") == b'{"SageMakerInput":[1,2],"SageMakerOutput":[0.5]}\n'


def test_id_and_answer_are_what_the_output_filter_keeps_of_json():
    joined = processing("application/jsonlines", JoinSource="Input", OutputFilter="$['id','SageMakerOutput']")
    assert joined.finished(b'{"id": 1, "features": [1]}\n', b'"cat"') == b'{"id":1,"SageMakerOutput":"cat"}\n'


def test_an_output_filter_without_join_is_applied_to_the_answer():
    filtered = processing("application/json", split="None", OutputFilter="$.predictions[0].label")
    assert filtered.finished(b"{}", b'{"predictions": [{"label": "Beagle"}]}') == b'"Beagle"'


def test_the_answer_to_one_json_record_may_be_written_over_many_lines():
    joined = processing("application/jsonlines", JoinSource="Input")
    assert joined.finished(b'{"id": 1}', b'{\n  "p": 1\n}\n') == b'{"id":1,"SageMakerOutput":{"p":1}}\n'


@pytest.mark.parametrize("answer", [b"0.1\n", b"0.1\n0.2\n0.3\n", b""])
def test_another_number_of_answers_than_of_records_is_told(answer):
    joined = processing("text/csv", JoinSource="Input")
    with pytest.raises(Mismatch, match=r"answered \d lines to 2 records; JoinSource Input needs one for each"):
        joined.finished(b"1\n2\n", answer)


@pytest.mark.parametrize("data", [b"not json\n", b"\xff\n", b'{"a": 1}\n\n'])
def test_input_that_is_not_what_content_type_says_is_told(data):
    with pytest.raises(Mismatch, match="the input is not JSON, which DataProcessing needs"):
        processing("application/jsonlines", InputFilter="$.a").filtered(data)


def test_an_answer_that_is_not_what_content_type_says_is_told():
    with pytest.raises(Mismatch, match="the container's answer is not JSON"):
        processing("application/json", JoinSource="Input").finished(b"{}", b"oops")


def test_a_filter_that_does_not_fit_a_record_is_told_by_its_field():
    with pytest.raises(Mismatch, match=r"DataProcessing\.InputFilter does not fit: there is no element 5 among 2"):
        processing("text/csv", InputFilter="$[5]").filtered(b"1,2\n")
    with pytest.raises(Mismatch, match=r"DataProcessing\.OutputFilter does not fit: there is no 'id'"):
        processing("application/json", OutputFilter="$.id").finished(b"{}", b"{}")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"content_type": "image/jpeg", "JoinSource": "Input"}, "TransformInput.ContentType"),
        ({"content_type": "text/csv", "split": "RecordIO", "JoinSource": "Input"}, "TransformInput.SplitType"),
        ({"content_type": "text/csv", "accept": "application/json", "JoinSource": "Input"}, "TransformOutput.Accept"),
        ({"content_type": "text/csv", "InputFilter": "$.id"}, r"DataProcessing.InputFilter: '\$.id' names a field"),
        ({"content_type": "application/json", "OutputFilter": "$..id"}, "DataProcessing.OutputFilter: "),
    ],
)
def test_what_cannot_be_processed_is_refused_by_its_field(asked, message):
    with pytest.raises(ValueError, match=message):
        processing(**asked)


def in_blocks(data, size):
    """A payload of any size, cut anywhere: within lines, and within characters."""
    return lambda: (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("content_type", "split", "path", "data"),
    [
        ("text/csv", "Line", "$[1:]", b'7,1,"a, b"\n8,2,"\xc3\xa4\nc"\r\n'),
        ("text/csv", "Line", "$[1:]", b"7,1\n8,2"),
        ("text/csv", "None", "$[1:]", b"7,1\r\n8,2\r\n"),
        ("application/jsonlines", "Line", "$.b", '{"a": 1, "b": "ä"}\n{"b": [2]}'.encode()),
        ("application/json", "None", "$.b", '{"a": 1,\n "b": "ä"}'.encode()),
    ],
)
def test_a_payload_of_any_size_is_filtered_as_one_in_memory_is(content_type, split, path, data, size):
    one = processing(content_type, split, InputFilter=path)
    blocks = one.filtered(in_blocks(data, size))
    expected = one.filtered(data)
    assert [b"".join(blocks()) for _ in range(2)] == [expected, expected], "also when it is sent a second time"


def test_a_payload_of_any_size_is_joined_with_its_answer():
    joined = processing("text/csv", InputFilter="$[1:]", JoinSource="Input", OutputFilter="$[0,-1]")
    assert joined.finished(in_blocks(b"7,1\n8,2\n", 3), b"0.1\n0.2\n") == b"7,0.1\n8,0.2\n"


def test_lines_of_a_payload_of_any_size_are_filtered_in_bounded_memory():
    line = b"7," + b"x" * 1021 + b"\n"
    blocks = processing("text/csv", InputFilter="$[1:]").filtered(lambda: (line * 64 for _ in range(512)))
    tracemalloc.start()
    try:
        size = sum(len(block) for block in blocks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 512 * 64 * 1022
    assert peak < 2_000_000


def test_what_does_not_fit_a_payload_of_any_size_is_told_when_it_is_read():
    with pytest.raises(Mismatch, match="the input is not JSON"):
        b"".join(processing("application/jsonlines", InputFilter="$.a").filtered(in_blocks(b'{"a":1}\nno\n', 5))())
    with pytest.raises(Mismatch, match=r"DataProcessing\.InputFilter does not fit: there is no element 5 among 2"):
        b"".join(processing("text/csv", InputFilter="$[5]").filtered(in_blocks(b"1,2\n", 5))())


def test_a_payload_of_any_size_that_cannot_be_read_is_told_by_its_own_sentence():
    def blocks():
        yield b"1,2\n"
        raise BadInput("it is not sound gzip")

    with pytest.raises(BadInput, match="it is not sound gzip"):
        b"".join(processing("text/csv", InputFilter="$[1:]").filtered(blocks)())


def test_the_answer_may_have_any_type_when_only_the_input_is_filtered():
    assert processing("text/csv", accept="application/json", InputFilter="$[1:]")
