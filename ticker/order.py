"""Where a headline stands: a string of digits; a larger string stands earlier on the strip.

It begins as the time of publication, so that the newest comes first. Between any two strings there is
another one: read them as decimal fractions.
"""

DIGITS = 13  # of a time in ms, until the year 2286
LONGEST = 60  # digits; reached only by moving into the same gap some hundred and fifty times


def first(now: int) -> str:
    """The place of what is published now."""
    return f"{now:0{DIGITS}d}"


def between(above: str | None, below: str | None) -> str | None:
    """A place below `above` and above `below`; None stands for the end of the strip. None when the gap is used up."""
    if above is None and below is None:
        return None
    if above is None:
        whole = (below or "")[:DIGITS].ljust(DIGITS, "0")  # a fraction that ends with zeros is kept without them
        return f"{int(whole) + 1:0{DIGITS}d}"
    low = below or ""
    width = max(len(above), len(low)) + 1
    if width > LONGEST or above <= low:
        return None
    middle = (int(above.ljust(width, "0")) + int(low.ljust(width, "0") or "0")) // 2
    place = f"{middle:0{width}d}".rstrip("0")
    return place if low < place < above else None
