"""Wishes and wire states: whatever is lost, late or refused, the wire ends where the wishes are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kucoin_sync.protocol.subscriptions import Command, SubscriptionTable, Wire

ANSWER_TIMEOUT = 5.0
RETRY_DELAY = 1.0


def pairs(topics: Sequence[str]) -> list[tuple[str, ...]]:
    """Group by the part before the colon, two topics a frame."""
    groups: list[tuple[str, ...]] = []
    for path in dict.fromkeys(topic.partition(":")[0] for topic in topics):
        same = [topic for topic in topics if topic.partition(":")[0] == path]
        groups += [tuple(same[start : start + 2]) for start in range(0, len(same), 2)]
    return groups


@pytest.fixture
def table() -> SubscriptionTable:
    return SubscriptionTable(pairs, answer_timeout=ANSWER_TIMEOUT, retry_delay=RETRY_DELAY)


def send(table: SubscriptionTable, request_id: str, now: float = 0.0) -> Command:
    """Send the next command, which there must be."""
    command = table.next_command(now)
    assert command is not None
    table.sent(request_id, command, now)
    return command


def activate(table: SubscriptionTable, *topics: str) -> None:
    table.add(topics)
    number = 0
    while table.unconfirmed():
        number += 1
        send(table, f"activate-{number}")
        table.acknowledged(f"activate-{number}")


def test_a_wish_becomes_a_subscribe_and_an_ack_makes_it_active(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    assert table.unconfirmed() == {"/a:1"}
    assert send(table, "1") == Command(True, ("/a:1",))
    assert table.wire("/a:1") is Wire.SUBSCRIBING
    assert table.acknowledged("1") == Command(True, ("/a:1",))
    assert table.wire("/a:1") is Wire.ACTIVE
    assert table.unconfirmed() == frozenset()
    assert table.next_command(0.0) is None


def test_topics_leave_in_groups_and_in_the_order_of_the_groups(table: SubscriptionTable) -> None:
    table.add(["/a:1", "/b:1", "/a:2", "/a:3"])
    assert table.wanted() == ("/a:1", "/b:1", "/a:2", "/a:3")
    assert [send(table, str(n)).topics for n in range(3)] == [("/a:1", "/a:2"), ("/a:3",), ("/b:1",)]
    assert table.next_command(0.0) is None


def test_a_topic_that_is_renewed_is_unsubscribed_and_subscribed_again(table: SubscriptionTable) -> None:
    activate(table, "/a:1", "/a:2")
    table.renew("/a:1")
    table.renew("/nobody:1")
    assert send(table, "off") == Command(False, ("/a:1",))
    assert table.next_command(0.0) is None  # not before the answer
    assert table.acknowledged("off") is not None
    assert table.unconfirmed() == {"/a:1"}
    assert send(table, "on") == Command(True, ("/a:1",))
    table.acknowledged("on")
    assert table.wire("/a:1") is Wire.ACTIVE
    assert table.next_command(0.0) is None


@pytest.mark.parametrize("state", ["refused", "lost", "unanswered"])
def test_a_topic_that_is_renewed_is_active_in_the_end(table: SubscriptionTable, state: str) -> None:
    """Whatever becomes of the unsubscribe."""
    activate(table, "/a:1")
    table.renew("/a:1")
    assert send(table, "off") == Command(False, ("/a:1",))
    now = 0.0
    if state == "refused":
        table.refused("off", now, final=True)
        now += RETRY_DELAY
    elif state == "lost":
        table.line_lost()
    else:
        now = ANSWER_TIMEOUT
        assert send(table, "again", now) == Command(False, ("/a:1",))
        table.acknowledged("again")
    assert send(table, "on", now) == Command(True, ("/a:1",))
    table.acknowledged("on")
    assert table.wire("/a:1") is Wire.ACTIVE
    assert table.next_command(now) is None


def test_a_topic_that_is_renewed_and_then_not_wanted_is_let_go(table: SubscriptionTable) -> None:
    activate(table, "/a:1")
    table.renew("/a:1")
    send(table, "off")
    table.remove(["/a:1"])
    table.acknowledged("off")
    assert table.next_command(0.0) is None
    assert "/a:1" not in table


def test_one_subscription_serves_all_who_want_the_topic(table: SubscriptionTable) -> None:
    activate(table, "/a:1")
    table.add(["/a:1"])
    assert table.next_command(0.0) is None
    table.remove(["/a:1"])
    assert table.next_command(0.0) is None
    table.remove(["/a:1"])
    assert send(table, "1") == Command(False, ("/a:1",))
    table.acknowledged("1")
    assert len(table) == 0


def test_a_topic_that_nobody_wants_any_more_is_forgotten_before_it_was_sent(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    table.remove(["/a:1"])
    assert table.next_command(0.0) is None
    assert len(table) == 0


def test_removing_what_nobody_wants_changes_nothing(table: SubscriptionTable) -> None:
    table.remove(["/a:1"])
    table.add(["/a:1"])
    assert table.wanted() == ("/a:1",)


def test_a_subscribe_that_overtakes_an_unsubscribe_is_sent_after_its_answer(table: SubscriptionTable) -> None:
    activate(table, "/a:1")
    table.remove(["/a:1"])
    send(table, "off")
    table.add(["/a:1"])
    assert table.next_command(0.0) is None
    table.acknowledged("off")
    assert send(table, "on") == Command(True, ("/a:1",))


def test_an_unsubscribe_that_overtakes_a_subscribe_is_sent_after_its_answer(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    send(table, "on")
    table.remove(["/a:1"])
    assert table.next_command(0.0) is None
    table.acknowledged("on")
    assert send(table, "off") == Command(False, ("/a:1",))


def test_S13_an_unsubscribe_during_a_reconnect_leaves_no_zombie(table: SubscriptionTable) -> None:
    """The resubscribe reads the wishes when it is sent, not when the line was lost."""
    activate(table, "/a:1", "/a:2")
    table.line_lost()
    table.remove(["/a:2"])
    assert send(table, "1") == Command(True, ("/a:1",))
    assert table.next_command(0.0) is None
    table.acknowledged("1")
    assert table.wanted() == ("/a:1",)
    assert len(table) == 1


def test_S13_an_unsubscribe_between_resubscribe_and_ack_leaves_no_zombie(table: SubscriptionTable) -> None:
    activate(table, "/a:1")
    table.line_lost()
    send(table, "again")
    table.remove(["/a:1"])
    table.acknowledged("again")
    assert send(table, "off") == Command(False, ("/a:1",))


def test_a_lost_line_forgets_the_wire_and_keeps_the_wishes(table: SubscriptionTable) -> None:
    activate(table, "/a:1", "/b:1")
    table.line_lost()
    assert table.wanted() == ("/a:1", "/b:1")
    assert table.unconfirmed() == {"/a:1", "/b:1"}
    assert table.wire("/a:1") is Wire.IDLE


def test_an_answer_from_the_line_before_is_nobodys(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    send(table, "old")
    table.line_lost()
    assert table.acknowledged("old") is None
    assert table.refused("old", 0.0, final=True) is None
    assert table.unconfirmed() == {"/a:1"}


def test_S12_an_unanswered_subscribe_is_sent_again_no_earlier_and_no_later(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    send(table, "1", now=10.0)
    assert table.next_due() == 10.0 + ANSWER_TIMEOUT
    assert table.next_command(10.0 + ANSWER_TIMEOUT - 0.001) is None
    assert table.next_command(10.0 + ANSWER_TIMEOUT) == Command(True, ("/a:1",))


def test_S12_data_confirms_a_subscribe_whose_ack_is_missing(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    send(table, "1")
    assert table.data_seen("/a:1") is True
    assert table.wire("/a:1") is Wire.ACTIVE
    assert table.data_seen("/a:1") is False
    assert table.next_command(ANSWER_TIMEOUT) is None


def test_data_of_a_topic_nobody_asked_for_confirms_nothing(table: SubscriptionTable) -> None:
    assert table.data_seen("/a:1") is False
    assert len(table) == 0


def test_data_during_an_unsubscribe_does_not_revive_the_topic(table: SubscriptionTable) -> None:
    activate(table, "/a:1")
    table.remove(["/a:1"])
    send(table, "off")
    assert table.data_seen("/a:1") is False
    assert table.wire("/a:1") is Wire.UNSUBSCRIBING


def test_S12_a_subscribe_without_an_answer_is_taken_back_when_nobody_wants_it_any_more(
    table: SubscriptionTable,
) -> None:
    """Its ack may have been what was lost: then the exchange goes on sending."""
    table.add(["/a:1"])
    send(table, "on")
    table.remove(["/a:1"])
    assert table.next_command(ANSWER_TIMEOUT) == Command(False, ("/a:1",))


def test_S12_a_wish_given_up_after_the_answer_was_overdue_is_taken_back_too(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    send(table, "on")
    assert table.next_command(ANSWER_TIMEOUT) == Command(True, ("/a:1",))
    table.remove(["/a:1"])
    assert table.next_command(ANSWER_TIMEOUT) == Command(False, ("/a:1",))


def test_a_topic_wanted_again_while_its_unsubscribe_stays_unanswered_is_subscribed_again(
    table: SubscriptionTable,
) -> None:
    """The exchange may have stopped sending: to take it for active would be silence without an error."""
    activate(table, "/a:1")
    table.remove(["/a:1"])
    send(table, "off")
    table.add(["/a:1"])
    assert table.next_command(ANSWER_TIMEOUT) == Command(True, ("/a:1",))


def test_an_unanswered_unsubscribe_is_sent_again(table: SubscriptionTable) -> None:
    activate(table, "/a:1")
    table.remove(["/a:1"])
    send(table, "off")
    assert table.next_command(ANSWER_TIMEOUT - 0.001) is None
    assert table.next_command(ANSWER_TIMEOUT) == Command(False, ("/a:1",))


def test_S11_a_final_refusal_drops_the_wish(table: SubscriptionTable) -> None:
    table.add(["/a:1", "/b:1"])
    send(table, "1")
    assert table.refused("1", 0.0, final=True) == Command(True, ("/a:1",))
    assert table.wanted() == ("/b:1",)
    assert len(table) == 1


def test_S11_a_passing_refusal_is_asked_again_no_earlier_and_no_later(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    send(table, "1")
    assert table.refused("1", 7.0, final=False) == Command(True, ("/a:1",))
    assert table.wanted() == ("/a:1",)
    assert table.next_due() == 7.0 + RETRY_DELAY
    assert table.next_command(7.0 + RETRY_DELAY - 0.001) is None
    assert table.next_command(7.0 + RETRY_DELAY) == Command(True, ("/a:1",))


def test_an_unsubscribe_refused_for_good_means_that_nothing_was_subscribed(table: SubscriptionTable) -> None:
    activate(table, "/a:1")
    table.remove(["/a:1"])
    send(table, "off")
    assert table.refused("off", 0.0, final=True) == Command(False, ("/a:1",))
    assert len(table) == 0


def test_an_unsubscribe_refused_for_a_passing_reason_is_sent_again(table: SubscriptionTable) -> None:
    """A busy server has not stopped sending."""
    activate(table, "/a:1")
    table.remove(["/a:1"])
    send(table, "off")
    table.refused("off", 0.0, final=False)
    assert table.next_command(RETRY_DELAY) == Command(False, ("/a:1",))


@pytest.mark.parametrize("answer", ["acknowledged", "refused"])
def test_an_answer_with_an_unknown_id_is_nobodys(table: SubscriptionTable, answer: str) -> None:
    table.add(["/a:1"])
    send(table, "1")
    taken = table.acknowledged("2") if answer == "acknowledged" else table.refused("2", 0.0, final=True)
    assert taken is None
    assert table.wire("/a:1") is Wire.SUBSCRIBING


@pytest.mark.parametrize("answer", ["acknowledged", "refused"])
def test_an_answer_counts_once(table: SubscriptionTable, answer: str) -> None:
    table.add(["/a:1"])
    send(table, "1")
    table.acknowledged("1")
    taken = table.acknowledged("1") if answer == "acknowledged" else table.refused("1", 0.0, final=True)
    assert taken is None
    assert table.wire("/a:1") is Wire.ACTIVE


def test_nothing_to_do_is_due_never(table: SubscriptionTable) -> None:
    assert table.next_due() == float("inf")
    activate(table, "/a:1")
    assert table.next_due() == float("inf")


def wide(topics: Sequence[str]) -> list[tuple[str, ...]]:
    """All in one frame."""
    return [tuple(topics)]


@pytest.mark.parametrize("bad", [{"/a:3"}, {"/a:0", "/a:7"}, {f"/a:{n}" for n in range(8)}, set()], ids=len)
def test_S11_one_bad_topic_of_a_frame_costs_no_other(bad: set[str]) -> None:
    """A refused frame is sent again in halves until the topics to blame stand alone."""
    table = SubscriptionTable(wide, answer_timeout=ANSWER_TIMEOUT)
    topics = [f"/a:{n}" for n in range(8)]
    table.add(topics)
    frames = 0
    while (command := table.next_command(0.0)) is not None:
        frames += 1
        request_id = str(frames)
        table.sent(request_id, command, 0.0)
        if not bad & set(command.topics):
            table.acknowledged(request_id)
        elif not table.split(request_id):
            assert len(command.topics) == 1
            table.refused(request_id, 0.0, final=True)
    assert {topic for topic in topics if table.wire(topic) is Wire.ACTIVE} == set(topics) - bad
    assert set(table.wanted()) == set(topics) - bad
    assert frames <= 1 + 2 * 3 * max(1, len(bad))


def test_a_frame_of_one_topic_cannot_be_split(table: SubscriptionTable) -> None:
    table.add(["/a:1"])
    send(table, "1")
    assert not table.split("1")
    assert not table.split("of somebody else")
    assert table.refused("1", 0.0, final=True) == Command(True, ("/a:1",))


def test_an_unsubscribe_is_not_split(table: SubscriptionTable) -> None:
    """Its refusal means that nothing was subscribed."""
    activate(table, "/a:1", "/a:2")
    table.remove(["/a:1", "/a:2"])
    send(table, "1")
    assert not table.split("1")


def test_a_topic_that_was_confirmed_alone_shares_a_frame_again_after_a_reconnect() -> None:
    table = SubscriptionTable(wide, answer_timeout=ANSWER_TIMEOUT)
    table.add(["/a:1", "/a:2"])
    send(table, "1")
    assert table.split("1")
    for request_id in ("2", "3"):
        assert len(send(table, request_id).topics) == 1
        table.acknowledged(request_id)
    table.line_lost()
    assert table.next_command(0.0) == Command(True, ("/a:1", "/a:2"))


class Exchange(RuleBasedStateMachine):
    """
    The table against an exchange that takes commands in order and may lose, delay and refuse.

    Whatever happened: once the exchange answers again, it sends exactly what is wanted.
    """

    TOPICS = st.sampled_from(["/a:1", "/a:2", "/a:3", "/b:1", "/refused:1"])

    @initialize()
    def begin(self) -> None:
        self.table = SubscriptionTable(pairs, answer_timeout=ANSWER_TIMEOUT, retry_delay=RETRY_DELAY)
        self.now = 0.0
        self.count = 0
        self.users: Counter[str] = Counter()
        self.subscribed: set[str] = set()  # at the exchange
        self.travelling: list[tuple[str, Command]] = []
        self.answers: list[tuple[str, str]] = []

    @rule(topics=st.lists(TOPICS, min_size=1, max_size=3, unique=True))
    def somebody_wants(self, topics: list[str]) -> None:
        self.table.add(topics)
        self.users.update(topics)

    @rule(topic=TOPICS)
    def renew(self, topic: str) -> None:
        self.table.renew(topic)

    @rule(topic=TOPICS)
    def somebody_leaves(self, topic: str) -> None:
        if self.users[topic]:
            self.table.remove([topic])
            self.users[topic] -= 1

    @rule()
    def a_command_leaves(self) -> None:
        self.send_next()

    def send_next(self) -> bool:
        command = self.table.next_command(self.now)
        if command is None:
            return False
        assert len({topic.partition(":")[0] for topic in command.topics}) == 1
        self.count += 1
        self.table.sent(str(self.count), command, self.now)
        self.travelling.append((str(self.count), command))
        return True

    @precondition(lambda self: self.travelling)
    @rule()
    def the_exchange_acts(self) -> None:
        request_id, command = self.travelling.pop(0)
        if command.topics[0].startswith("/refused"):
            self.answers.append((request_id, "never"))
            return
        if command.subscribe:
            self.subscribed.update(command.topics)
        else:
            self.subscribed.difference_update(command.topics)
        self.answers.append((request_id, "yes"))

    @precondition(lambda self: self.travelling)
    @rule()
    def the_exchange_is_busy(self) -> None:
        self.answers.append((self.travelling.pop(0)[0], "not now"))

    @precondition(lambda self: self.answers)
    @rule()
    def an_answer_arrives(self) -> None:
        request_id, answer = self.answers.pop(0)
        if answer == "yes":
            self.table.acknowledged(request_id)
            return
        command = self.table.refused(request_id, self.now, final=answer == "never")
        if command is not None and command.subscribe and answer == "never":
            for topic in command.topics:
                self.users[topic] = 0

    @precondition(lambda self: self.answers)
    @rule()
    def an_answer_is_lost(self) -> None:
        self.answers.pop(0)

    @precondition(lambda self: self.subscribed)
    @rule()
    def data_arrives(self) -> None:
        for topic in self.subscribed:
            self.table.data_seen(topic)

    @rule(seconds=st.sampled_from([0.1, RETRY_DELAY, ANSWER_TIMEOUT]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def the_line_is_lost(self) -> None:
        self.subscribed.clear()
        self.travelling.clear()
        self.answers.clear()
        self.table.line_lost()

    @invariant()
    def the_table_knows_the_wishes(self) -> None:
        if hasattr(self, "table"):
            assert set(self.table.wanted()) == {topic for topic, count in self.users.items() if count}

    def teardown(self) -> None:
        if not hasattr(self, "table"):
            return
        for _ in range(60):
            while self.travelling:
                self.the_exchange_acts()
            while self.answers:
                self.an_answer_arrives()
            if not self.send_next():
                due = self.table.next_due()
                if due == float("inf"):
                    break
                self.now = max(self.now, due)
        wanted = {topic for topic, count in self.users.items() if count}
        assert self.subscribed == wanted
        assert self.table.unconfirmed() == frozenset()
        assert len(self.table) == len(wanted), "the table keeps topics nobody wants"


TestExchange = Exchange.TestCase
TestExchange.settings = settings(max_examples=150, stateful_step_count=30)


def test_topics_of_a_frame_are_answered_for_one_by_one(table: SubscriptionTable) -> None:
    """The others go on waiting, and are asked for again when their time is over."""
    table.add(["/a:1", "/a:2"])
    send(table, "1")
    assert table.acknowledged("1", "/a:2") == Command(True, ("/a:2",))
    assert (table.wire("/a:1"), table.wire("/a:2")) == (Wire.SUBSCRIBING, Wire.ACTIVE)
    assert table.acknowledged("1", "/a:2") is None, "that was said before"
    assert table.next_command(ANSWER_TIMEOUT) == Command(True, ("/a:1",))


def test_a_refusal_that_names_its_topic_costs_no_other(table: SubscriptionTable) -> None:
    table.add(["/a:1", "/a:2"])
    send(table, "1")
    assert table.carries("1", "/a:1")
    assert not table.carries("1", "/a:3")
    assert table.refused("1", 0.0, final=True, topic="/a:1") == Command(True, ("/a:1",))
    assert table.acknowledged("1", "/a:2") == Command(True, ("/a:2",))
    assert table.wanted() == ("/a:2",)
    assert not table.carries("1", "/a:2"), "everything is answered for"


def test_a_subscription_that_the_exchange_ended_is_wanted_no_more(table: SubscriptionTable) -> None:
    activate(table, "/a:1", "/a:2")
    table.ended("/a:1")
    table.ended("/b:1")
    assert table.wanted() == ("/a:2",)
    assert table.next_command(0.0) is None, "nothing is to be said about it"
