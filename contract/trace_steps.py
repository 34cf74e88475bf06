"""Which steps of a run are traced: the text of the hyperparameter `trace-steps`."""

import re

MOST_STEPS = 100  # a trace is kept in memory until its last step is over; a step is thousands of entries
OFF = "off"


def parse_steps(text: str) -> range:
    """ "10-12" -> steps 10, 11 and 12; "10" -> step 10; "off" -> none. Steps are counted from 1. Raises ValueError with
    a sentence.
    """
    text = text.strip()
    if text == OFF:
        return range(0)
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text, re.ASCII)
    if not found:
        raise ValueError(
            f'Steps to trace are a number such as "10", a range such as "10-12", or "{OFF}", not {text!r}.'
        )
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last:
        raise ValueError(f"Steps to trace count from 1 and go upwards, which {text!r} does not.")
    if last - first >= MOST_STEPS:
        raise ValueError(f"At most {MOST_STEPS} steps can be traced, {text!r} is {last - first + 1}. Ask for fewer.")
    return range(first, last + 1)
