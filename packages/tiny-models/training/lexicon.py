"""The words of the opinion grammar, by what they say and what they can be said of."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


THINGS = {
    "film": _words("film movie show series documentary story plot script dialogue scene ending acting cast performance soundtrack "
                   "comedy drama thriller sequel episode character director actor actress camera_work music writing film movie film movie"),
    "food": _words("food meal dish pizza soup salad burger pasta steak fish chicken rice bread dessert cake coffee tea sandwich "
                   "breakfast lunch dinner menu wine sauce taste flavor fries taco noodles sushi cheese food meal"),
    "place": _words("restaurant place service staff waiter waitress cafe bar hotel room atmosphere bathroom kitchen table view "
                    "location bed shop store museum visit stay pool music owner manager server service staff"),
    "product": _words("product phone battery screen headset camera laptop charger case cable keyboard speaker book shoes jacket "
                      "toy lamp chair vacuum app game software update device watch sound quality price design button charger "
                      "item purchase package instructions headphones microphone reception customer_service support delivery"),
}

# Said of anything.
GOOD = _words("good great excellent wonderful fantastic amazing awesome superb brilliant perfect lovely outstanding terrific "
              "fabulous marvelous beautiful nice impressive exceptional magnificent delightful incredible best fine enjoyable "
              "pleasant remarkable splendid top-notch first-class memorable phenomenal stellar solid decent fun cool special "
              "superior admirable charming satisfying pleasing stunning spectacular unforgettable flawless favorable great good "
              "wonderful excellent amazing")
BAD = _words("bad terrible awful horrible poor disappointing dreadful lousy pathetic horrid mediocre worst disgusting lame "
             "unacceptable atrocious appalling abysmal ridiculous inferior miserable annoying unpleasant useless worthless "
             "frustrating sad weak crappy unbearable nasty subpar laughable unsatisfying underwhelming inexcusable hideous "
             "shameful dismal trashy second-rate unimpressive sloppy bad terrible awful horrible poor garbage rubbish")

GOOD_OF = {
    "film": _words("funny moving touching gripping clever witty hilarious powerful original thrilling entertaining exciting "
                   "engaging compelling captivating thoughtful inspiring charming believable heartwarming smart suspenseful "
                   "fresh riveting magical well-written well-acted interesting creative emotional joyful"),
    "food": _words("delicious tasty fresh yummy flavorful juicy crispy tender hot delightful scrumptious mouthwatering "
                   "well-cooked savory rich authentic healthy sweet generous"),
    "place": _words("friendly clean cozy helpful attentive welcoming comfortable quick polite kind warm professional relaxing "
                    "charming quiet bright lively spotless prompt courteous caring inviting affordable spacious"),
    "product": _words("reliable sturdy fast useful durable handy sharp light comfortable easy_to_use well-made clear affordable "
                      "accurate powerful smooth sleek quiet quick practical dependable simple convenient loud_and_clear"),
}
BAD_OF = {
    "film": _words("boring dull predictable slow stupid silly confusing shallow pointless lifeless tedious flat unfunny cheesy "
                   "pretentious forgettable unoriginal wooden bland painful messy dumb long-winded lazy cliched cringeworthy "
                   "unbelievable hollow senseless overlong incoherent"),
    "food": _words("cold bland greasy stale burnt soggy overcooked undercooked tasteless dry salty raw rotten oily rubbery "
                   "flavorless chewy mushy bitter inedible watery gross overpriced sour spoiled tough"),
    "place": _words("rude dirty slow noisy unfriendly filthy crowded smelly overpriced careless unhelpful loud cramped dark "
                    "impolite unprofessional inattentive messy uncomfortable lazy arrogant unwelcoming shabby"),
    "product": _words("broken cheap flimsy defective unreliable slow heavy fragile noisy faulty overpriced dead buggy cheaply_made "
                      "poorly_made uncomfortable blurry scratched weak useless inaccurate clumsy bulky outdated"),
}

LOVED = _words("loved liked enjoyed adored recommend love like enjoy admire appreciated appreciate cherish")
HATED = _words("hated disliked hate dislike regret regretted despise despised detest loathed avoid")
GOOD_NOUNS = _words("masterpiece gem delight joy pleasure treat winner bargain success triumph must-see must-have treasure classic hit")
BAD_NOUNS = _words("disaster mess disappointment failure waste_of_money waste_of_time joke letdown nightmare rip-off mistake shame "
                   "flop insult piece_of_junk piece_of_garbage scam bore total_loss")
GOOD_FELT = _words("happy pleased satisfied impressed delighted thrilled glad excited amazed comfortable")
BAD_FELT = _words("disappointed unhappy angry upset annoyed frustrated dissatisfied bored disgusted unimpressed sad")
GOOD_ADVERBS = _words("well perfectly great beautifully wonderfully brilliantly smoothly flawlessly nicely fast reliably")
BAD_ADVERBS = _words("badly poorly terribly horribly slowly awfully sloppily carelessly miserably")

STRONG = _words("very really so extremely truly absolutely totally incredibly quite pretty simply just completely super particularly "
                "especially rather exceptionally surprisingly")
EVENTS = _words("yesterday last_week today on_Sunday last_night this_morning for_my_birthday with_my_family with_my_friends "
                "a_month_ago two_days_ago again twice for_lunch for_my_mother at_home")
PEOPLE = _words("my_wife my_husband my_kids my_friend my_mother everyone my_sister our_group the_whole_family my_son my_daughter")
