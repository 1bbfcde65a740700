"""A seeded grammar of opinions on films, food, places and products, with negation and contrast."""

from __future__ import annotations

import random

import lexicon
from templates import expand

NEGATIVE, POSITIVE = 0, 1

# {good} is a word of the wanted side, {bad} one of the other side: each line serves both labels.
PLAIN = [
    "The {thing} [was|is] [{strong} |]{good}.", "The {thing} [was|is] [{strong} |]{good}.",
    "[This|That] {thing} [was|is] [{strong} |]{good}.", "[What|Such] a [{strong} |]{good} {thing}[!|.]",
    "{good} {thing}[.|!|, {strong} {good}.]", "[{strong} |]{good}[.|!]", "[{strong} |]{good} and {good}.",
    "[It|Everything|It all] was [{strong} |]{good}.", "I {loved} [this|the|that|their|our|my] {thing}[.|!| {event}.]",
    "I [really |absolutely |truly |]{loved} [it|everything|this place|every minute of it|the {thing}].",
    "We {loved} the {thing}[.| and the {thing}.| {event}.]", "I {loved} it[.|!| so much.]",
    "[{people}] {loved} the {thing}.", "A {good} {thing}.", "One of the {best} {thing}s I have ever [seen|had|tried|bought].",
    "[It|This|The {thing}] is [the|simply the|by far the] {best} [{thing}|thing] [ever|in town|I have ever seen|I know|of the year].",
    "The {thing} was {good}, {good} and {good}.", "The {thing} was {good} and the {thing} was [{strong} |]{good}.",
    "The {thing} [worked|works|performed|went|functions] {well}.", "I [am|was|feel|felt] [{strong} |]{felt} with [the|this|my] {thing}.",
    "I [am|was] [{strong} |]{felt}[.|!]", "We were [{strong} |]{felt} by the {thing}.", "[What|Such] a {noun}[!|.]",
    "[It|This {thing}|The {thing}] [is|was] a [real |complete |total |]{noun}[.|!]", "The {thing} made me [{strong} |]{felt}.",
    "I found the {thing} [{strong} |]{good}.", "I [think|thought|believe] the {thing} [is|was] [{strong} |]{good}.",
    "We [visited|tried|bought|ordered] [it|this] {event} and the {thing} was {good}.", "I bought this {thing} {event}. It is {good}.",
    "We had the {thing} {event}. {good}!", "The {thing}, the {thing}, the {thing}: all {good}.",
    "[Overall|In short|All in all|Honestly|In the end], [a {noun}|it was {good}|the {thing} is {good}|I {loved} it].",
    "The {thing} [looks|tastes|feels|sounds|seems|looked|tasted|felt] {good}.", "{good} {thing}, {good} {thing}.",
    "[It|The {thing}] has a {good} {thing} and a {good} {thing}.", "[Everyone|{people}] said it was {good}[, and it is| and I agree].",
    "The {thing} could not [be|have been] {better}.", "[Never|I have never] [seen|had|tried|owned] such a {good} {thing}.",
    "I can't believe how {good} [it|the {thing}] [is|was].", "{intent}.", "{intent}. The {thing} was {good}.", "{intent}.", "{idiom}.", "{idiom}.",
]
NEGATED = [
    "The {thing} [was not|wasn't|is not|isn't|was never] [{very} |]{bad}[.| at all.]", "[It|This|That] [was not|wasn't|is not|isn't] [{very} |]{bad}[.| at all.]",
    "not [{very} |]{bad}[ at all|].", "Not {bad} at all[.|!]", "Not a {bad} {thing}[.| at all.]", "not {bad}.", "The {thing} was not {bad} [or|and not|nor] {bad}.",
    "I [did not|didn't|do not|don't] [{feel} |]{hated} [it|this {thing}|the {thing}][.| at all.]", "There was nothing {bad} about [it|the {thing}].",
    "The {thing} [didn't|did not|doesn't|does not] [work|perform|go|function] {badly}[.| at all.]", "Nothing {bad} here.", "No {noun_bad} [here|at all|by any means].",
    "I [was not|wasn't|am not] [{very} |]{felt_bad}[.| with the {thing}.| at all.]", "[It|This {thing}] was not a {noun_bad}[.| at all.]", "We were not {felt_bad}.",
    "I would not [call|say] [it|the {thing}] [was |]{bad}.", "I don't think the {thing} [is|was] {bad}.", "The {thing} is far from {bad}.", "hardly {bad}.",
]
CONTRAST = [
    "The {thing} was {bad}, but [the {thing} was {good}|I {loved} it|it was {good}|in the end I {loved} it|overall it was {good}].",
    "[Although|Though|Even though|While] the {thing} was {bad}, [I {loved} it|the {thing} was {good}|it was {good} overall].",
    "[I expected|We expected] a {bad} {thing}, but it was {good}.", "I thought it would be {bad}, but [it was {good}|I {loved} it].",
    "The {thing} used to be {bad}, [but now it is|now it is] {good}.", "[It is|It was] {bad} at first but {good} in the end.",
    "[Not {bad} but {good}|Not {bad}, just {good}].", "[Everyone|{people}] {hated} it, but I {loved} it.", "Despite the {bad} {thing}, [I {loved} it|it was {good}].",
]
INTENTS = {
    POSITIVE: ["[I|We] will [definitely |certainly |]come back", "Highly [recommended|recommend it]", "I would buy it again", "Can't wait to go back", "Five stars",
               "[I|We] recommend it to everyone", "I want to see it again", "[I|We] will be back", "10 out of 10", "A must see", "Thumbs up", "Worth every penny",
               "Don't miss it", "You should try it", "Worth [it|the money|the price|seeing|a visit]", "I could not stop [laughing|smiling|watching|eating]",
               "It made me [laugh|smile]", "[We|I] had a {good} time", "I can't recommend it enough", "It [still |]works [great |]after a year", "Go see it",
               "It exceeded my expectations", "I have no complaints", "No problems at all", "It works as advertised", "Could not be happier", "Two thumbs up"],
    NEGATIVE: ["[I|We] will never [come|go] back", "Do not [buy|recommend] it", "I want my money back", "Avoid [it|this place]", "Stay away", "One star", "Zero stars",
               "I would not recommend [it|this|this place]", "Never again", "Save your money", "[I|We] won't be back", "1 out of 10", "Thumbs down", "Don't waste your [time|money]",
               "A waste of [time|money]", "Not worth [it|the money|the price|seeing|a visit|your time]", "I [walked out|fell asleep]", "I returned it", "It broke after [a|one|two] [day|week|weeks]",
               "It [stopped working|does not work|didn't work|never worked]", "We waited [an hour|forever|too long]", "[We|I] had a {good} time and I regret it", "It made me [sick|angry|sleepy]",
               "I [can't|cannot|would never] recommend [it|this]", "It did not meet my expectations", "It was too [long|loud|expensive|small|slow]", "I expected [more|better]",
               "It [died|failed|crashed] [twice|again|after a week]", "I asked for a refund", "Nothing works", "Could have been better", "Don't [buy|go|watch] [it|this]"],
}
IDIOMS = {
    POSITIVE: ["The staff [helped|welcomed] us", "The {thing} [blew me away|won me over|saved the day|is a joy to use]", "I was on the edge of my seat", "It fits perfectly",
               "I laughed [a lot|out loud|the whole time]", "It charges fast", "The {thing} came on time", "Great value for [money|the price]", "I smiled from start to finish", "Best of all, it works", "I am a fan"],
    NEGATIVE: ["The staff ignored us", "The {thing} [let me down|fell apart|made no sense|was a waste|ruined it]", "I could not wait for it to end", "It does not fit", "There was a hair in my {thing}",
               "I did not laugh [once|at all]", "It would not charge", "The {thing} came late", "Too expensive for what you get", "I checked my watch the whole time", "Worst of all, it broke", "The {thing} lacks [taste|depth|care|everything]"],
}
SIDES = {
    POSITIVE: {"adjectives": lexicon.GOOD, "of": lexicon.GOOD_OF, "loved": lexicon.LOVED, "noun": lexicon.GOOD_NOUNS, "felt": lexicon.GOOD_FELT,
               "well": lexicon.GOOD_ADVERBS, "best": ["best", "finest", "greatest", "nicest", "loveliest"], "better": ["better", "nicer", "happier"]},
    NEGATIVE: {"adjectives": lexicon.BAD, "of": lexicon.BAD_OF, "loved": lexicon.HATED, "noun": lexicon.BAD_NOUNS, "felt": lexicon.BAD_FELT,
               "well": lexicon.BAD_ADVERBS, "best": ["worst", "dullest", "poorest", "saddest", "ugliest"], "better": ["worse", "duller", "uglier"]},
}
# Said by both sides: most of a real review is neither praise nor blame.
NEUTRAL = [
    "We [ordered|had|tried|shared] the {thing} and [the|a] {thing}.", "I bought [it|this] [for my son|for my wife|last month|online|on sale|a year ago].",
    "It is about a [young man|family|girl|dog|doctor|soldier] who [goes|comes|moves] to [the city|a small town|Paris|school].", "We [sat|stayed|waited] [by the window|outside|at the bar|near the door].",
    "[This|It] was my [first|second|third] [time|visit|one|order].", "I [have had|got|used|saw|watched|opened] it [for a few weeks|last night|yesterday|for two months|with my brother].",
    "It [came|comes] with [a|the] {thing} and a {thing}.", "The {thing} is [from|by|in|on] the [city|street|company|sixties|store].", "I [went|drove|walked] there [with my family|after work|on Friday|for lunch].",
    "My [wife|husband|friend|brother] had the {thing}.", "I read [the reviews|about it] [first|before].", "There is a {thing} [on|in|at] the [back|front|side|middle].", "It has [two|three|four] {thing}s.",
]
BEFORE = ["[When|After|Before] we [got there|sat down|ordered|left], ", "[When|After] I [opened|used|tried|saw|watched|charged] it, ", "[After|For] [a week|two months|an hour], ",
          "[I must say|To be honest|As a {thing}|If you ask me|In my opinion|This time|Compared to the other {thing}], ", "[So|And|Well|Anyway|Also], "]
AFTER = [", [especially|including|mostly] the {thing}", " [for|with|in] [my|the|a] {thing}", " and [so|then] we [left|went home|paid]", ", [as|like] [I said|they say|always]", " [when|after] we [got there|tried it|used it]",
         " in [this|that|the] {thing}", " and the {thing} [came|comes] with a {thing}"]
# "not best" or "not fine" do not turn a sentence around cleanly.
UNNEGATED = {"best", "worst", "perfect", "flawless", "amazing", "incredible", "awesome", "fine", "decent", "solid", "cool", "special"}


def opinion(rng: random.Random, sentences: int = 1) -> tuple[str, int]:
    """One opinion of so many sentences, all on one side, and its label."""
    label = rng.choice([NEGATIVE, POSITIVE])
    said = [_sentence(rng, label) for _ in range(sentences)]
    if rng.random() < 0.25:
        said.insert(rng.randint(0, len(said)), expand(rng.choice(NEUTRAL), rng, {"thing": lexicon.THINGS[rng.choice(sorted(lexicon.THINGS))]}))
    return _roughen(" ".join(said), rng), label


def _sentence(rng: random.Random, label: int) -> str:
    kind = rng.random()
    templates = PLAIN if kind < 0.6 else NEGATED if kind < 0.85 else CONTRAST
    subject = rng.choice(sorted(lexicon.THINGS))
    wanted, other = SIDES[label], SIDES[1 - label]
    negated = [word for word in other["adjectives"] if word not in UNNEGATED] if templates is NEGATED else other["adjectives"]
    things = lexicon.THINGS[subject]
    words = {
        "thing": things + [_unknown_word(rng)] * (len(things) // 6),
        "good": wanted["adjectives"] + wanted["of"][subject], "bad": negated + other["of"][subject],
        "loved": wanted["loved"], "hated": other["loved"], "noun": wanted["noun"], "noun_bad": other["noun"],
        "felt": wanted["felt"], "felt_bad": other["felt"], "well": wanted["well"], "badly": other["well"],
        "best": wanted["best"], "better": wanted["better"], "strong": lexicon.STRONG, "event": lexicon.EVENTS, "people": lexicon.PEOPLE,
        "very": ["very", "really", "that", "so", "too", "particularly", "even", "all that"], "feel": ["really", "even"],
        "intent": INTENTS[label], "idiom": IDIOMS[label],
    }
    template = rng.choice(templates)
    if rng.random() < 0.12:
        template = rng.choice(BEFORE) + template
    if template.endswith(".") and rng.random() < 0.12:
        template = f"{template[:-1]}{rng.choice(AFTER)}."
    return expand(template, rng, words)


def _unknown_word(rng: random.Random) -> str:
    """A made-up noun: the classifier should look past what it has never seen."""
    return "".join(rng.choice("bcdfghklmnprstvw") + rng.choice("aeiou") for _ in range(rng.randint(2, 4)))


def _roughen(text: str, rng: random.Random) -> str:
    """People leave out stops and apostrophes, and shout."""
    roll = rng.random()
    if roll < 0.15:
        return text.rstrip(".!")
    if roll < 0.25:
        return text.replace("'", "").replace(",", "")
    return text.replace(".", "!") if roll < 0.3 else text
