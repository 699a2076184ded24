"""The demo world: its alliances, their people, rounds and evaluations, by the acts alone.

Moments are reckoned back from `now`, chance comes from the seed: equal arguments give equal
worlds.
"""

from copy import copy
from datetime import datetime
from random import Random

from django.core.management import call_command
from django.db import transaction

from understream.access.refusal import Missing
from understream.console.world import evaluation, workshop
from understream.console.world.people import (
    COLD_CHAIN,
    DAY,
    HARBOUR,
    LONGER_FRESH,
    MILL,
    PASSWORD,
    PEOPLE,
    QUAY,
    TRIPS_BACK,
    found,
    moment,
)
from understream.console.world.round import (
    FRESH_REMARKS,
    PULSE,
    PULSE_FRESH,
    PULSE_LATER,
    PULSE_NOW,
    PULSE_REMARKS,
    SCANS,
    TITLES,
    TRUST,
    TRUST_REMARKS,
    close,
    confirm,
    moderate,
    open_round,
    plan,
    say,
)
from understream.domain import voice, world
from understream.domain.due import tick
from understream.records import guard

__all__ = ("PASSWORD", "PEOPLE", "build", "clear", "fill")


def build(*, seed: int, now: datetime) -> None:
    """Build the whole demo world, or nothing of it.

    :param seed: where all its chance comes from.
    :param now: the moment from which it is reckoned; one round stays open for seven days after.
    :raises NotEmpty: if the database holds anybody.
    """
    rng = Random(seed)  # noqa: S311 - a demo world is to be the same again; its links are mailed to nobody
    try:
        with transaction.atomic():
            world.make_demo(seed=seed)
            fill(now, rng)
    finally:
        world.forget()


def clear() -> None:
    """Empty the database of a demo world, so that another one can be built.

    :raises Missing: in a real world, of which nothing is ever emptied.
    """
    if not world.is_demo():
        raise Missing
    guard.lift()
    try:
        call_command("flush", interactive=False, verbosity=0)
    finally:
        guard.set_up()
        world.forget()


def fill(now: datetime, rng: Random) -> None:
    """Tell the story of the demo world, in the order in which it happened.

    :param rng: where its chance comes from.
    """
    aside = Random(copy(rng).getrandbits(64))  # noqa: S311 - as above; rounds keep their own chance
    cold_chain = found(COLD_CHAIN, {HARBOUR: 12, MILL: 9}, now - 400 * DAY, rng, moderated=True)
    three = {HARBOUR: 11, MILL: 8, QUAY: 4}
    fresh = found(LONGER_FRESH, three, now - 120 * DAY, rng, moderated=False)

    long_ago = Random(copy(aside).getrandbits(64))  # noqa: S311 - as above
    for number, (instrument, opinions) in enumerate(SCANS.items()):
        begun = now - (300 - 30 * number) * DAY
        scan = open_round(
            cold_chain, instrument, TITLES[instrument], begun, begun + 14 * DAY, long_ago
        )
        say(cold_chain, scan, instrument, opinions, {HARBOUR: 12, MILL: 9}, {}, long_ago)
        close(cold_chain, scan, begun + 14 * DAY, long_ago)

    evaluation.first_evaluation(cold_chain, now, aside)
    evaluation.keep_rhythm(cold_chain, now)

    first = open_round(cold_chain, "pulse", "First pulse", now - 63 * DAY, now - 49 * DAY, rng)
    say(cold_chain, first, "pulse", PULSE, {HARBOUR: 11, MILL: 9}, PULSE_REMARKS, rng)
    close(cold_chain, first, now - 49 * DAY, rng)
    moderate(cold_chain, first, PULSE_REMARKS, now - 46 * DAY, rng)

    second = evaluation.second_evaluation(cold_chain, now, aside)

    joint = open_round(fresh, "pulse", "Before the trial", now - 35 * DAY, now - 21 * DAY, rng)
    say(fresh, joint, "pulse", PULSE_FRESH, {HARBOUR: 10, MILL: 8}, FRESH_REMARKS, rng)
    voice.fill_form(
        fresh.managers[QUAY],
        joint,
        answers=(6, 5, 4, 6, 5, 6),
        comment="Wij meten, en missen wat er in de wagens gebeurt.",
        now=moment(now - 22 * DAY),
    )
    close(fresh, joint, now - 21 * DAY, rng)

    trust = open_round(
        cold_chain, "trust", "Trust between us", now - 24 * DAY, now - 10 * DAY, rng
    )
    say(cold_chain, trust, "trust", TRUST, {HARBOUR: 12, MILL: 9}, TRUST_REMARKS, rng)
    close(cold_chain, trust, now - 10 * DAY, rng)

    evaluation.begin_trial_evaluation(fresh, now, aside)
    evaluation.come_to_the_gate(cold_chain, second, now, aside)
    trips = found(TRIPS_BACK, {MILL: 6, HARBOUR: 5}, now - 14 * DAY, aside, moderated=True)
    evaluation.prepare_renewal(trips, now, aside)

    workshop.hold(cold_chain, now, aside)
    workshop.wait(fresh, now, aside)

    again = open_round(
        fresh, "pulse", "Half-way through the trial", now - 9 * DAY, now - DAY, aside
    )
    say(fresh, again, "pulse", PULSE_LATER, {HARBOUR: 11, MILL: 8}, {}, aside)
    voice.fill_form(
        fresh.managers[QUAY], again, answers=(6, 5, 5, 6, 5, 6), now=moment(now - 2 * DAY)
    )
    close(fresh, again, now - DAY, aside)

    pulse = open_round(cold_chain, "pulse", "Second pulse", now - 2 * DAY, now + 7 * DAY, rng)
    say(cold_chain, pulse, "pulse", PULSE_NOW, {HARBOUR: 6, MILL: 4}, {}, rng)

    waiting = plan(fresh, "trust", "Trust among three", now - 2 * DAY, now + 14 * DAY)
    confirm(fresh, HARBOUR, waiting, now - 2 * DAY, rng)
    tick(now=now, rng=rng)
