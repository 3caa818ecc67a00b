"""When to ping and when a line is dead: no earlier and no later, by the readings of one clock."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.protocol.heartbeat import Action, Beat, Heartbeat

INTERVAL, PONG_TIMEOUT, PROBE_AFTER, PROBE_TIMEOUT = 18.0, 10.0, 1.0, 2.0
JUST_BEFORE = 0.001


@pytest.fixture
def heartbeat() -> Heartbeat:
    """A line that became ready at 0."""
    return Heartbeat(
        interval=INTERVAL,
        pong_timeout=PONG_TIMEOUT,
        probe_after=PROBE_AFTER,
        probe_timeout=PROBE_TIMEOUT,
        now=0.0,
    )


def idle(heartbeat: Heartbeat, now: float) -> Beat:
    """Ask with no request waiting, on a line that always has just received."""
    return heartbeat.poll(now, last_received=now, waiting_since=None)


def test_a_fresh_line_waits_for_its_first_interval(heartbeat: Heartbeat) -> None:
    assert idle(heartbeat, 0.0) == Beat(Action.WAIT, INTERVAL)
    assert idle(heartbeat, INTERVAL - JUST_BEFORE).action is Action.WAIT


def test_a_ping_is_due_after_one_interval_with_the_regular_patience(heartbeat: Heartbeat) -> None:
    beat = idle(heartbeat, INTERVAL)
    assert beat.action is Action.PING
    assert beat.wait == PONG_TIMEOUT


def test_the_next_ping_is_due_one_interval_after_the_last(heartbeat: Heartbeat) -> None:
    heartbeat.ping_sent("a", 20.0, PONG_TIMEOUT)
    heartbeat.pong("a", 20.1)
    assert idle(heartbeat, 20.1) == Beat(Action.WAIT, 20.0 + INTERVAL)
    assert idle(heartbeat, 20.0 + INTERVAL).action is Action.PING


def test_T08_a_line_is_dead_when_its_pong_is_late_no_earlier_and_no_later(heartbeat: Heartbeat) -> None:
    heartbeat.ping_sent("a", 18.0, PONG_TIMEOUT)
    assert idle(heartbeat, 28.0 - JUST_BEFORE) == Beat(Action.WAIT, 28.0)
    assert idle(heartbeat, 28.0).action is Action.DEAD


def test_T09_data_that_keeps_coming_does_not_excuse_a_missing_pong(heartbeat: Heartbeat) -> None:
    """It proves that we can hear, not that we are heard."""
    heartbeat.ping_sent("a", 18.0, PONG_TIMEOUT)
    assert heartbeat.poll(28.0, last_received=28.0, waiting_since=None).action is Action.DEAD


def test_T29_a_pong_with_an_unknown_id_counts_for_nothing(heartbeat: Heartbeat) -> None:
    heartbeat.ping_sent("a", 18.0, PONG_TIMEOUT)
    assert heartbeat.pong("b", 18.1) is None
    assert heartbeat.unanswered == 1
    assert idle(heartbeat, 28.0).action is Action.DEAD


def test_a_pong_tells_the_round_trip_time_once(heartbeat: Heartbeat) -> None:
    """A pong that comes twice is not a sign of life now."""
    heartbeat.ping_sent("a", 18.0, PONG_TIMEOUT)
    assert heartbeat.pong("a", 18.25) == 0.25
    assert heartbeat.pong("a", 18.5) is None


def test_T35_a_slow_line_lives_as_long_as_its_pongs_arrive(heartbeat: Heartbeat) -> None:
    now = 0.0
    for number in range(50):
        now += INTERVAL
        assert idle(heartbeat, now).action is Action.PING
        heartbeat.ping_sent(str(number), now, PONG_TIMEOUT)
        assert heartbeat.pong(str(number), now + PONG_TIMEOUT - JUST_BEFORE) is not None
        assert idle(heartbeat, now + PONG_TIMEOUT).action is Action.WAIT


def test_a_later_pong_answers_for_the_pings_before_it(heartbeat: Heartbeat) -> None:
    """The line delivered something newer, so it is alive; one lost pong is no reason to end it."""
    heartbeat.ping_sent("a", 18.0, PONG_TIMEOUT)
    heartbeat.ping_sent("b", 20.0, PONG_TIMEOUT)
    assert heartbeat.pong("b", 20.5) == 0.5
    assert heartbeat.unanswered == 0
    assert idle(heartbeat, 35.0).action is Action.WAIT


def test_an_earlier_pong_does_not_answer_for_the_pings_after_it(heartbeat: Heartbeat) -> None:
    heartbeat.ping_sent("a", 18.0, PONG_TIMEOUT)
    heartbeat.ping_sent("b", 20.0, PONG_TIMEOUT)
    heartbeat.pong("a", 20.5)
    assert heartbeat.unanswered == 1
    assert idle(heartbeat, 30.0).action is Action.DEAD


def test_pongs_without_an_id_answer_the_pings_first_in_first_out(heartbeat: Heartbeat) -> None:
    """Each ping needs one of its own: with one of two missing, the line is dead when the second is late."""
    heartbeat.ping_sent("a", 18.0, PONG_TIMEOUT)
    heartbeat.ping_sent("b", 19.0, PROBE_TIMEOUT)
    assert heartbeat.pong(None, 19.5) == 1.5
    assert heartbeat.unanswered == 1
    assert idle(heartbeat, 21.0).action is Action.DEAD
    assert heartbeat.pong(None, 21.0) == 2.0
    assert heartbeat.pong(None, 21.0) is None, "nothing waits any more"


def test_a_silent_line_with_a_waiting_request_is_probed_no_earlier_and_no_later(heartbeat: Heartbeat) -> None:
    beat = heartbeat.poll(5.0, last_received=3.0, waiting_since=5.0)
    assert beat == Beat(Action.WAIT, 6.0)
    assert heartbeat.poll(6.0 - JUST_BEFORE, last_received=3.0, waiting_since=5.0).action is Action.WAIT
    assert heartbeat.poll(6.0, last_received=3.0, waiting_since=5.0) == Beat(Action.PING, 6.0, PROBE_TIMEOUT)


def test_silence_counts_from_the_last_byte(heartbeat: Heartbeat) -> None:
    assert heartbeat.poll(6.0, last_received=5.5, waiting_since=5.0) == Beat(Action.WAIT, 6.5)


def test_without_a_waiting_request_silence_means_nothing(heartbeat: Heartbeat) -> None:
    assert heartbeat.poll(17.0, last_received=0.0, waiting_since=None) == Beat(Action.WAIT, INTERVAL)


def test_one_silence_is_probed_once(heartbeat: Heartbeat) -> None:
    heartbeat.ping_sent("probe", 6.0, PROBE_TIMEOUT)
    assert heartbeat.poll(6.5, last_received=3.0, waiting_since=5.0) == Beat(Action.WAIT, 8.0)


def test_T08_a_dead_line_with_a_waiting_request_is_found_within_the_two_probe_times(heartbeat: Heartbeat) -> None:
    heartbeat.ping_sent("probe", 6.0, PROBE_TIMEOUT)
    assert heartbeat.poll(8.0 - JUST_BEFORE, last_received=3.0, waiting_since=5.0).action is Action.WAIT
    assert heartbeat.poll(8.0, last_received=3.0, waiting_since=5.0).action is Action.DEAD


def test_a_request_that_still_waits_is_probed_again_after_the_next_silence(heartbeat: Heartbeat) -> None:
    """The line may die after it has answered the first probe."""
    heartbeat.ping_sent("probe", 6.0, PROBE_TIMEOUT)
    heartbeat.pong("probe", 6.2)
    assert heartbeat.poll(7.0, last_received=6.2, waiting_since=5.0) == Beat(Action.WAIT, 7.2)
    assert heartbeat.poll(7.2, last_received=6.2, waiting_since=5.0).action is Action.PING


def test_a_ping_from_before_the_request_is_no_probe(heartbeat: Heartbeat) -> None:
    """Its pong may be on its way already and says nothing about the line since."""
    heartbeat.ping_sent("a", 4.0, PONG_TIMEOUT)
    assert heartbeat.poll(6.0, last_received=3.0, waiting_since=5.0) == Beat(Action.PING, 6.0, PROBE_TIMEOUT)


def test_a_probe_is_due_even_while_a_regular_ping_waits_patiently(heartbeat: Heartbeat) -> None:
    """
    A regular ping that happens to leave just after the request must not make a dead line's finding any later.

    Its pong may take the whole regular timeout, five times as long as a probe's.
    """
    sent = INTERVAL - 0.1
    heartbeat.ping_sent("regular", INTERVAL, PONG_TIMEOUT)
    now = INTERVAL
    for _ in range(20):  # drive it as its owner does
        beat = heartbeat.poll(now, last_received=sent, waiting_since=sent)
        if beat.action is Action.DEAD:
            break
        if beat.action is Action.PING:
            heartbeat.ping_sent("probe", now, beat.wait)
        else:
            now = beat.due
    assert beat.action is Action.DEAD
    assert now <= sent + PROBE_AFTER + PROBE_TIMEOUT


@given(
    steps=st.lists(
        st.tuples(st.floats(0.01, 5.0), st.sampled_from(["pong", "old pong", "silence", "request", "reply"])),
        max_size=80,
    )
)
@settings(max_examples=200)
def test_a_driven_heartbeat_never_stalls_and_never_kills_a_line_before_a_pong_is_late(
    steps: list[tuple[float, str]],
) -> None:
    """Its owner polls when told to; then a ping is never overdue, and death always has a late pong behind it."""
    heartbeat = Heartbeat(
        interval=INTERVAL, pong_timeout=PONG_TIMEOUT, probe_after=PROBE_AFTER, probe_timeout=PROBE_TIMEOUT, now=0.0
    )
    now, last_received, last_ping = 0.0, 0.0, 0.0
    waiting_since: float | None = None
    waiting: dict[str, float] = {}  # the model: id -> deadline
    count = 0
    for pause, what in steps:
        target = now + pause
        while True:
            beat = heartbeat.poll(now, last_received=last_received, waiting_since=waiting_since)
            if beat.action is Action.DEAD:
                assert min(waiting.values()) <= now
                return
            assert all(deadline > now for deadline in waiting.values())
            if beat.action is Action.PING:
                assert beat.wait in (PONG_TIMEOUT, PROBE_TIMEOUT)
                if beat.wait == PROBE_TIMEOUT:
                    assert waiting_since is not None and now - max(last_received, waiting_since) >= PROBE_AFTER - 1e-6
                count += 1
                heartbeat.ping_sent(str(count), now, beat.wait)
                waiting[str(count)] = now + beat.wait
                last_ping = now
                continue
            assert now < beat.due <= last_ping + INTERVAL
            if beat.due > target:
                break
            now = beat.due
        now = target
        if what == "request":
            waiting_since = waiting_since or now
        elif what == "reply":
            waiting_since, last_received = None, now
        elif what == "pong" and waiting and min(waiting.values()) > now:
            assert heartbeat.pong(str(count), now) is not None or str(count) not in waiting
            if str(count) in waiting:
                waiting.clear()
            last_received = now
        elif what == "old pong":
            assert heartbeat.pong("nobody", now) is None
            last_received = now
        assert heartbeat.unanswered == len(waiting)


def test_a_ping_that_is_asked_for_leaves_now_and_its_answer_proves_the_line(heartbeat: Heartbeat) -> None:
    heartbeat.ask(3.0)
    assert idle(heartbeat, 3.0).action is Action.PING
    heartbeat.ping_sent("p", 3.0, PONG_TIMEOUT)
    assert heartbeat.proven_at < 3.0
    heartbeat.pong("p", 3.5)
    assert heartbeat.proven_at == 3.0
    assert idle(heartbeat, 3.5) == Beat(Action.WAIT, 3.0 + INTERVAL)
