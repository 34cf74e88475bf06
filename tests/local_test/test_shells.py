"""Lines for shells and notebooks: what is set there is what was meant, whatever is in it."""

import json
import shutil
import subprocess
import sys

import pytest

from local_test.environment import SHELLS, shell_lines

VALUES = {"PLAIN": "http://a:1/b?c=d&e", "HARD": 'it\'s \\ $HOME {x} "q" `id`', "EMPTY": "", "GONE": None}
# The shell of a notebook's kernel, with the cell on its command line.
KERNEL = (
    "import sys; from IPython.core.interactiveshell import InteractiveShell as S; S.instance().run_cell(sys.argv[1])"
)
RUN = {
    "sh": ["sh", "-c"],
    "fish": ["fish", "--no-config", "-c"],
    "powershell": ["pwsh", "-NoProfile", "-Command"],
    "notebook": [sys.executable, "-c", KERNEL],
}


@pytest.mark.parametrize("shell", RUN)
def test_a_shell_that_evaluates_the_lines_has_the_values(shell):
    program, *options = RUN[shell]
    if not shutil.which(program):
        pytest.skip(f"{program} is not here")
    python = (
        'import json, os; print(json.dumps({name: os.environ.get(name) for name in ("PLAIN","HARD","EMPTY","GONE")}))'
    )
    last = python if shell == "notebook" else f"python3 -c '{python}'"
    script = "\n".join([*shell_lines(shell, VALUES), last])
    done = subprocess.run([program, *options, script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == VALUES


def test_a_notebook_prints_no_secret():
    lines = shell_lines("notebook", {"AWS_SECRET_ACCESS_KEY": "key", "HTTPS_PROXY": "http://me:password@a:1", "B": "b"})
    assert [line.startswith("%env") for line in lines] == [False, False, True]


def test_each_shell_has_its_own_words():
    lines = {shell: shell_lines(shell, {"A": "it's", "B": "b", "GONE": None}) for shell in SHELLS}
    assert lines.pop("bash") == lines.pop("zsh") == lines["sh"]
    assert lines == {
        "sh": ["export A='it'\"'\"'s'", "export B=b", "unset GONE"],
        "fish": ["set -gx A 'it\\'s';", "set -gx B 'b';", "set -e GONE;"],
        "powershell": ["$Env:A = 'it''s'", "$Env:B = 'b'", "Remove-Item Env:GONE -ErrorAction SilentlyContinue"],
        "notebook": [
            '__import__("os").environ["A"] = "it\'s"',
            "%env B=b",
            '__import__("os").environ.pop("GONE", None);',
        ],
    }
