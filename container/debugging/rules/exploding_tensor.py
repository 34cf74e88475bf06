"""ExplodingTensor: numbers that are infinite or no numbers at all."""

import math

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.saved_step import SavedStep


def explodes(extremes: tuple[float, ...], only_nan: bool) -> bool:
    """extremes: the smallest and the largest number of a tensor; both are NaN when one of its numbers is."""
    return any(math.isnan(one) or (math.isinf(one) and not only_nan) for one in extremes)


class ExplodingTensor(BuiltInRule):
    """Looks at every tensor that is saved, unless collection_names or tensor_regex say which."""

    def examine(self, step: SavedStep) -> str | None:
        names = (
            self._chosen(step)
            if self.parameters["collection_names"] or self.parameters["tensor_regex"]
            else step.names(regex=".*")
        )
        found = []
        for name in names:
            extremes = tuple(
                one for one in (step.reduction(name, "min"), step.reduction(name, "max")) if one is not None
            )
            if explodes(extremes, self.parameters["only_nan"]):
                found.append((name, extremes))
        if not found:
            return None
        name, extremes = found[0]
        return (
            f"{len(found)} of {len(names)} tensors have numbers that are not finite at {step}; the first is {name}, "
            "from "
            f"{' to '.join(format(one, 'g') for one in extremes)}. Lower lr, or set mixed-precision=false."
        )
