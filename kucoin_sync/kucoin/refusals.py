"""
What each of KuCoin's codes means for an order request: the one table that turns a code into a refusal.

The question a row answers is not "did it work?" but "can anything have happened?". A row is a refusal only if the
exchange says that it turned the request down before acting on it. Timeouts, "busy", internal errors and failures in
the middle of something are unknown, each with a row, so that it shows that they were thought of; and what is not
listed for an operation is unknown as well. No ranges. The first row that fits counts, so the rows of a product stand
before those of the gateway, and those with a pattern before those without.

``spot.modify`` and ``uta.amend`` may act in two steps, a cancel and a new order. What may be said of the second step
is no refusal there, so they have few rows.

Sources (read 2026-11): KuCoin docs, Error Code: gateway, spot, margin, futures, unified account; messages marked
"seen" are from the wire.
"""

from __future__ import annotations

from collections.abc import Mapping

from kucoin_sync.orders.code_table import CodeRow, rows
from kucoin_sync.orders.operation import Verdict

__all__ = ["AUTH_CODES", "NOT_FOUND", "TABLE"]


_REFUSED, _DUPLICATE, _LIMITED = Verdict.REFUSED, Verdict.DUPLICATE, Verdict.LIMITED
_NO_SUCH_ORDER, _NO_EFFECT, _UNKNOWN = Verdict.NO_SUCH_ORDER, Verdict.NO_EFFECT, Verdict.UNKNOWN

_SPOT_PLACE, _SPOT_CANCEL = ("spot.order", "spot.sync_order"), ("spot.cancel", "spot.sync_cancel")
_SPOT, _SPOT_ALL = (*_SPOT_PLACE, *_SPOT_CANCEL), (*_SPOT_PLACE, *_SPOT_CANCEL, "spot.modify")
_MARGIN = ("margin.order", "margin.cancel")
_FUTURES_PLACE, _FUTURES_CANCEL = ("futures.order", "futures.multi_order"), ("futures.cancel", "futures.multi_cancel")
_FUTURES = (*_FUTURES_PLACE, *_FUTURES_CANCEL)
_UTA, _UTA_ALL = ("uta.order", "uta.cancel"), ("uta.order", "uta.cancel", "uta.amend")
_TWO_STEPS = ("spot.modify", "uta.amend")
_NAMES_AN_ORDER = (*_SPOT_CANCEL, "spot.modify", "margin.cancel", *_FUTURES_CANCEL, "uta.cancel", "uta.amend")

_GATEWAY_DOC = "Error Code, gateway"
_SPOT_DOC = "Error Code, spot"
_MARGIN_DOC = "Error Code, margin high-frequency"
_FUTURES_DOC = "Error Code, futures"
_UNIFIED_DOC = "Error Code, unified account"
_SEEN = "seen"

AUTH_CODES: Mapping[str, str] = {
    "400001": "a key header or query field is missing",
    "400002": "timestamp invalid or more than 5 s off",
    "400003": "API key does not exist",
    "400004": "passphrase wrong",
    "400005": "signature wrong",
    "400006": "client IP not on the key's whitelist",
    "400007": "key lacks the permission",
    "400008": "key version too old",
    "400009": "key version invalid",
    "400010": "user not allowed",
    "400011": "signed challenge wrong",
    "400200": "unknown partner",
    "400201": "partner signature wrong",
    "400202": "partner IP invalid",
    "400301": "restricted by local law",
    "400302": "region not served",
    "400303": "identity verification needed",
    "400304": "master account must verify its identity",
    "411200": "URL on the user's blacklist",
}
"""Codes of the gateway's door: trying again with the same credentials from the same place cannot help."""

_GATEWAY = [
    *rows(_GATEWAY_DOC, (), _REFUSED, AUTH_CODES, door=True),
    # Listed for spot and for futures; said of REST calls that were never passed on.
    *rows(_SPOT_DOC, (), _REFUSED, {"404000": "URL not found", "415000": "content type not accepted"}, door=True),
    *rows(
        _GATEWAY_DOC,
        (),
        _REFUSED,
        {
            "400012": "no signed challenge in time",
            "400400": "authorization token invalid",
            "400401": "authorization missing",
            "4001002": "request malformed",
        },
        door=True,
    ),
    *rows(
        _GATEWAY_DOC,
        (),
        _LIMITED,
        {
            "429000": "too many requests: limit of the user",
            "429001": "too many requests: limit of the system",
            "429002": "too many requests: limit of the connection",
        },
        door=True,
    ),
    # Its message decides the kind.
    *rows(_SEEN, _TWO_STEPS, _UNKNOWN, {"400100": "client order id of a live order"}, pattern="clientOidDuplicated"),
    *rows(_SEEN, _TWO_STEPS, _UNKNOWN, {"400100": "balance insufficient"}, pattern="balance insufficient"),
    *rows(_SPOT_DOC, _TWO_STEPS, _UNKNOWN, {"400100": "balance insufficient"}, pattern="account.available.amount"),
    *rows(_SEEN, (), _DUPLICATE, {"400100": "client order id of a live order"}, pattern="clientOidDuplicated"),
    *(
        row
        for pattern in ("order_not_exist", "order not exist", "orderNotExist")
        for row in rows(
            _SEEN, _NAMES_AN_ORDER, _NO_SUCH_ORDER, {"400100": "no order that can be cancelled"}, pattern=pattern
        )
    ),
    *rows(
        _GATEWAY_DOC,
        (),
        _REFUSED,
        {"400100": "parameter error", "400101": "request data invalid", "400102": "check the parameters"},
    ),
    # A failing server may have acted first.
    *rows(
        _GATEWAY_DOC,
        (),
        _UNKNOWN,
        {
            "420001": "too many errors on this connection, disconnected",
            "420002": "error while receiving data, disconnected",
            "500000": "internal error",
            "501000": "service stopping",
            "503000": "busy, retry later",
            "504000": "gateway timeout",
            "505000": "unknown error",
        },
    ),
]

_SPOT_ROWS = [
    *rows(
        _SPOT_DOC,
        _SPOT,
        _REFUSED,
        {
            "200001": "order creation suspended for the pair",
            "200002": "cancel suspended for the pair",
            "200003": "too many orders",
            "200004": "balance insufficient",
            "200009": "identity verification needed for the pair",
            "400200": "user may not place orders",
            "400500": "region not allowed for the token",
            "400600": "pair not trading yet",
            "400700": "restricted by risk control",
            "411100": "user is frozen",
            "600004": "trading unavailable at the location",
            "600203": "symbol not enabled for trading",
            "900001": "symbol does not exist",
        },
    ),
    *rows(
        _SPOT_DOC,
        _SPOT_ALL,
        _UNKNOWN,
        {
            "230005": "system busy",
            "400800": "leveraged order failed",  # after a loan, perhaps
            "260210": "withdrawal disabled",  # no code of orders
        },
    ),
    *rows(
        "Error Code, convert (printed under spot)",
        _SPOT_ALL,
        _UNKNOWN,  # another product's codes: what they would mean for an order is said nowhere
        {
            "102411": "parameter error",
            "102421": "balance insufficient",
            "102423": "direction not supported for fromCurrency",
            "102424": "direction not supported for toCurrency",
            "102425": "time range not supported",
            "102426": "client order id used before",
            "102427": "too many pending orders",
            "102428": "order is being processed, cannot be cancelled",
            "102429": "price beyond the protection price",
            "102431": "pair not supported",
            "102432": "fromSize or toSize needed",
            "102434": "above the maximum order size",
            "102435": "below the minimum order size",
            "102436": "quote or order does not exist or has expired",
            "102441": "agreement not signed",
        },
    ),
]

_MARGIN_ROWS = [
    *rows(
        _MARGIN_DOC,
        _MARGIN,
        _REFUSED,
        {
            "126001": "user not enabled for high frequency",
            "126002": "account at risk, trading refused",
            "126003": "below the minimum amount of one order",
            "126004": "pair missing or not allowed",
            "126005": "advanced identity verification needed",
            "126006": "pair not available",
            "126007": "pair suspended",
            "126009": "order creation suspended",
            "126010": "cancel suspended",
            "126011": "too many orders",
            "126013": "balance insufficient",
            "126015": "orders not allowed on the pair",
            "126021": "asset not offered in the region",
            "126022": "price protection triggered",
            "126027": "limit orders only",
            "126028": "limit orders only before a given time",
            "126029": "above the maximum price",
            "126030": "below the minimum price",
            "126037": "country or region restriction",
            "126041": "clientTimestamp wrong",
            "126042": "position limit exceeded",
            "126045": "asset not offered in the region",
            "126046": "asset not offered to the IP region",
            "126047": "identity verification needed",
            "126048": "master account must verify its identity",
            "400401": "not logged in",
            "400444": "account functions restricted",
        },
    ),
    *rows(
        _MARGIN_DOC,
        ("margin.order",),
        _DUPLICATE,
        {"126033": "duplicate order", "126044": "client order id of another order"},
    ),
    *rows(_MARGIN_DOC, ("margin.cancel",), _NO_SUCH_ORDER, {"126043": "order does not exist"}),
    *rows(
        _MARGIN_DOC,
        _MARGIN,
        _UNKNOWN,
        {
            "126000": "abnormal margin trading",
            "126034": "take-profit or stop-loss creation failed",  # of the second order, perhaps
            "126036": "margin order creation failed",  # after a loan, perhaps
            "126038": "internal call failed",
            "126039": "internal call failed with a reason",
            "135005": "order query failed",
            "135018": "order query service failed",
            "400400": "parameter error or service exception",
            "408000": "network timeout",
            "500000": "service exception",
        },
    ),
]

_FUTURES_ROWS = [
    *rows(
        _FUTURES_DOC,
        _FUTURES_CANCEL,
        _NO_SUCH_ORDER,
        {"100004": "order is not in a cancelable state"},  # said of unknown orders too
    ),
    *rows(_SEEN, _FUTURES_CANCEL, _NO_SUCH_ORDER, {"100001": "no such order"}, pattern="orderNotExist"),
    *rows(
        _FUTURES_DOC,
        _FUTURES,
        _REFUSED,
        {
            "40010": "country or region restricted",
            "100001": "parameters invalid",
            "100003": "contract parameter invalid",
            "100005": "risk limit does not exist",
            "200003": "symbol invalid",
            "200005": "balance insufficient (risk limit change)",
            "300000": "parameter illegal",
            "300001": "too many active orders",
            "300002": "placing or cancelling suspended",
            "300003": "balance not enough",
            "300004": "too many stop orders",
            "300005": "risk limit exceeded",
            "300006": "close price below the bankruptcy price",
            "300007": "price worse than the liquidation price",
            "300008": "no opposite order in the market",
            "300009": "position is 0, nothing to close",
            "300011": "price above the limit",
            "300012": "price below the limit",
            "300013": "no opposite order in the book",
            "300014": "position is being liquidated",
            "300015": "settlement in progress",
            "300016": "leverage too high",
            "300017": "position belongs to Futures Brawl",
            "330005": "switch to the other margin mode first",
            "330011": "switch the position mode first",
            "411100": "user is frozen",
        },
    ),
    *rows(_FUTURES_DOC, _FUTURES_PLACE, _DUPLICATE, {"300018": "client order id repeated"}),
    *rows(_FUTURES_DOC, _FUTURES, _LIMITED, {"200002": "too many requests, blocked for 10 s"}),
    # One code for two things; the words of the first have been seen, the second is a server that cannot go on.
    *rows(_SEEN, _FUTURES, _LIMITED, {"429000": "too many requests"}, pattern="too many requests", door=True),
    *rows(_FUTURES_DOC, _FUTURES, _UNKNOWN, {"429000": "server overloaded, retry"}),
    *rows(
        _FUTURES_DOC,
        _FUTURES,
        _UNKNOWN,
        {
            "1015": "IP blocked for 30 s by the edge",
            "100002": "system configuration error",
            "200001": "level 2 query range too large",  # no code of orders
            "300010": "closing the position failed",
            "500000": "internal error",
        },
    ),
]

_UNIFIED_ROWS = [
    *rows(
        _UNIFIED_DOC,
        _UTA_ALL,
        _REFUSED,
        {"4001": "common parameter invalid", "106100": "MissingParameter / NotFoundOrderId"},
    ),
    *rows(
        _UNIFIED_DOC,
        ("uta.cancel", "uta.amend"),
        _NO_SUCH_ORDER,
        {"106052": "NotFound", "106102": "NotFoundClientOrderId"},
    ),
    *rows(_UNIFIED_DOC, ("uta.cancel",), _NO_EFFECT, {"106050": "Canceling"}),
    *rows(_UNIFIED_DOC, ("uta.order",), _DUPLICATE, {"106151": "DuplicateClientOrderId"}),
    *rows(
        _UNIFIED_DOC,
        _UTA,
        _REFUSED,
        {
            "106000": "InvalidParam",
            "106001": "InvalidAccount",
            "106053": "SymbolForbidden",
            "106054": "InvalidSymbol",
            "106103": "ExceedMaxRequestSize",
            "106150": "InsufficientFunds",
            "106155": "NoFundsMarket",
            "106156": "NoQuantityMarket",
            "106157": "BothFundsAndQuantityMarket",
            "106160": "OrderMissingMarkPrice",
            "106161": "NoPrice",
            "106162": "NoQuantity",
            "106164": "QuantityTooLow",
            "106165": "QuantityTooHigh",
            "106166": "FundsTooLow",
            "106167": "FundsTooHigh",
            "106168": "BaseStepSizeMismatch",
            "106169": "PriceStepSizeMismatch",
            "106170": "PriceTooHigh",
            "106171": "PriceTooLow",
            "106172": "FundsStepSizeMismatch",
            "106173": "ValueOverflow",
            "106174": "LeverageOverSymbolMax",
            "106176": "BookEmpty",
            "106182": "NoPosition",
            "106183": "MissingLeverageForPlaceOrder",
            "106190": "UnknownSymbol",
            "106193": "UnknownCurrency",
            "106194": "SymbolDisabled",
            "106205": "UnsupportedTradeType",
            "106206": "OpenOrdersExceededMaxLimit",
            "106208": "UserStatusIsPauseTrading",
            "106211": "UserStatusNotSupportTrading",
            "106212": "InsufficientFundsOrRiskLimit",
            "301100": "UserRestrictLimit",
            "301101": "UserIpLimit",
            "301102": "KYCLimit",
            "301103": "KYCLimitSub",
            "301106": "SymbolNotAvailable",
            "301113": "OnlySupportLimitOrder",
            "301114": "OnlySupportLimitOrderError",
            "301115": "PriceGreaterThanUpPrice",
            "301116": "PriceLessThanDownPrice",
            "301117": "BizLimit",
            "301118": "CALL_AUCTION_SEC_STAGE_FORBIDDEN",
            "301119": "CALL_AUCTION_TYPE_NOT_SUPPORTED",
            "301120": "CALL_AUCTION_PRICE_INVALID",
            "301121": "CALL_AUCTION_THIRD_STAGE_CANCEL_FORBIDDEN",
            "301122": "CALL_AUCTION_THIRD_STAGE_DEAL_FORBIDDEN",
            "301123": "CALL_AUCTION_WHITE_LIST_FORBIDDEN",
            "301124": "USER_NOT_LOGGED_IN",
            "301126": "COMMISSION_FUNDS_LESS_THEN_MINIMUM_ORDER_FUNDS",
            "301127": "SYMBOL_KYC_ERROR",
            "301128": "SYMBOL_CAN_NOT_TRADED",
            "301130": "ACCOUNT_BALANCE_INSUFFICIENT",
            "301133": "IP_RESTRICTION",
            "301135": "PAUSE_CANCEL",
            "401001": "USER_FUTURES_TRADE_STATUS_INVALID",
            "401100": "ContractNotExist",
            "401101": "MarketOrderNotAllowed",
            "401102": "PriceIsTooHigh",
            "401103": "PriceIsTooLow",
            "401106": "ContractNationalRisk",
            "401107": "NoKycOrderNotAllowed",
            "401108": "NoKycOnlyCloseOrderAllowed",
            "401109": "OnlyReduceAllowedOnLow",
            "401110": "MarginModeValidIsolatedError",
            "401111": "ContractStatusOnReduceOnly",
            "401112": "MarkPriceNotExist",
            "401113": "TradePriceNotExist",
            "401115": "ADVANCED_ORDER_TRIGGER_DIRECTION_ILLEGAL",
            "401116": "ADVANCED_ORDER_TRIGGER_PRICE_TYPE_ILLEGAL",
            "401117": "TradeTypeInvalid",
            "401121": "ADVANCED_ORDER_TRIGGER_PRICE_ILLEGAL",
            "401123": "ADVANCED_ORDER_TP_TRIGGER_PRICE_TYPE_ILLEGAL",
            "401126": "ADVANCED_ORDER_SL_TRIGGER_PRICE_TYPE_ILLEGAL",
            "401128": "PRE_MARKET_ORDER_FORBIDDEN",
        },
    ),
    *rows(
        _UNIFIED_DOC,
        _UTA_ALL,
        _UNKNOWN,
        {
            "106152": "DuplicateOrderId",  # the same request twice: one of the two may have been taken
            "106204": "SystemInternalError",
            "106209": "SystemOrderIdempotent",  # likewise
            "106210": "AdvancedOrderCanceled",  # so there was one
            "112001": "RequestTimeout",
            "112002": "ServiceUnavailable",
            "112003": "InternalServerError",
            "301105": "CreateOrderError",
            "301129": "GET_MARKET_PRICE_FAILED",
            "301136": "QUERY_LIVE_ORDER_ERROR",
            "401118": "PositionPartiallyClosed",  # so something happened
            "401119": "PositionCloseFailed",
            # Prices of the second order of a pair: judged by the market, perhaps when the first is placed already.
            "401122": "ADVANCED_ORDER_TP_ORDER_PRICE_ILLEGAL",
            "401124": "ADVANCED_ORDER_TP_TRIGGER_PRICE_ILLEGAL",
            "401125": "ADVANCED_ORDER_SL_ORDER_PRICE_ILLEGAL",
            "401127": "ADVANCED_ORDER_SL_TRIGGER_PRICE_ILLEGAL",
            "401200": "USER_RESTRICT_BUSINESS_HANDLE_FAILED",
        },
    ),
]

TABLE: tuple[CodeRow, ...] = (*_SPOT_ROWS, *_MARGIN_ROWS, *_FUTURES_ROWS, *_UNIFIED_ROWS, *_GATEWAY)

_SPOT_NOT_FOUND = tuple(("400100", pattern) for pattern in ("order not exist", "order_not_exist", "orderNotExist"))

NOT_FOUND: Mapping[str, tuple[tuple[str, str], ...]] = {
    "spot": _SPOT_NOT_FOUND,  # seen, with more than one text
    # UNCONFIRMED: listed as "order does not exist", but seen nowhere as the answer to a look-up. As both kinds of
    # account share the host, what spot look-ups say is taken as well.
    "margin": (("126043", ""), *_SPOT_NOT_FOUND),
    "futures": (("100001", "orderNotExist"),),  # seen; the code alone is "parameters invalid"
}
"""
How the look-up of one order says that there is none: product to codes, each with a part of the message (any case).

Anything else is a look-up that failed. It is no table of refusals: what a look-up does not find may be there.
"""
