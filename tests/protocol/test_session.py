"""The greeting of a line, in every order that exchanges have."""

from __future__ import annotations

from typing import Any, cast

import pytest

from kucoin_sync.errors import AuthError, ConnectError
from kucoin_sync.events import Origin, Update
from kucoin_sync.kucoin.classic import ClassicDialect
from kucoin_sync.protocol.dialect import Dialect, Step
from kucoin_sync.protocol.messages import (
    Ack,
    Challenge,
    Inbound,
    LoginReply,
    PongReceived,
    Refusal,
    Reply,
    Unknown,
    Unreadable,
    Welcome,
)
from kucoin_sync.protocol.session import MAX_EARLY, Session
from kucoin_sync.protocol.state import Phase, SessionState
from tests.protocol.greetings import GreetingDialect

WELCOME = Welcome("session-1", ping_interval=18.0)
CHALLENGE = Challenge("challenge-text", 1760000000000)
LOGGED_IN = LoginReply(True, "", "")
STEPS: dict[Step, Inbound] = {Step.WELCOME: WELCOME, Step.CHALLENGE: CHALLENGE, Step.LOGIN: LOGGED_IN}


def session(*greeting: Step) -> Session:
    return Session(cast(Dialect, GreetingDialect(*greeting)), iter(f"id-{n}" for n in range(1, 9)).__next__)


def update(topic: str = "/a:1") -> Update:
    return Update(topic, None, {}, None, 0.0, "{}", Origin("key", "life", ClassicDialect))


GREETINGS: list[Any] = [
    pytest.param((Step.WELCOME,), [[], []], id="welcome"),
    pytest.param((Step.CHALLENGE, Step.WELCOME), [[], ["signed challenge-text"], []], id="challenge-welcome"),
    pytest.param((Step.WELCOME, Step.LOGIN), [[], ["login id-1 7"], []], id="welcome-login"),
    pytest.param((Step.LOGIN,), [["login id-1 7"], []], id="login"),
    pytest.param((Step.LOGIN, Step.WELCOME), [["login id-1 7"], [], []], id="login-welcome"),
    pytest.param(
        (Step.WELCOME, Step.CHALLENGE, Step.LOGIN),
        [[], [], ["signed challenge-text", "login id-1 7"], []],
        id="welcome-challenge-login",
    ),
    pytest.param((), [[]], id="no-greeting"),
]


@pytest.mark.parametrize(("greeting", "texts"), GREETINGS)
def test_a_greeting_is_answered_step_by_step(greeting: tuple[Step, ...], texts: list[list[str]]) -> None:
    """Nothing leaves before its turn, and the line is ready with the last step and not before."""
    line = session(*greeting)
    sent = [line.start(timestamp_ms=7)]
    for step in greeting:
        assert not line.ready
        assert line.state is SessionState.GREETING
        sent.append(line.receive(STEPS[step], timestamp_ms=7))
    assert sent == texts
    assert line.ready
    assert line.state is SessionState.READY


@pytest.mark.parametrize(
    ("greeting", "received", "phase", "logged_in"),
    [
        pytest.param((Step.WELCOME,), (), Phase.WELCOME, False, id="welcome"),
        pytest.param((Step.CHALLENGE, Step.WELCOME), (), Phase.AUTH, False, id="challenge"),
        pytest.param((Step.CHALLENGE, Step.WELCOME), (CHALLENGE,), Phase.AUTH, True, id="welcome-after-challenge"),
        pytest.param((Step.WELCOME, Step.LOGIN), (), Phase.WELCOME, False, id="welcome-before-login"),
        pytest.param((Step.WELCOME, Step.LOGIN), (WELCOME,), Phase.AUTH, False, id="login"),
        pytest.param((Step.WELCOME, Step.LOGIN), (WELCOME, LOGGED_IN), Phase.AUTH, True, id="after-login"),
    ],
)
def test_the_phase_says_what_the_line_waits_for(
    greeting: tuple[Step, ...], received: tuple[Inbound, ...], phase: Phase, logged_in: bool
) -> None:
    """An opening that fails names it: a wrong key and a silent server need different cures."""
    line = session(*greeting)
    line.start(timestamp_ms=0)
    for message in received:
        line.receive(message, timestamp_ms=0)
    assert line.phase is phase
    assert line.logged_in is logged_in


def test_the_welcome_is_kept_for_its_timings() -> None:
    line = session(Step.WELCOME)
    line.receive(WELCOME, timestamp_ms=0)
    assert line.welcome == WELCOME


def test_T27_data_before_the_welcome_is_kept_in_order() -> None:
    """An exchange may begin to send at once; whoever declares the line ready delivers it."""
    line = session(Step.CHALLENGE, Step.WELCOME)
    early = [update("/a:1"), update("/a:2"), update("/a:3")]
    line.receive(early[0], timestamp_ms=0)
    line.receive(CHALLENGE, timestamp_ms=0)
    assert line.receive(early[1], timestamp_ms=0) == []
    line.receive(early[2], timestamp_ms=0)
    assert not line.ready
    line.receive(WELCOME, timestamp_ms=0)
    assert line.early == early


def test_T27_a_flood_before_the_welcome_ends_the_opening() -> None:
    line = session(Step.WELCOME)
    for _ in range(MAX_EARLY):
        line.receive(update(), timestamp_ms=0)
    with pytest.raises(ConnectError, match=r"^welcome: a flood of data"):
        line.receive(update(), timestamp_ms=0)
    assert len(line.early) == MAX_EARLY


def test_T27_a_second_welcome_changes_nothing() -> None:
    line = session(Step.WELCOME)
    line.receive(WELCOME, timestamp_ms=0)
    assert line.receive(Welcome("session-2"), timestamp_ms=0) == []
    assert line.ready
    assert line.welcome == WELCOME


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(Ack("1", "{}"), id="ack-before-welcome"),
        pytest.param(PongReceived("1", None, "{}"), id="pong"),
        pytest.param(Unknown("{}"), id="unknown"),
        pytest.param(CHALLENGE, id="challenge-that-is-not-due"),
        pytest.param(LOGGED_IN, id="login-that-is-not-due"),
    ],
)
def test_T27_what_nobody_waits_for_neither_helps_nor_harms(message: Inbound) -> None:
    line = session(Step.WELCOME)
    line.start(timestamp_ms=0)
    assert line.receive(message, timestamp_ms=0) == []
    assert not line.ready
    line.receive(WELCOME, timestamp_ms=0)
    assert line.ready


def test_a_welcome_in_the_place_of_a_challenge_does_not_skip_it() -> None:
    line = session(Step.CHALLENGE, Step.WELCOME)
    line.receive(WELCOME, timestamp_ms=0)
    assert line.receive(CHALLENGE, timestamp_ms=0) == ["signed challenge-text"]
    assert not line.ready


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(Refusal(None, "400003", "no such key", "{}"), id="P16-frame-without-id"),
        pytest.param(Reply("1", None, "400003", "no such key", None, None, None, None, "{}"), id="reply-with-id"),
    ],
)
def test_P16_a_refusal_ends_the_opening_with_the_exchanges_words(message: Inbound) -> None:
    line = session(Step.CHALLENGE, Step.WELCOME)
    with pytest.raises(ConnectError, match=r"^auth: refused 400003 no such key$"):
        line.receive(message, timestamp_ms=0)
    assert not line.ready


def test_a_refused_login_is_an_auth_error_with_its_code() -> None:
    line = session(Step.WELCOME, Step.LOGIN)
    line.receive(WELCOME, timestamp_ms=0)
    with pytest.raises(AuthError, match="wrong passphrase") as caught:
        line.receive(LoginReply(False, "400004", "wrong passphrase"), timestamp_ms=0)
    assert caught.value.code == "400004"
    assert not caught.value.retryable


def test_P01_an_unreadable_greeting_ends_the_opening() -> None:
    with pytest.raises(ConnectError, match=r"^welcome: unreadable greeting \(not JSON\)$"):
        session(Step.WELCOME).receive(Unreadable("not JSON", "<html>"), timestamp_ms=0)


def test_an_ended_session_is_not_ready() -> None:
    line = session(Step.WELCOME)
    line.receive(WELCOME, timestamp_ms=0)
    line.end()
    assert not line.ready
    assert line.state is SessionState.ENDED


def test_repr_says_what_is_due() -> None:
    assert repr(session(Step.CHALLENGE, Step.WELCOME)) == "Session(greeting, due=['challenge', 'welcome'])"


def test_an_acknowledgement_of_the_login_counts_as_its_answer() -> None:
    """Some exchanges answer a login as they answer any command; an ack of something else is none."""
    line = session(Step.WELCOME, Step.LOGIN)
    assert line.receive(WELCOME, timestamp_ms=7) == ["login id-1 7"]
    line.receive(Ack("id-2", "{}"), timestamp_ms=7)
    assert not line.ready
    line.receive(Ack("id-1", "{}"), timestamp_ms=7)
    assert (line.ready, line.logged_in) == (True, True)
