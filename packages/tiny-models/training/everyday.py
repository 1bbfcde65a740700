"""A seeded grammar of everyday sentences: weather, food, wishes, small facts, requests and their endings."""

from __future__ import annotations

import random

from stories import BOYS, GIRLS
from templates import expand

CAPITALS = {
    "France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Germany": "Berlin", "Japan": "Tokyo", "Norway": "Oslo",
    "Sweden": "Stockholm", "Finland": "Helsinki", "Greece": "Athens", "Portugal": "Lisbon", "Egypt": "Cairo",
    "Austria": "Vienna", "Ireland": "Dublin", "Denmark": "Copenhagen", "Poland": "Warsaw", "China": "Beijing",
}

WORDS = {
    "name": BOYS + GIRLS,
    "nice": "good nice great lovely wonderful beautiful".split(),
    "sky": "sunny warm cold rainy windy cloudy snowy cool bright".split(),
    "plan": ["go to the park", "stay at home", "take a walk", "read a book", "drink some tea", "play outside",
             "work in the garden", "visit my friend", "bake a cake", "ride our bikes"],
    "take": ["take your umbrella", "wear a warm coat", "put on a hat", "drink a lot of water", "stay inside"],
    "meal": "breakfast lunch dinner".split(),
    "food": ["bread and butter", "soup", "rice", "pasta", "eggs", "fruit", "a salad", "fish", "pancakes", "noodles"],
    "drink": ["tea", "coffee", "milk", "water", "orange juice"],
    "hobby": ["read books", "play music", "paint pictures", "cook for my friends", "play football", "grow flowers",
              "look at the stars", "ride my bike", "learn new words", "write short stories"],
    "hobbying": ["reading books", "playing music", "painting pictures", "cooking", "playing football",
                 "growing flowers", "riding a bike", "writing stories"],
    "job": "teacher doctor farmer cook pilot writer nurse painter baker gardener".split(),
    "time": ["in the morning", "in the evening", "after lunch", "before bed", "on Sunday", "every day", "at the weekend"],
    "person": ["my mom", "my dad", "my friend", "my sister", "my brother", "my teacher", "my grandma", "my grandpa"],
    "where": ["at the park", "at home", "at school", "at the market", "in the garden", "by the sea", "in the city"],
    "animal": "cat dog bird horse rabbit fish duck cow sheep".split(),
    "task": ["sentence", "story", "puzzle", "picture", "list", "letter", "song"],
    "feel": "happy calm proud glad hopeful tired".split(),
    "topic": ["cats and dogs", "the weather", "a little boat", "a walk in the forest", "the sea", "a good friend"],
    "city": "city town village".split(),
}

WEATHER = [
    "[Today's weather|The weather today] is {sky} and {sky}[, so we will {plan}|. It is a good day to {plan}|, so please {take}|].",
    "Today's weather is [very|really|a little] {sky}[. Please {take}|, so I will {plan}|, and we want to {plan}|].",
    "Today is a {sky} day[, so I will {plan}|. Let us {plan}|. I want to {plan}].",
    "Tomorrow [will be|may be] {sky}[ and {sky}|], so [please {take}|we can {plan}|I will {plan}].",
    "Yesterday [was|it was] {sky}, so we [stayed at home|went to the park|took a long walk|baked a cake].",
    "It is {sky} outside[. {take} before you go|, so {take}|. I think I will {plan}].",
    "The sun is [shining|out|warm] [today|this morning], so we can {plan}.",
    "The rain [stopped|began] [in the morning|after lunch|in the evening], and we [went home|went outside|drank some tea].",
    "In [winter it is cold and the snow is white|spring the flowers grow|summer the days are long and warm|autumn the leaves are red and yellow].",
    "When it rains, [I|we] [stay at home and read|take an umbrella|drink hot tea|listen to the rain].",
]

ABOUT_ME = [
    "My name is {name}[ and I am a {job}|. I like to {hobby}|, and I live in a small {city}|. I am {feel} to meet you].",
    "Hello, my name is {name}[ and I like to {hobby}|. I am a {job}|. How are you today?|, and this is my friend {name}].",
    "Hello[! How are you today?|, {name}! It is {nice} to see you.|! I am {feel} to see you.]",
    "I like to {hobby} {time}[. It makes me {feel}| with {person}|].",
    "I love {hobbying}[ because it makes me {feel}| with {person}|. I do it {time}].",
    "I am {feel} [today|now] because [I saw {person}|the sun is shining|I finished my work|we will {plan}].",
    "I want to [{plan}|be a {job}|{hobby}|learn something new] {time}.",
    "I think [that it will be a {nice} day|we should {plan}|{person} will like this|it is time for {meal}].",
    "I have a {animal}[ at home|. Its name is [Coco|Milo|Pepper|Sunny]|. It likes to sleep {time}].",
    "For me, [the best part of the day is {meal}|{hobbying} is the best thing in the world|a {nice} day begins with a cup of {drink}].",
    "for me[, the best part of the day is {meal}|, it is time to {plan}| and my family|, a {nice} day begins with a cup of {drink}|, {hobbying} is the best thing in the world].",
    "[This book is|This cake is|She made this|He wrote a song|My mom baked a cake|Please do this|It is easy|It was hard] for me[.| and my [sister|brother|friend].]",
    "My {meal} [today |]was {food}[ and a glass of {drink}|. It was very good|].",
    "My favorite [food is [soup|pasta|rice|bread]|color is [blue|green|red|yellow]|day is [Sunday|Friday|Saturday]|animal is the {animal}][ because it makes me {feel}|].",
    "My [friend|sister|brother|teacher] [likes to cook|is a {job}|has a {animal}|lives by the sea|gave me a book].",
]

REQUESTS = [
    "Complete this {task}[ and read it aloud| with a happy ending| for me, please|, and then we can {plan}|].",
    "Complete this: [the sky is blue|the grass is green|the sun is warm|one, two, three, four, five].",
    "Complete this {task} for [me|your friend|the class] and [show it to|share it with] {person}.",
    "Please [close the door|open the window|help me with this {task}|wait for me {where}|write to me soon|sit down and have some {drink}].",
    "[Can|Could] you [help me|open the door|read this {task} for me|tell me a story], please?",
    "Write a [short |]{task} about [{topic}|a {animal}][.| and read it to {person}.]",
    "Write a [short |]story about a {animal}. The {animal} [was small and brave|lived on a farm|had many friends]. [It liked to sleep in the sun.|It was very happy.|]",
    "Tell me a story about [a {animal}|{topic}]. Once there was a {animal} who wanted to see the world.",
    "Let us {plan} {time}. It will be {nice}.",
    "To make [soup, you need water, salt and carrots|bread, you need flour, water and salt|tea, you need hot water and a cup|a cake, you need eggs, milk and flour].",
    "First, [wash your hands|open the box|read the book]. Then [sit down|take a pen|begin]. [At last|In the end], [you are done|you can rest].",
    "Thank you for [your help|the book|the {nice} day|coming today]. [It was very kind of you.|I hope to see you soon.|]",
    "The best way to [learn is to try again and again|start the day is with a {nice} {meal}|make friends is to be kind|rest is to sleep well].",
    "The secret to [a happy life|good soup|a good day] is [to be kind|a little salt|a cup of {drink} and a good friend].",
    "Summarize this: [the {animal} was happy because it was home|it was a {nice} day {where}].",
    "Translate this: [good morning, my friend|good night and sleep well|where is the {animal}?]",
]

FACTS = [
    "Large language models [read many words and learn to guess the next one|learn from a lot of text|can write stories and answer questions|are good at words, but they can be wrong|are trained on many books].",
    "Large language models [learn from a lot of text. They guess the next word, one at a time.|can help people write, read and learn.|can tell a story, but you should check the facts.]",
    "A [small|tiny|language] model can [write short sentences|tell a little story|run on your own computer|learn only a few things].",
    "Computers [can count very fast|follow the steps that people write|help us work and play|are good at numbers].",
    "A computer [is a machine that follows steps|can count very fast|can help you write a letter].",
    "The future of AI is [bright, but people must use it with care|in the hands of the people who make it|to help people learn and work|hard to guess].",
    "The future is [bright|hard to guess|in your hands].",
    "Machine learning is [a way to learn from examples|how a computer finds patterns in data].",
    "The capital of {country} is {capital}[. It is a beautiful city|. Many people live there|].",
    "The president of [the United States|{country}|the club] [is a busy person|lives in a big house|gave a speech today|met many people].",
    "The sun [is a star|gives us light|is very hot|comes up in the morning]. The moon [shines at night|goes around the Earth].",
    "The sky is blue[ and the grass is green|, and the clouds are white|].",
    "The {animal} [is sleeping [under the tree|on the chair|in the sun]|ran across the garden|is looking at me|wants to play|is my friend].",
    "The quick brown fox jumps over the lazy dog[. Then it runs home|].",
    "The [old man|young girl|{job}|farmer|king|queen] [lived in a small house|went to the market|sat by the river|had a {nice} idea][ and was happy| {time}|].",
    "The [meaning|purpose] of life is [to be kind and to learn|to love and to be loved|a good question].",
    "The meeting [is at nine|was long|will begin soon][. Please be on time|].",
    "The train [leaves at noon|is late today|stops in every {city}].",
    "The [movie|film|book|game] was {nice}[, and I want to see it again| from beginning to end|. I told {person} about it].",
    "People [like to talk about the weather|need food, water and sleep|can learn from each other].",
    "There are [seven days in a week|twelve months in a year|many stars in the sky|five apples on the table].",
    "One plus one is two. Two plus two is four.",
    "Water is [wet|good for you|cold in the lake]. Fire is hot. Ice is cold.",
    "Cats [like to sleep in the sun|are quiet and clever]. Dogs [like to run and play|are good friends].",
    "A good friend [listens to you|is always kind|helps you when you are sad].",
    "An apple [a day is good for you|is red or green|fell from the tree].",
    "Children [like to play outside|learn fast|love stories]. They [ask many questions|are always curious].",
    "If you are [tired, sleep|hungry, eat|sad, talk to a friend|lost, ask for help].",
    "What is [your name? My name is {name}|the capital of {country}? It is {capital}|the weather like? It is {sky}|for {meal}? We have {food}].",
    "How are you? I am [fine, thank you|very well|a little tired].",
    "Why is the sky blue? [Because light is made of many colors.|It is a good question.]",
    "We [went|walked|ran] to the [park|market|sea|station] and [met {person}|bought some bread|had a {nice} time].",
    "She [opened the door|looked at the sky|wrote a letter|took the bus] and {smiled}. He [said hello|went home|made some tea].",
    "He [opened the box|looked at the map|read a book|took the train] and {smiled}.",
    "They [sat by the fire and told stories|worked all day and slept all night|played games until dinner].",
    "In the morning, [I|we|they] [drink {drink} and read|eat {food}|walk to school|feed the {animal}].",
    "At night, [the stars are bright|the city is quiet|I read a book and sleep].",
    "Every day, [I learn something new|we walk to school|the {animal} waits at the door].",
    "Good morning[! Did you sleep well?|, {name}! It is time for breakfast.|! Today will be a {nice} day.]",
    "Good night[! Sleep well.|, {name}. See you tomorrow.]",
    "This is [a {nice} day|my friend {name}|the house where I live|a story about a {animal}|the end of the story].",
    "That is [a {nice} idea|all for today|why I like to {hobby}].",
    "Here is [a short story about a {animal}|your {drink}|the list of things we need: bread, milk and eggs].",
    "[Do not forget to|Remember to] {take} [today|when you go out|].",
]
WORDS["smiled"] = ["smiled", "laughed", "went outside", "began to sing"]

GROUPS = [WEATHER, ABOUT_ME, REQUESTS, FACTS, FACTS]


def everyday(rng: random.Random) -> str:
    """One to three everyday sentences; a second template follows now and then."""
    text = _sentence(rng)
    while rng.random() < 0.15:
        text = f"{text} {_sentence(rng)}"
    return text


def _sentence(rng: random.Random) -> str:
    country = rng.choice(sorted(CAPITALS))
    text = expand(rng.choice(rng.choice(GROUPS)), rng, WORDS, {"country": country, "capital": CAPITALS[country]})
    text = text.replace("?.", "?").replace("!.", "!").replace("..", ".")
    return text if text[-1] in ".?!" else f"{text}."
