"""What the parties of the demo world conclude, each in the language of its people.

The moments of a demo world are reckoned back from the day it is built, so nothing here names a
season.
"""

from collections.abc import Mapping, Sequence

from understream.console.world.people import HARBOUR, MILL, QUAY
from understream.console.world.round import Opinion
from understream.domain.reflection import Words

TOPICS = tuple(f"EV{number}" for number in range(1, 17))
Reflection = Sequence[Words]
"""One conclusion a topic, in the order of the topics; shorter for one half written."""


def _not(sentence: str, sure: str = "high") -> Words:
    return Words(change="not", sentence=sentence, sure=sure)


def _little(effect: str, sentence: str, sure: str = "high") -> Words:
    return Words(change="little", effect=effect, sentence=sentence, sure=sure)


def _lot(effect: str, sentence: str, sure: str = "high") -> Words:
    return Words(change="lot", effect=effect, sentence=sentence, sure=sure)


def _rated(rating: int, direction: str, sentence: str, sure: str = "high") -> Words:
    return Words(rating=rating, direction=direction, sentence=sentence, sure=sure)


FIRST: dict[str, Reflection] = {
    HARBOUR: (
        _little(
            "helps",
            "Wij begonnen om het volume; nu willen we ook dat de wagens niet leeg terugkomen.",
        ),
        _not("Gekoeld vervoer naar de binnenhavens blijft een van onze drie speerpunten."),
        _lot(
            "hurts",
            "Door de reorganisatie is onze stuurgroep gehalveerd en wacht elk besluit op de "
            "directie.",
        ),
        _little(
            "helps",
            "Winkels bestellen kleiner en vaker; vaste afvaarten passen daarbij.",
            "medium",
        ),
        _not("Er is niets veranderd waar wij op een gewone dag iets van merken.", "medium"),
        _little(
            "neither", "Er is een tweede vervoerder bij gekomen, nog zonder koeling.", "medium"
        ),
        _rated(5, "better", "Negen van de tien ladingen komen binnen het afgesproken venster."),
        _rated(
            5,
            "same",
            "Wij verdienen eraan en Mill bespaart; of dat in verhouding is, weten we niet.",
            "low",
        ),
        _rated(4, "worse", "Het ligt aan ons: een wijziging gaat nu langs drie bureaus."),
        _rated(
            5, "same", "De wagens zijn er; de koppeling van onze planningen nog niet.", "medium"
        ),
        _rated(5, "same", "We lopen de risico's elk kwartaal samen na.", "medium"),
        _rated(6, "same", "Wat we toezeggen komt er, soms een week later."),
        _rated(
            5,
            "same",
            "In het maandoverleg kan veel gezegd worden; over schade praten we liever apart.",
            "medium",
        ),
        _rated(
            5,
            "same",
            "De planners lossen een verschil op voordat het op papier komt; voor ons werkt dat.",
        ),
        _rated(
            6, "same", "Mill blijft van de rusttijden van onze chauffeurs af, ook als het druk is."
        ),
        _rated(
            5,
            "better",
            "Op de kade hebben mensen er plezier in; op kantoor na de reorganisatie minder.",
            "medium",
        ),
    ),
    MILL: (
        _not("We came in for cold transport we can rely on, and that is still what we want."),
        _little("helps", "Fewer carriers and longer contracts: this alliance fits that well."),
        _not("Our board asks about it twice a year and leaves us to it."),
        _little("helps", "Shops want to know to the hour when a load comes in."),
        _little(
            "neither", "The hygiene code asks for a temperature record of more trips.", "medium"
        ),
        _not("We see nobody else who could carry this volume inland.", "medium"),
        _rated(5, "better", "Most loads arrive as agreed; those that do not are the urgent ones."),
        _rated(
            4, "same", "We pay for a late truck and have never talked about who should.", "medium"
        ),
        _rated(
            2,
            "worse",
            "We ask on Monday and hear on Thursday, and by then we have found another truck.",
        ),
        _rated(4, "same", "We type the same order into two systems."),
        _rated(4, "same", "We list the risks together and do not act on the list.", "medium"),
        _rated(4, "worse", "Things are promised by people who cannot promise them.", "medium"),
        _rated(4, "same", "We hear of a delay from the driver before we hear it from the office."),
        _rated(
            3,
            "same",
            "The monthly meeting is too late: by then we have swallowed it, or somebody is angry.",
        ),
        _rated(6, "same", "Nobody has ever asked us to cut a corner on temperature."),
        _rated(
            5,
            "same",
            "The planners like working together; their managers see little of it.",
            "medium",
        ),
    ),
}
"""The first evaluation of the cold chain: Harbour reorganises and decides late."""

SECOND: dict[str, Reflection] = {
    HARBOUR: (
        _not("Wij willen nog steeds groeien op de binnenhavens, met Mill als eerste klant."),
        _little(
            "helps", "De binnenhavens staan hoger op onze agenda dan de vorige keer.", "medium"
        ),
        _little("helps", "De stuurgroep is weer compleet en beslist zelf tot een week vooruit."),
        _little("hurts", "Winkels bestellen later; wij rijden vaker halfvol.", "medium"),
        _little("neither", "Het temperatuurverslag per rit kostte ons twee maanden werk."),
        _little(
            "hurts", "Er is een tweede vervoerder met koeling, en die belt onze klanten.", "medium"
        ),
        _rated(5, "same", "We halen de tijden, maar het aantal ladingen loopt terug."),
        _rated(
            5,
            "same",
            "De wachttijd delen we nu; over halflege ritten is nog niets afgesproken.",
            "medium",
        ),
        _rated(5, "better", "Onze planner beslist nu zelf, en dat merkt iedereen."),
        _rated(
            4, "worse", "De koppeling van de planningen ligt stil; wij wachten op Mill.", "medium"
        ),
        _rated(
            4,
            "worse",
            "Dat Mill minder zou gaan laden, hadden we willen weten voordat het gebeurde.",
        ),
        _rated(4, "worse", "Afspraken over volume zijn stilletjes wensen geworden.", "medium"),
        _rated(
            3,
            "worse",
            "Wij vragen naar het nieuwe distributiecentrum en krijgen een vriendelijk antwoord "
            "zonder inhoud.",
        ),
        _rated(
            5,
            "better",
            "De tien minuten op vrijdag helpen: we horen dingen als ze nog klein zijn.",
        ),
        _rated(5, "same", "Ze blijven van de rusttijden af, ook in drukke weken."),
        _rated(4, "worse", "Op de kade vraagt men zich af of dit nog wel doorgaat.", "medium"),
    ),
    MILL: (
        _lot(
            "hurts",
            "Our board wants a distribution centre of its own inland; loads with Harbour become a "
            "smaller part of our plans.",
        ),
        _lot("hurts", "We no longer tie most of our volume to one carrier."),
        _little("hurts", "We get one day a week for this instead of two."),
        _little("neither", "Shops order later, and we pass that on without meaning to.", "medium"),
        _little("neither", "The temperature record is in place and costs us little.", "medium"),
        _little("helps", "There is a second cooled carrier, so that we can compare.", "medium"),
        _rated(5, "same", "What was agreed is delivered; it fits our orders less well.", "medium"),
        _rated(3, "worse", "We still carry the whole cost of a truck that is half empty."),
        _rated(3, "same", "Planning decides fast now; anything about money still takes a month."),
        _rated(5, "better", "The list on Friday saves us a day of telephone calls.", "medium"),
        _rated(
            2,
            "worse",
            "We knew early that our volumes would fall and found no moment to say so.",
        ),
        _rated(5, "better", "Harbour does what it says, and sooner than the last time."),
        _rated(3, "worse", "This time we were the ones who were not open, and we know it."),
        _rated(
            4,
            "better",
            "The talk on Friday works for small things and is not the place for the large one.",
            "medium",
        ),
        _rated(6, "same", "Nobody put pressure on us when our volumes fell."),
        _rated(4, "same", "People like the work and do not know how long it lasts.", "medium"),
    ),
}
"""The second evaluation of the cold chain: Mill has changed course, and did not say so."""

TRIAL: dict[str, Reflection] = {
    HARBOUR: (
        _little(
            "helps",
            "Wij deden mee om te leren; nu willen we er de koeling van alle wagens mee instellen.",
        ),
        _not("De proef past bij ons plan voor minder verlies onderweg."),
        _little("hurts", "Onze chauffeurs krijgen geen uren om de sensoren uit te lezen."),
        _little("helps", "Een nieuwe klant vroeg meteen naar de meetgegevens.", "medium"),
        _not("Wij merken er niets van.", "medium"),
        Words(change="little", effect="neither"),
        _rated(
            4,
            "same",
            "De proef loopt, maar er is nog niets waar onze planning mee kan werken.",
            "medium",
        ),
        Words(rating=4, sentence="Over wie de gegevens mag gebruiken"),
        _rated(5, "same", "Voor kleine dingen bellen we elkaar, en dat gaat snel.", "medium"),
    ),
    MILL: (
        _not("We want to know how many days of freshness are lost on the road, and still do."),
        _little("helps", "Our target for waste was doubled, so that this trial counts for more."),
        _not("Our quality team gets the time it asked for.", "medium"),
        _little("helps", "Two shops have asked for the figures already.", "medium"),
        _not("Nothing changed that touches the trial.", "medium"),
        _little("neither", "A competitor has begun something like it.", "low"),
        _rated(5, "better", "The sensors work in nineteen trucks of twenty-four."),
        _rated(4, "same", "Who may use the figures afterwards is open, and it slows us down."),
        _rated(3, "worse", "Three parties, three calendars: a yes takes three weeks."),
        _rated(6, "better", "What we need for measuring is there."),
        _rated(
            4, "same", "If the figures are bad for one of us, we do not know what we do.", "medium"
        ),
        _rated(6, "same", "Everybody brings what they said they would."),
        _rated(
            5, "same", "We ask awkward questions about method, and fewer about money.", "medium"
        ),
        _rated(
            5,
            "same",
            "How to count a spoiled load: we differ, and settle it on the spot.",
            "medium",
        ),
        _rated(6, "same", "The university never published a line that we had not seen."),
        _rated(6, "better", "It is the meeting that people do not want to miss."),
    ),
    QUAY: (
        _little(
            "helps",
            "Wij begonnen met een meetvraag en willen nu ook begrijpen waarom mensen van het "
            "protocol afwijken.",
        ),
        _not("Onderzoek samen met bedrijven blijft waar onze groep voor staat."),
        _little("hurts", "Een van ons vieren heeft er een tweede taak bij gekregen."),
        _not("Naar onze resultaten is evenveel vraag als aan het begin.", "medium"),
        _little(
            "helps",
            "Een subsidie vraagt om open gegevens; dat dwingt ons tot een afspraak.",
            "medium",
        ),
        _not("Wij kennen geen tweede proef van deze omvang.", "low"),
        _rated(
            5, "same", "De metingen kloppen, maar de helft van de ritten mist een beginwaarde."
        ),
        _rated(
            3, "worse", "Wij doen de analyse en weten nog niet wat we ervan mogen opschrijven."
        ),
        _rated(
            4, "same", "Besluiten komen er, meestal een vergadering later dan bedoeld.", "medium"
        ),
        _rated(5, "same", "Er is genoeg materiaal; de chauffeurs hebben te weinig tijd."),
        _rated(
            4,
            "same",
            "De technische risico's zien we goed, de risico's voor elkaar minder.",
            "medium",
        ),
        _rated(6, "same", "Wat er wordt toegezegd, komt."),
        _rated(5, "better", "Slechte cijfers liggen nu dezelfde dag op tafel.", "medium"),
        _rated(5, "same", "We zijn het vaak oneens over de methode, en dat maakt het werk beter."),
        _rated(5, "same", "Niemand vroeg ons ooit een uitkomst mooier te maken."),
        _rated(5, "same", "Wij hebben er plezier in, en zijn met weinig."),
    ),
}
"""The first evaluation of the trial: Harbour is still writing."""

CHANGES = {"not": (0.75, 0.2, 0.05), "little": (0.15, 0.7, 0.15), "lot": (0.05, 0.25, 0.7)}
EFFECTS = {"helps": (0.7, 0.1, 0.2), "hurts": (0.1, 0.7, 0.2), "neither": (0.15, 0.15, 0.7)}


def opinions_within(
    reflections: Mapping[str, Reflection], otherwise: Mapping[str, Mapping[str, Opinion]]
) -> dict[str, dict[str, Opinion]]:
    """Return how each party's people answer: around what it concludes, except for some topics.

    :param otherwise: by party and code, where its people say something else.
    """
    return {
        party: _opinions(reflection) | dict(otherwise.get(party, {}))
        for party, reflection in reflections.items()
    }


def _opinions(reflection: Reflection) -> dict[str, Opinion]:
    opinions = {}
    for code, words in zip(TOPICS, reflection, strict=False):
        if words.change:
            opinions[code] = Opinion(0, shares=CHANGES[words.change])
            opinions[f"{code}E"] = Opinion(0, shares=EFFECTS[words.effect or "neither"])
        else:
            opinions[code] = Opinion(words.rating)
    return opinions
