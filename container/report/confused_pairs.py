"""The pairs of classes that a model takes for each other, from its confusion matrix."""


def confused_pairs(matrix: list[list[int]], most: int) -> list[tuple[int, int, int]]:
    """`matrix[i][j]`: pictures of class i named j -> at most `most` of (i, j, count) with i != j, the largest counts
    first.
    """
    found = [
        (truth, said, count)
        for truth, row in enumerate(matrix)
        for said, count in enumerate(row)
        if truth != said and count > 0
    ]
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))[:most]
