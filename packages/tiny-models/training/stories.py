"""A seeded grammar of tiny children's stories: every text is made here, none is copied."""

from __future__ import annotations

import random

from templates import expand

BOYS = "Tom Ben Max Sam Leo Jack Tim Noah Oscar Finn Adam Hugo".split()
GIRLS = "Lily Anna Mia Sara Ella Zoe Lucy Emma Nora Ruby Ida Maya".split()
ANIMALS = "fox rabbit bear mouse owl duck cat dog frog hedgehog squirrel turtle".split()
ANIMAL_NAMES = "Pip Bobo Coco Milo Nibbles Teddy Pepper Fluffy Biscuit Sunny".split()

WORDS = {
    "nice": "kind happy curious brave clever gentle cheerful friendly".split(),
    "little": "little small tiny young".split(),
    "color": "red blue green yellow orange purple white brown".split(),
    "toy": "ball kite teddy_bear toy_car doll drum puzzle boat train hat balloon".split(),
    "place": ["park", "garden", "forest", "meadow", "woods", "field", "valley", "village"],
    "fruit": "apples pears plums cherries berries oranges carrots".split(),
    "food": ["bread", "soup", "cake", "pancakes", "cookies", "apple pie", "rice", "noodles"],
    "weather": "sunny warm bright cool windy cloudy".split(),
    "flower": "rose sunflower tulip daisy".split(),
    "home": ["house", "cottage", "home by the sea", "house on a hill", "house near the forest"],
    "smiled": "smiled laughed nodded clapped".split(),
    "very": "very so really".split(),
    "day": ["One day", "One morning", "One {weather} day", "One {weather} morning", "One afternoon", "Last summer"],
    "stranger": "bird duck frog rabbit mouse kitten puppy squirrel turtle".split(),
}
WORDS["toy"] = [toy.replace("_", " ") for toy in WORDS["toy"]]

OPENINGS = [
    "Once upon a time, there was a {little} {kind} named {hero}. {Sub} lived in a {little} {home} with {pos} {parent}.",
    "Once upon a time, there was a {nice} {kind} named {hero}. {hero} loved to play in the {place}.",
    "Once upon a time, there was a {nice} {kind} named {hero}. {Sub} had a {color} {toy} that {sub} loved very much.",
    "Once upon a time, in a [small|quiet|green] [town|village|valley], there lived a {nice} {kind} named {hero}. Everyone liked {hero} because {sub} was {nice}.",
    "Once upon a time, a {little} {kind} named {hero} wanted to [see the world|find a friend|help other people|learn something new].",
    "There was once a {nice} {kind} named {hero}. {Sub} lived in a {little} {home}.",
    "{hero} was a {little} {kind} and very {nice}. {Sub} liked to play with {pos} {color} {toy}.",
    "{hero} and {friend} were good friends. They played in the {place} every day.",
    "{day}, a {little} {kind} named {hero} went to the {place} with {pos} {parent}.",
    "In a {little} {home}, there lived a {kind} named {hero}. {Sub} was very {nice}.",
    "",
]

PLOTS = [
    # lost and found
    "{day}, {hero} could not find {pos} {toy}. {Sub} looked under the bed and behind the door, but it was not there. "
    "[{Sub} was {very} sad.|{hero} began to cry.] {Pos} {parent} said, \"Do not worry. Let us look together.\" "
    "They looked [in the garden|in the kitchen|in the big box] and there it was! {hero} {smiled} and said, \"Thank you!\"",
    # sharing
    "{day}, {hero} met {friend} in the {place}. {friend} had no {toy} to play with and looked sad. "
    "{hero} said, \"You can play with my {toy}.\" {friend} was {very} happy. They played together [all day|until the sun went down]. "
    "{hero} learned that it is good to share.",
    # rain
    "{day}, it began to rain. {hero} could not go to the {place}, so {sub} [sat by the window|stayed inside]. "
    "\"What can we do?\" {sub} asked. {Pos} {parent} said, \"We can make {food}!\" "
    "They made {food} together and it was {very} good. [Then the sun came out.|Soon the rain stopped and they saw a rainbow.] {hero} was happy.",
    # garden
    "{day}, {hero} found a {little} seed. {Sub} put it in the ground and gave it water every day. "
    "{hero} waited and waited. At last, a {color} {flower} came up. \"Look!\" said {hero}. \"It is beautiful!\" "
    "{Pos} {parent} {smiled} and said, \"You took good care of it.\"",
    # a new friend
    "{day}, {hero} saw a {little} {stranger} in the {place}. The {stranger} was [lost|cold|hungry|alone] and needed help. "
    "{hero} said, \"I will help you.\" {Sub} gave the {stranger} some [water|food|bread] and [took it home|made it a warm bed]. "
    "The {stranger} was {very} happy. From that day on, {hero} and the {stranger} were best friends.",
    # baking
    "{day}, {hero} wanted to make {food} for {pos} {parent}. {Sub} took a big bowl, some milk and some flour. "
    "It was not easy, and {sub} made a big mess. But {friend} came to help, and the {food} was {very} good. "
    "{Pos} {parent} said, \"This is the best {food} in the world!\"",
    # afraid of the dark
    "{day}, {hero} heard a [strange|loud] noise [at night|in the dark]. {Sub} was afraid. \"Who is there?\" {sub} asked. "
    "Then {sub} saw that it was only [the wind|a {little} {stranger}|a branch of the old tree]. "
    "{hero} {smiled} and was not afraid any more. {Sub} went back to bed and slept well.",
    # birthday
    "{day}, it was {hero}'s birthday. {Pos} {parent} made a big cake and all {pos} friends came. "
    "{friend} gave {obj} a {color} {toy}. \"Thank you, {friend}!\" said {hero}. "
    "They sang songs, ate cake and played games. It was the best day ever.",
    # learning
    "{day}, {hero} wanted to learn how to [swim|ride a bike|read|dance|climb a tree|draw a horse]. "
    "At first it was [hard|not easy], and {sub} [wanted to stop|felt sad]. But {pos} {parent} said, \"Try again. You can do it!\" "
    "{hero} tried again and again. At last, {sub} did it! {Sub} was {very} proud.",
    # a boat
    "{day}, {hero} and {friend} made a {little} boat and went to the lake. The water was [blue|calm|clear] and the sun was warm. "
    "They saw a big fish, [two|three] ducks and a {little} island. \"Let us have lunch here,\" said {friend}. "
    "They ate bread and {fruit}. In the evening they went home, tired and happy.",
    # a wish
    "{day}, {hero} looked up at the night sky and saw a bright star. \"I wish for a [friend|{toy}|{color} {toy}],\" {sub} said. "
    "The next morning, there was a {little} box at the door. {hero} opened it and {smiled}. "
    "{Pos} wish had come true!",
    # the tree
    "{day}, {hero} saw many {fruit} high up in a tall tree. {Sub} wanted to eat them, but {sub} was too {little}. "
    "Then {friend} came by. \"Let us work together,\" said {friend}. {hero} climbed on {friend}'s back and got the {fruit}. "
    "They shared the {fruit} and were good friends.",
    # saying sorry
    "{day}, {hero} broke {friend}'s {toy}. {friend} was {very} sad. {hero} did not know what to do. "
    "{Pos} {parent} said, \"You should say sorry.\" {hero} went to {friend} and said, \"I am sorry. I will help you fix it.\" "
    "They fixed the {toy} together, and {friend} was happy again.",
    # snow
    "{day}, {hero} looked out of the window. Everything was white with snow! {Sub} put on a warm hat and ran outside. "
    "{hero} and {friend} made a big snowman with a {color} hat. Then they went home and drank hot milk. \"I love the snow,\" said {hero}.",
    # a picture
    "{day}, {hero} wanted to give {pos} {parent} a present, but {sub} had no money. So {sub} made a picture of a {color} {flower}. "
    "\"This is for you,\" {sub} said. {Pos} {parent} {smiled} and gave {obj} a big hug. \"It is beautiful. Thank you,\" {psub} said.",
    # a walk
    "{day}, {hero} went for a walk in the {place}. {Sub} saw a {color} bird, a {little} {stranger} and many flowers. "
    "{Sub} walked and walked, and soon {sub} was lost. {hero} asked the bird, \"Can you show me the way home?\" "
    "The bird flew ahead, and {hero} ran after it. Soon {sub} was home again. \"Thank you, bird!\" {sub} said.",
    # the machine
    "{day}, {hero} found an old robot in the [garden|forest|shed]. It could not move. {hero} cleaned it and gave it a new {color} button. "
    "\"Hello,\" said the robot. \"My name is Beep. Do you want to play?\" {hero} was {very} happy. "
    "The robot and {hero} played [in the {place}|all day] and became friends.",
]

ENDINGS = [
    "They lived happily ever after.", "The end.", "{hero} went home with a big smile.", "It was a very good day.",
    "And so {hero} and {friend} became best friends.", "That night, {hero} slept very well.",
    "From that day on, {hero} was never alone.", "{hero} learned that it is good to be kind.",
    "They all went home and had {food} for dinner.", "", "", "",
]


def story(rng: random.Random) -> str:
    """One story of one to twelve sentences; its people, things and pronouns agree from start to end."""
    bound = _cast(rng)
    opening, plot = rng.choice(OPENINGS), rng.choice(PLOTS)
    if opening.startswith("{day}"):
        plot = plot.replace("{day},", "On the way,")
    if opening and rng.random() < 0.1:
        plot = ""
    ending = rng.choice([line for line in ENDINGS if "{friend}" not in line or "{friend}" in plot])
    return expand(f"{opening} {plot} {ending}", rng, WORDS, bound)


def _cast(rng: random.Random) -> dict[str, str]:
    is_boy = rng.random() < 0.5
    is_animal = rng.random() < 0.3
    hero = rng.choice(ANIMAL_NAMES if is_animal else BOYS if is_boy else GIRLS)
    parent, parent_pronoun = rng.choice([("mom", "she"), ("dad", "he"), ("grandma", "she"), ("grandpa", "he")])
    bound = {
        "hero": hero,
        "kind": rng.choice(ANIMALS) if is_animal else "boy" if is_boy else "girl",
        "friend": rng.choice([name for name in BOYS + GIRLS if name != hero]),
        "parent": parent, "psub": parent_pronoun,
        "sub": "he" if is_boy else "she", "Sub": "He" if is_boy else "She",
        "obj": "him" if is_boy else "her",
        "pos": "his" if is_boy else "her", "Pos": "His" if is_boy else "Her",
    }
    for slot in ("toy", "color", "flower", "food", "fruit", "stranger", "place"):
        bound[slot] = rng.choice(WORDS[slot])
    return bound
