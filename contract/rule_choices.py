"""The rules that a run chooses: the text of the hyperparameter `rules`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from contract.rule_parameters import RULES, Value, parameters_of

STOP = "stop"
_RULE = re.compile(r"\s*(?P<name>\w+)\s*(?P<parameters>\((?:'[^']*'|[^'()])*\))?\s*(?::\s*(?P<action>\w+))?\s*")
_PARAMETER = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?:'(?P<quoted>[^']*)'|(?P<plain>[^',]*))\s*")


@dataclass(frozen=True)
class RuleChoice:
    """parameters: all of the rule's, with the defaults; stops: whether the rule ends the training when it fires."""

    name: str
    parameters: dict[str, Value]
    stops: bool


def parse_rules(text: str) -> list[RuleChoice]:
    """`default` -> all rules; `off` -> none; `LossNotDecreasing(num_steps=20),VanishingGradient:stop` -> these two.

    A value with a comma or a bracket stands in single quotes: `DeadRelu(tensor_regex='(fc|layer4)[.].*_output')`.
    Raises ValueError, a sentence, for anything else."""
    if text.strip() == "default":
        return [RuleChoice(name, parameters_of(name, {}), stops=False) for name in RULES]
    if text.strip() == "off":
        return []
    choices: list[RuleChoice] = []
    for rule in _separated(text, _RULE, text):
        if rule["action"] not in (None, STOP):
            raise ValueError(
                f"Rule {rule['name']} has :{rule['action']} behind it, and only :{STOP} may stand there: such a rule "
                f"ends the training when it fires. Write {rule['name']} or {rule['name']}:{STOP}."
            )
        if rule["name"] in [choice.name for choice in choices]:
            raise ValueError(f"Rule {rule['name']} is named twice. Name it once, with all its parameters.")
        given = {}
        inside = (rule["parameters"] or "()")[1:-1]
        for parameter in _separated(inside, _PARAMETER, text) if inside.strip() else ():
            if parameter["name"] in given:
                raise ValueError(
                    f"Parameter {parameter['name']} of rule {rule['name']} is given twice. Give it one value."
                )
            given[parameter["name"]] = (
                parameter["plain"].strip() if parameter["quoted"] is None else parameter["quoted"]
            )
        choices.append(RuleChoice(rule["name"], parameters_of(rule["name"], given), rule["action"] == STOP))
    return choices


def _separated(text: str, pattern: re.Pattern[str], whole: str) -> Iterator[re.Match[str]]:
    """The matches of pattern that make up `text`, with commas between them."""
    position = 0
    while True:
        match = pattern.match(text, position)
        if not match or (match.end() < len(text) and text[match.end()] != ","):
            rest = text[match.end() if match else position :]
            raise ValueError(
                f"The list of rules {whole!r} cannot be read from {rest!r} on. Write default, off, or rules such as "
                f"LossNotDecreasing(num_steps=20),VanishingGradient:{STOP}."
            )
        yield match
        if match.end() == len(text):
            return
        position = match.end() + 1
