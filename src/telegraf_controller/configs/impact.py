"""What a change of what is served means for today's agents, worked out from the URLs that they report (V7).

An agent **would fail** when one of its URLs is served now and would get an error: Telegraf goes on with what it has
loaded, and cannot start again. Whoever gets an error already is not one of them. An agent that has fallen silent does
not keep anybody from saving, as it keeps nobody from deleting (V4), but it is told of.

The verdict is the renderer's own (`verdicts`), so serving and this cannot disagree. It is asked once for each shape of
a query (see `reported`), and for single agents only where their very values matter. So what it costs depends on how
different a fleet's URLs are, and hardly on how many agents there are.

The guard is asked in the transaction of the change, after `lock_content`: of two changes that go through only one by
one, the second sees the first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.configs.agents_at import (
    NONE,
    AgentUrls,
    Count,
    Pair,
    agents_at,
    count_at,
    each_at,
    pairs_at,
    those_at,
)
from telegraf_controller.configs.change import Change
from telegraf_controller.configs.reported import ReportedUrl, read_url
from telegraf_controller.configs.verdicts import Documents, Outcome, Verdict
from telegraf_controller.errors import Conflict, ControllerError, NotFound

MAX_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Example:
    """An agent that would fail, and what it would hear."""

    id: UUID
    instance_id: str
    hostname: str | None
    reporting: bool
    error: ControllerError


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change means for agents. `examples` is empty for who may not read agents."""

    would_fail: Count = NONE
    would_reload: Count = NONE
    """Agents with a URL whose `Last-Modified` moves, and that is served afterwards."""
    examples: list[Example] = field(default_factory=list)


async def impact_of(session: AsyncSession, by: Identity, change: Change) -> Impact:
    """Work out what a change would mean (V7)."""
    return await _examined(session, change, examples=by.may("agents:read"), reloads=True)


async def require_acceptance(session: AsyncSession, by: Identity, change: Change, *, accepted: bool) -> dict[str, int]:
    """Refuse a change that makes agents which are reporting fail, unless it was `accepted` with that (V7).

    Returns what the audit trail shows of it. Raises Conflict `agents_would_fail`.
    """
    if await _surely_harmless(session, change):
        return {}
    found = await _examined(session, change, examples=not accepted and by.may("agents:read"), reloads=False)
    failing = found.would_fail.reporting
    if failing and not accepted:
        raise _refusal(found)
    return {"agentsWouldFail": failing} if failing else {}


def shown(found: Impact) -> dict[str, object]:
    """Return what answers and refusals show of an impact."""
    return {
        "wouldFail": found.would_fail.reporting,
        "wouldFailNotReporting": found.would_fail.silent,
        "examples": [
            {
                "id": str(example.id),
                "instanceId": example.instance_id,
                "hostname": example.hostname,
                "reporting": example.reporting,
                "error": example.error.envelope(),
            }
            for example in found.examples
        ],
    }


def _refusal(found: Impact) -> Conflict:
    failing = found.would_fail.reporting
    number = "1 agent that is" if failing == 1 else f"{failing} agents that are"
    reason = f", such as: {found.examples[0].error.message}" if found.examples else "."
    return Conflict("agents_would_fail", f"{number} reporting would get an error{reason}", **shown(found))


async def _surely_harmless(session: AsyncSession, change: Change) -> bool:
    """Tell whether new texts demand nothing of URLs that the old ones did not, so that no agent needs to be looked at.

    That is so for nearly every save. What a configuration by itself does not demand, its groups do not either.
    """
    if not change.texts or change.constants or any(move.before != move.after for move in change.moves):
        return False
    documents = Documents(session, change)
    alone = [(config_id,) for config_id in change.texts]
    await documents.load(alone)
    for members in alone:
        after = documents.after(members)
        if after is None or not after.never_refuses_more_than(documents.before(members)):
            return False
    return True


async def _examined(session: AsyncSession, change: Change, *, examples: bool, reloads: bool) -> Impact:
    moves = {reference: move for move in change.moves for reference in move.references}
    pairs = await pairs_at(session, moves)
    # What no agent comes to need not even be read.
    found_at = {reference for reference, _ in pairs}
    concerned = [move for move in change.moves if not found_at.isdisjoint(move.references)]
    documents = Documents(session, change)
    await documents.load([members for move in concerned for members in (move.before, move.after)])
    judged = {id(move): Verdict(documents.before(move.before), documents.after(move.after)) for move in concerned}
    verdicts = {reference: judged[id(moves[reference])] for reference, _ in pairs}
    found = _Found(verdicts)
    for reference, shape in pairs:
        found.pairs[verdicts[reference].of_shape(shape)].append((reference, shape))
    await found.look_at_single_agents(session)
    return Impact(
        would_fail=await found.count(session, Outcome.CUT_OFF),
        would_reload=await found.count(session, Outcome.SERVED) if reloads else NONE,
        examples=await found.examples(session) if examples else [],
    )


class _Found:
    """What was found out so far: the outcome for all agents at a pair, and for single agents."""

    def __init__(self, verdicts: Mapping[str, Verdict]) -> None:
        self._verdicts = verdicts
        self.pairs: dict[Outcome, list[Pair]] = {outcome: [] for outcome in Outcome}
        self._single: dict[Outcome, dict[UUID, bool]] = {outcome: {} for outcome in Outcome}
        """Whether each is reporting."""
        self._single_examples: dict[bool, list[AgentUrls]] = {True: [], False: []}
        self._known: dict[object, Outcome] = {}

    async def look_at_single_agents(self, session: AsyncSession) -> None:
        """Find out about those whose shape does not say what happens."""
        if not self.pairs[Outcome.UNSURE]:
            return
        async for agent in each_at(session, self.pairs[Outcome.UNSURE]):
            for url in _urls_of(agent):
                if url.reference in self._verdicts:
                    self._note(agent, self._outcome(url))

    def _note(self, agent: AgentUrls, outcome: Outcome) -> None:
        self._single[outcome][agent.id] = agent.reporting
        examples = self._single_examples[agent.reporting]
        if outcome is Outcome.CUT_OFF and len(examples) < MAX_EXAMPLES:
            examples.append(agent)

    def _outcome(self, url: ReportedUrl) -> Outcome:
        verdict = self._verdicts[url.reference]
        key = url.reference, verdict.what_decides(url.query)
        outcome = self._known.get(key)
        if outcome is None:
            outcome = self._known[key] = verdict.of_query(url.query)
        return outcome

    async def count(self, session: AsyncSession, outcome: Outcome) -> Count:
        """Count the agents with a URL that comes out like this."""
        pairs, single = self.pairs[outcome], self._single[outcome]
        counted = await those_at(session, pairs, list(single)) if pairs and single else set()
        others = [reporting for agent_id, reporting in single.items() if agent_id not in counted]
        at_pairs = await count_at(session, pairs)
        return Count(at_pairs.reporting + others.count(True), at_pairs.silent + others.count(False))

    async def examples(self, session: AsyncSession) -> list[Example]:
        """Return some agents that would fail, of each shape at first, those that are reporting before the others."""
        examples: dict[UUID, Example] = {}
        for reporting in (True, False):
            pairs = sorted(self.pairs[Outcome.CUT_OFF])[:MAX_EXAMPLES]
            for number, pair in enumerate(pairs):
                share = -(-(MAX_EXAMPLES - len(examples)) // (len(pairs) - number))
                if share > 0:
                    self._add(examples, await agents_at(session, pair, reporting=reporting, limit=share))
            self._add(examples, self._single_examples[reporting])
        return list(examples.values())

    def _add(self, examples: dict[UUID, Example], agents: Collection[AgentUrls]) -> None:
        for agent in agents:
            error = self._what_is_heard(agent)
            if error is not None and len(examples) < MAX_EXAMPLES:
                example = Example(agent.id, agent.instance_id, agent.hostname, agent.reporting, error)
                examples.setdefault(agent.id, example)

    def _what_is_heard(self, agent: AgentUrls) -> ControllerError | None:
        """Return the error at the first of an agent's URLs that is cut off."""
        for url in _urls_of(agent):
            verdict = self._verdicts.get(url.reference)
            if verdict is not None and verdict.of_query(url.query) is Outcome.CUT_OFF:
                if verdict.after is None:
                    return NotFound("group" if url.kind == "group" else "configuration", url.key)
                return verdict.after.refusal(url.query)
        return None


def _urls_of(agent: AgentUrls) -> list[ReportedUrl]:
    return [url for configuration in agent.configurations if (url := read_url(configuration)) is not None]
