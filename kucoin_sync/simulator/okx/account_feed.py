"""
The channels ``account``, ``positions`` and ``balance_and_position``.

``account`` gathers changes for 50 ms, the others tell them after the operation that made them. ``account`` and
``positions`` repeat themselves every five seconds unless their arg asks for another rhythm, or for changes only.

Source: OKX v5 documents of 2026, account, positions, balance and position channels.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from ..agenda import Entry
from ..clock import SECOND_NS
from ..feed import Reactions
from ..futures.events import FuturesOrderMatched, FuturesWalletChanged, PositionChanged, PositionSettled, PositionState
from ..matching.account_states import TRADE
from ..matching.events import OrderMatched, WalletChanged
from ..peer import Peer
from .account_rows import balance_data, position_data
from .accounts import Accounts
from .venue import OkxVenue

__all__ = ["AccountFeed"]

GATHERED = 0.05
"""Seconds over which ``account`` gathers changes."""
REPEATED = 5.0
"""Seconds between two pushes that come round by themselves."""

_ACCOUNT, _POSITIONS, _BOTH = "account", "positions", "balance_and_position"


class AccountFeed:
    """
    Publishes balances and positions.

    Args:
        venue: Shared state.
        accounts: Reads what an account has.
        scale: Factor of all intervals.
    """

    def __init__(self, venue: OkxVenue, accounts: Accounts, *, scale: float) -> None:
        self._venue = venue
        self._accounts = accounts
        self._gathered_ns = round(GATHERED * scale * SECOND_NS)
        self._scale = scale
        #: What changed since the last push, by account.
        self._currencies: dict[str, dict[str, None]] = {}
        self._changed: dict[str, _Changes] = {}
        #: Balances of futures wallets as last told, by account and currency.
        self._futures_cash: dict[tuple[str, str], Decimal] = {
            (account, currency): venue.futures.accounts.balance(account, currency)
            for account in venue.credentials
            for currency in venue.futures.accounts.currencies(account)
        }
        self._account_due: Entry | None = None
        self._changes_due: Entry | None = None
        #: Topic to the moment at which it is repeated, in the market's rhythm.
        self._repeats: dict[str, int] = {}
        self._readers = [venue.arguments(channel) for channel in (_ACCOUNT, _POSITIONS, _BOTH)]
        self.reactions: Reactions = {
            WalletChanged: self._wallet_changed,
            FuturesWalletChanged: self._futures_wallet_changed,
            PositionChanged: self._position_changed,
            PositionSettled: self._position_settled,
            OrderMatched: self._matched,
            FuturesOrderMatched: self._contract_matched,
        }

    # First messages.

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Send the snapshot."""
        channel, account = topic.partition(":")[0], peer.account
        if account is None or channel not in (_ACCOUNT, _POSITIONS, _BOTH):
            return
        if channel == _BOTH:
            text = self._spell_both(account, _Changes.of_everything(self._venue, self._accounts, account))
        else:
            page = {"eventType": "snapshot", "curPage": 1, "lastPage": True}
            data = self._account_data(topic, account) if channel == _ACCOUNT else self._position_data(topic, account)
            text = self._venue.spell(topic, data, account=account, **page)
            interval = _interval_of(self._venue.args[topic])
            if interval is not None:
                self._repeats.setdefault(topic, self._venue.agenda.now_ns() + self._scaled(interval))
        self._venue.private_pushes.put(lambda: peer.send_text(text))

    def step(self) -> None:
        """Repeat what is due."""
        now = self._venue.agenda.now_ns()
        for topic, due in list(self._repeats.items()):
            if not self._venue.has_readers(topic):
                del self._repeats[topic]
            elif now >= due:
                interval = _interval_of(self._venue.args[topic])
                assert interval is not None
                self._repeats[topic] = now + self._scaled(interval)
                self._repeat(topic)

    def shut_down(self) -> None:
        """Cancel what is due."""
        for entry in (self._account_due, self._changes_due):
            if entry is not None:
                entry.cancel()
        self._account_due = self._changes_due = None
        self._currencies.clear()
        self._changed.clear()
        self._repeats.clear()

    def _repeat(self, topic: str) -> None:
        for account in self._venue.credentials:
            if topic.partition(":")[0] == _ACCOUNT:
                data = self._account_data(topic, account)
            else:
                data = self._position_data(topic, account)
            self._venue.push(topic, data, account=account, eventType="snapshot", curPage=1, lastPage=True)

    def _scaled(self, interval: float) -> int:
        return round(max(interval * self._scale, 0.001) * SECOND_NS)

    # Changes.

    def _wallet_changed(self, event: WalletChanged) -> None:
        if event.wallet == TRADE:
            # What orders hold is no part of a cash balance.
            is_cash = event.available_change + event.held_change != 0
            self._note_currency(event.account, event.currency, is_cash=is_cash)

    def _futures_wallet_changed(self, event: FuturesWalletChanged) -> None:
        wallet = event.wallet
        before = self._futures_cash.get((wallet.account, wallet.currency))
        self._futures_cash[wallet.account, wallet.currency] = wallet.wallet_balance
        is_cash = before is not None and before != wallet.wallet_balance
        self._note_currency(wallet.account, wallet.currency, is_cash=is_cash)

    def _note_currency(self, account: str, currency: str, *, is_cash: bool) -> None:
        if not self._is_told(account):
            return
        self._currencies.setdefault(account, {})[currency] = None
        changes = self._changes_of(account)
        changes.currencies[currency] = None
        changes.is_cash |= is_cash
        if self._account_due is None:
            due = self._venue.agenda.now_ns() + self._gathered_ns
            self._account_due = self._venue.agenda.at(due, self._publish_accounts)

    def _position_changed(self, event: PositionChanged) -> None:
        position = event.position
        if event.reason == "markPriceChange" or not self._is_told(position.account):
            return  # prices alone are told by the repeated pushes
        changes = self._changes_of(position.account)
        changes.positions[position.position_id] = position
        if event.reason == "liquidation":
            changes.event_type = "liquidation"
        elif event.reason == "marginChange" and changes.event_type == "transferred":
            changes.event_type = "adjust_margin"

    def _position_settled(self, event: PositionSettled) -> None:
        if self._is_told(event.position.account):
            self._changes_of(event.position.account).event_type = "funding_fee"

    def _matched(self, event: OrderMatched) -> None:
        self._note_trade(event.order.account, event.order.symbol, event.trade.trade_id)

    def _contract_matched(self, event: FuturesOrderMatched) -> None:
        fill = event.fill
        if fill.account in self._venue.credentials:
            self._accounts.last_trades[fill.account, fill.symbol] = str(fill.trade_id)
        self._note_trade(fill.account, fill.symbol, fill.trade_id)

    def _note_trade(self, account: str, symbol: str, trade_id: int) -> None:
        if self._is_told(account):
            changes = self._changes_of(account)
            changes.trades.append({"instId": symbol, "tradeId": str(trade_id)})
            if changes.event_type in ("transferred", "adjust_margin"):
                changes.event_type = "filled"

    def _is_told(self, account: str) -> bool:
        return account in self._venue.credentials and any(self._readers)

    def _changes_of(self, account: str) -> _Changes:
        if self._changes_due is None:
            self._changes_due = self._venue.agenda.soon(self._publish_changes)
        return self._changed.setdefault(account, _Changes())

    # Messages.

    def _publish_accounts(self) -> None:
        self._account_due = None
        changed, self._currencies = self._currencies, {}
        for account, currencies in changed.items():
            for topic in self._topics(_ACCOUNT):
                wanted = self._venue.args[topic].get("ccy")
                told = [currency for currency in currencies if wanted in (None, "", currency)]
                if told:
                    data = self._account_data(topic, account, told)
                    self._venue.push(topic, data, account=account, eventType="event_update")

    def _publish_changes(self) -> None:
        self._changes_due = None
        changed, self._changed = self._changed, {}
        for account, changes in changed.items():
            if changes.positions:
                for topic in self._topics(_POSITIONS):
                    data = self._position_data(topic, account, changes.positions.values())
                    if data:
                        self._venue.push(topic, data, account=account, eventType="event_update")
            if self._venue.has_readers(_BOTH) and (changes.trades or changes.positions or changes.is_cash):
                self._venue.publish_frame(_BOTH, 0x1, self._spell_both(account, changes).encode(), account=account)

    def _topics(self, channel: str) -> list[str]:
        arguments = self._venue.arguments(channel)
        return [f"{channel}:{argument}" if argument else channel for argument in arguments]

    def _account_data(self, topic: str, account: str, currencies: Iterable[str] | None = None) -> list[Any]:
        wanted = self._venue.args[topic].get("ccy")
        if currencies is None:
            currencies = [c for c in self._accounts.currencies(account) if wanted in (None, "", c)]
        return [self._accounts.row(account, [self._accounts.money(account, currency) for currency in currencies])]

    def _position_data(
        self, topic: str, account: str, positions: Iterable[PositionState] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows that the filters of a topic let through; without positions given, of all open ones."""
        arg = self._venue.args[topic]
        if positions is None:
            positions = self._venue.futures.positions(account)
        rows = []
        for position in positions:
            instrument = self._venue.instruments.by_id[position.symbol]
            if arg["instType"] not in ("ANY", instrument.inst_type):
                continue
            if arg.get("instId"):
                if arg["instId"] != instrument.inst_id:
                    continue
            elif arg.get("instFamily") not in (None, "", instrument.family):
                continue
            rows.append(self._accounts.position_row(position))
        return rows

    def _spell_both(self, account: str, changes: _Changes) -> str:
        money = [self._accounts.money(account, currency) for currency in changes.currencies]
        row = {
            "pTime": str(self._venue.now_ms()),
            "eventType": changes.event_type,
            "balData": [balance_data(each) for each in money],
            "posData": [
                position_data(position, self._accounts.trade_id(account, position.symbol))
                for position in changes.positions.values()
            ],
            "trades": changes.trades,
        }
        return self._venue.spell(_BOTH, [row], account=account)


class _Changes:
    """What one operation changed of one account."""

    def __init__(self, event_type: str = "transferred") -> None:
        self.event_type = event_type
        self.currencies: dict[str, None] = {}
        self.positions: dict[str, PositionState] = {}
        self.trades: list[dict[str, str]] = []
        self.is_cash = False

    @classmethod
    def of_everything(cls, venue: OkxVenue, accounts: Accounts, account: str) -> _Changes:
        """Return all that an account has, for a first message."""
        changes = cls("snapshot")
        changes.currencies = dict.fromkeys(accounts.currencies(account))
        changes.positions = {position.position_id: position for position in venue.futures.positions(account)}
        trades = ((symbol, accounts.trade_id(account, symbol)) for symbol in venue.futures.contracts)
        changes.trades = [{"instId": symbol, "tradeId": trade_id} for symbol, trade_id in trades if trade_id]
        return changes


def _interval_of(arg: dict[str, Any]) -> float | None:
    """Return the seconds between two repeated pushes that an arg asks for; ``None`` for changes only."""
    try:
        wanted = json.loads(arg.get("extraParams") or "{}")
        interval = str(wanted.get("updateInterval", "")) if isinstance(wanted, dict) else ""
    except ValueError:
        interval = ""
    if interval == "0":
        return None
    return int(interval) / 1000 if interval in ("2000", "3000", "4000") else REPEATED
