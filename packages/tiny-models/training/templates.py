"""Text templates: `[a|b|]` picks one branch, `{word}` fills a slot from a binding or a word list."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

_INNERMOST_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU](?!ne\b|ni|se))")


def expand(
    template: str,
    rng: random.Random,
    words: Mapping[str, Sequence[str]],
    bound: Mapping[str, str] | None = None,
) -> str:
    """Expands choices and slots until none is left; a bound slot wins over a word list."""

    def choose(match: re.Match[str]) -> str:
        return rng.choice(match.group(1).split("|"))

    def fill(match: re.Match[str]) -> str:
        slot = match.group(1)
        if bound is not None and slot in bound:
            return bound[slot]
        return rng.choice(words[slot])

    text = template
    while "[" in text or "{" in text:
        text = _INNERMOST_CHOICE.sub(choose, text)
        text = _SLOT.sub(fill, text)
    return tidy(text)


def tidy(text: str) -> str:
    """One space between words, none before a stop, `an` before a vowel, capitals after a full stop."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([.,!?;])", r"\1", text)
    text = _ARTICLE.sub(r"\1n ", text)
    return re.sub(r"([.!?] )([a-z])", lambda match: match.group(1) + match.group(2).upper(), text)
