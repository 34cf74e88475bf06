"""What a program said at its end."""


def one_sentence(capsys) -> str:
    """The error that a program ended with: one line, the last one, and no traceback."""
    said = capsys.readouterr().err
    assert "Traceback" not in said
    [line] = [line for line in said.splitlines() if line.startswith("error: ")]
    assert said.endswith(f"{line}\n")
    return line
