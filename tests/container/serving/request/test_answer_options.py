"""What a request asks about its answer, from the header and from the query string."""

import pytest

from container.serving.request.answer_options import AnswerOptions, answer_options
from container.serving.request.request_errors import BadRequest


@pytest.mark.parametrize(
    ("header", "query", "options"),
    [
        (None, None, AnswerOptions(None, "top-k")),
        ("", "", AnswerOptions(None, "top-k")),
        ("top-k=3;output=embedding", None, AnswerOptions(3, "embedding")),
        ("top-k=3, output=embedding", None, AnswerOptions(3, "embedding")),
        ("Top_K = 3 ; OUTPUT = Probabilities", None, AnswerOptions(3, "probabilities")),
        ('top-k="3"', None, AnswerOptions(3, "top-k")),
        ("output=saliency", None, AnswerOptions(None, "saliency")),
        (None, "top-k=7&output=top-k", AnswerOptions(7, "top-k")),
        (None, "top_k=7&output=top_k", AnswerOptions(7, "top-k")),
        (None, "top%2Dk=7", AnswerOptions(7, "top-k")),
        ("top-k=3;top-k=3", None, AnswerOptions(3, "top-k")),
    ],
)
def test_header_and_query_string_set_the_options(header, query, options):
    assert answer_options(header, query) == options


def test_the_query_string_is_taken_where_both_say_something_and_the_rest_is_the_headers():
    assert answer_options("top-k=3;output=embedding", "top-k=9") == AnswerOptions(9, "embedding")


@pytest.mark.parametrize(
    "header", ["c000b4f9-df62-4c85-a0bf-7c525f9104a4", "trace=abc;top-k=2;user=7", "top-k=2;;,=;=x", "top-k=2;ключ=x"]
)
def test_what_is_the_users_own_is_ignored(header):
    assert answer_options(header, "trace=1&top=x").top_k in (None, 2)


@pytest.mark.parametrize("value", ["0", "-1", "five", "1.5", "", "²", "٣", "1e3", "9" * 5000])
def test_a_wrong_top_k_is_named(value):
    with pytest.raises(BadRequest, match=r"top-k in the header .* whole number") as error:
        answer_options(f"top-k={value}", None)
    assert error.value.status_code == 400 and len(error.value.message) < 200
    with pytest.raises(BadRequest, match="top-k in the query string"):
        answer_options(None, f"top-k={value}")


@pytest.mark.parametrize("value", ["labels", "", "embeddings"])
def test_a_wrong_output_is_named_with_those_that_there_are(value):
    with pytest.raises(BadRequest, match=r"output in the header .* top-k, probabilities, embedding, saliency"):
        answer_options(f"output={value}", None)


def test_a_key_that_is_said_twice_differently_is_refused():
    with pytest.raises(BadRequest, match="says top-k twice"):
        answer_options("top-k=3;top_k=4", None)


def test_a_query_string_of_thousands_of_fields_is_refused():
    with pytest.raises(BadRequest, match="more than 100 fields"):
        answer_options(None, "&".join("a=1" for _ in range(5000)))
