"""The table of tables: importing this module registers every table, and offers none.

Voices are registered here without being offered: whoever imports this module gets modules,
so the contract "one door to voices" (pyproject.toml) sees every way to a raw answer.
"""

import understream.records.alliance
import understream.records.answer
import understream.records.attendee
import understream.records.commitment
import understream.records.cycle
import understream.records.due
import understream.records.evaluation
import understream.records.instrument
import understream.records.invitation
import understream.records.joint
import understream.records.journal
import understream.records.move
import understream.records.organisation
import understream.records.pair
import understream.records.participation
import understream.records.person
import understream.records.pool
import understream.records.reflection
import understream.records.release
import understream.records.round
import understream.records.seal
import understream.records.seat
import understream.records.spotlight
import understream.records.statement
import understream.records.theme
import understream.records.voice
import understream.records.workshop
import understream.records.world  # noqa: F401 - the import is what registers the table
