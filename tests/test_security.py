"""
What a hostile peer, a careless log or a curious neighbour could do: memory, time, secrets, files, dependencies.
"""

from __future__ import annotations

import ast
import configparser
import gc
import hmac
import json
import re
import ssl
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync import AuthError, ConfigError, ConnectError, Options, WebsocketClient
from kucoin_sync.events import Origin, Update
from kucoin_sync.kucoin.classic import ClassicDialect
from kucoin_sync.kucoin.models.fields import read_number
from kucoin_sync.protocol.frames import FrameParser
from kucoin_sync.protocol.json_text import exact_loads, loads
from kucoin_sync.protocol.packed_text import unpack_text
from kucoin_sync.simulator import Simulator
from tests.clients import SPOT, Clients
from tests.peers import ScriptedPeer, background, frame, v1_handshake
from tests.sides import KUCOIN, OKX, Side

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kucoin_sync"
MODULES = sorted(PACKAGE.rglob("*.py"))
CLIENT_MODULES = [p for p in MODULES if p.relative_to(PACKAGE).parts[0] not in ("simulator", "cli")]
MIB = 1024 * 1024
SECONDS = 5.0
"""Long for what takes a tenth of it; what is quadratic takes minutes."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    # Not kept: the trees of all modules are half a million objects, and each collection of garbage would take a second.
    return ast.parse(path.read_text(encoding="utf-8"))


def names_used(path: Path) -> Iterator[str]:
    """Return dotted names as far as they are spelled out in one place, such as ``os.environ``."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Name):
            yield node.id


# Memory.


def parse(*chunks: bytes) -> None:
    parser = FrameParser()
    for chunk in chunks:
        parser.feed(chunk)
        parser.parse()


BOMBS: dict[str, Callable[[], object]] = {
    "T31-fragments": lambda: parse(frame(0x1, b"x" * 4096, fin=False), *[frame(0x0, b"x" * 4096, fin=False)] * 1100),
    "T31-tiny-fragments": lambda: parse(frame(0x1, b"", fin=False), *[frame(0x0, b"x", fin=False)] * 100_000),
    "T32-8-GiB-announced": lambda: parse(frame(0x2, b"x", length=2**33, length_form=64)),
    "T32-just-above-the-bound": lambda: parse(frame(0x1, b"x", length=4 * MIB + 1, length_form=64), b"x" * MIB),
    "P03-deep": lambda: loads("[" * 4 * MIB),
    "P03-deep-objects": lambda: loads('{"a":' * (4 * MIB // 5)),
    "P04-digits": lambda: loads("9" * 4 * MIB),
    "P10-deflate": lambda: unpack_text(DEFLATED),
    "P10-zlib": lambda: unpack_text(ZLIB),
}
ZLIB = zlib.compress(b"[" * 64 * MIB)
_PACKER = zlib.compressobj(9, zlib.DEFLATED, -15)
DEFLATED = _PACKER.compress(bytes(64 * MIB)) + _PACKER.flush()


def peak(call: Callable[[], object]) -> int:
    """Return the most memory that a call took at a time, bytes; refusals by an exception are as good as others."""
    tracemalloc.start()
    try:
        call()
    except ValueError:
        pass
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most


@pytest.mark.parametrize("name", BOMBS)
def test_X09_what_is_made_to_fill_the_memory_does_not(name: str) -> None:
    assert peak(BOMBS[name]) < 16 * MIB


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n", id="T14-headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1000, id="T14-header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", b"x" * 1000, id="R10-body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", id="R10-chunks"),
    ],
)
def test_X09_an_endless_answer_to_the_token_call_costs_no_memory(
    head: bytes, body: bytes, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = clients.stream_client(plain_peer, max_reconnect_attempts=1)

    def refused() -> None:
        opening = background(client.connect, SPOT)
        line = plain_peer.accept()
        line.read_request()
        line.send(head)
        with pytest.raises((AssertionError, OSError)):  # it is cut before anything near the end of this
            for _ in range(32):
                line.send(body * (MIB // len(body)))
        with pytest.raises(ConnectError):
            opening.result()

    assert peak(refused) < 16 * MIB


def test_X09_pings_to_a_peer_that_reads_nothing_do_not_pile_up(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """A pong each would be as endless as they are: the line is given up, or the oldest are not answered."""
    client = clients.stream_client(plain_peer, reconnect=False)
    opening = background(client.connect, SPOT)
    line = v1_handshake(plain_peer)
    opening.result()
    line.stop_reading()
    pings = frame(0x9, b"x" * 125) * 4096

    def flood() -> None:
        with pytest.raises((AssertionError, OSError)):
            for _ in range(200):  # 100 MiB
                line.send(pings)

    assert peak(flood) < 16 * MIB


# Time.


def nested(depth: int, width: int) -> str:
    text = "1"
    for _ in range(depth):
        text = "[" + ",".join([text] + ["{}"] * width) + "]"
    return text


ORIGIN = Origin("spotPublicV1", "id", ClassicDialect)


def typed(data: Any) -> Any:
    update = Update("/market/ticker:BTC-USDT", "trade.ticker", data, None, 0.0, json.dumps({"data": data}), ORIGIN)
    return update.typed


SLOW: dict[str, Callable[[], object]] = {
    "fragments": BOMBS["T31-tiny-fragments"],
    "one-byte-reads": lambda: parse(*[b"\x81\x7e\xff\xff"], *[b"x"] * 65_535),
    "empty-frames": lambda: parse(frame(0x1, b"") * 100_000),
    "pings": lambda: parse(frame(0x9, b"") * 100_000),
    "wide": lambda: loads("[" + "[]," * MIB + "[]]"),
    "deep-and-wide": lambda: loads(nested(60, 10_000)),
    "too-deep-and-wide": lambda: loads(nested(70, 10_000)),
    "backslashes": lambda: loads('["' + "\\\\" * MIB + '",' + "[]," * 100_000 + "[]]"),
    "keys": lambda: loads("{" + ",".join(f'"{n}":{n}' for n in range(200_000)) + "}"),
    "digits": lambda: loads("1" * 4 * MIB),
    "fraction": lambda: exact_loads("0." + "1" * MIB),
    "number-that-is-none": lambda: read_number("1" * MIB + "x"),
    "number-with-an-exponent": lambda: read_number("1" * MIB + "e5"),
    "typed-number": lambda: typed({"sequence": "1", "price": "1" * MIB + "x", "size": "." + "1" * MIB, "time": 1}),
}


@pytest.mark.parametrize("name", SLOW)
def test_X10_what_is_made_to_cost_time_does_not(name: str) -> None:
    """
    Measured as time of this thread's own, so that a busy machine changes nothing.

    Without the collector of cycles: what it takes depends on all that the process holds, here thousands of tests.
    """
    gc.disable()
    began = time.thread_time()
    try:
        SLOW[name]()
    except (ValueError, TypeError):
        pass
    finally:
        took = time.thread_time() - began
        gc.enable()
    assert took < SECONDS


# Secrets.


def test_X03_the_trace_of_the_library_below_is_never_switched_on() -> None:
    callers = [name_of(p) for p in MODULES if any(name.endswith("enableTrace") for name in names_used(p))]
    assert callers == []


def test_X05_no_option_switches_verification_off() -> None:
    """Only a context of the user's own could, and he has to build it."""
    names = [field.name for field in attrs.fields(Options)]
    assert [name for name in names if "verif" in name or "insecure" in name or "cert" in name] == []
    for value in (False, True, None, 0, "none"):
        if value is not None:
            with pytest.raises(ConfigError, match="ssl_context"):
                WebsocketClient(ssl_context=value)
    client = WebsocketClient()
    context = client._around.network.context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_X15_secrets_are_read_from_no_file() -> None:
    """Nor from variables: whoever calls the library gives them. Examples take them from variables only."""
    readers = {"open", "Path.open", "io.open", "os.open", "configparser.ConfigParser"}
    methods = {"read_text", "read_bytes"}
    found = []
    for path in CLIENT_MODULES:
        if path.name == "journal.py":
            continue  # the one file of the library; what is in it is searched for secrets as every file is
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in readers or (isinstance(node.func, ast.Attribute) and node.func.attr in methods):
                    found.append(f"{name_of(path)}: {called}")
    assert found == []
    for path in (ROOT / "examples").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "open(" not in text and "read_text" not in text, path
        assert not re.search(r"(secret|passphrase|api_key)\w*\s*=\s*[\"'][^\"']", text), path


def test_X20_no_variable_of_the_environment_changes_what_the_library_does() -> None:
    """But those of proxies and certificates; nor is there a hook for tests that could be left in."""
    users = {name_of(p) for p in CLIENT_MODULES if {"os.environ", "os.getenv", "os.environb"} & set(names_used(p))}
    assert users == {"kucoin_sync/engine/tls.py"}
    names = set()
    for node in ast.walk(tree_of(PACKAGE / "engine" / "tls.py")):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[A-Z_]{6,}", node.value):
            names.add(node.value)
    assert names == {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    for path in CLIENT_MODULES:
        assert not re.search(r"\b(pytest|unittest|mock|_for_tests?|test_hook)\b", path.read_text()) or (
            path.name == "pytest_plugin.py"
        ), path


SECRET_WORDS = re.compile(r"sign|digest|passphrase|secret|\bmac\b|password", re.IGNORECASE)


def test_X21_what_is_secret_is_compared_in_constant_time() -> None:
    """The simulator judges signatures; nowhere are two of them compared byte by byte."""
    found = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Compare) and any(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
                sides = [node.left, *node.comparators]
                named = [s for s in sides if not isinstance(s, ast.Constant) and SECRET_WORDS.search(ast.unparse(s))]
                if named and not any(isinstance(s, ast.Constant) for s in sides):
                    found.append(f"{name_of(path)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


@pytest.mark.parametrize("wrong", ["api_secret", "api_passphrase"])
@pytest.mark.parametrize(
    ("side", "key"),
    [(KUCOIN, "spotPrivateV1"), (KUCOIN, "wsApiSpotV1"), (KUCOIN, "privateProV2"), (OKX, "prodPrivate")],
    ids=["spotPrivateV1", "wsApiSpotV1", "privateProV2", "prodPrivate"],
    indirect=["side"],
)
def test_X21_every_login_is_judged_so(side: Side, wrong: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []
    compare = hmac.compare_digest

    def counted(one: Any, other: Any) -> bool:
        compared.append(one)
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    with Simulator(**side.simulator, market_maker=False) as exchange:
        options = {**exchange.client_options(), wrong: "simulator-wrong"}
        with side.client_class(**options) as client, pytest.raises(AuthError):
            client.connect(key)
    assert compared


# Dependencies.


def requirements() -> Iterator[tuple[str, str, str]]:
    """Return each requirement of setup.cfg with its section and the line above it."""
    parser = configparser.ConfigParser(comment_prefixes=(), inline_comment_prefixes=())
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    lists = {"install_requires": parser["options"]["install_requires"], **parser["options.extras_require"]}
    for section, text in lists.items():
        above = ""
        for line in filter(None, map(str.strip, text.splitlines())):
            if not line.startswith(("#", "%(")):
                yield section, line, above
            above = line


def test_X14_every_dependency_has_a_lower_bound_and_an_upper_one_only_with_its_reason() -> None:
    found = list(requirements())
    assert len(found) > 8
    for section, requirement, above in found:
        assert re.match(r"[\w.-]+(\[[\w,]+\])?>=\d", requirement), f"{section}: {requirement}"
        if re.search(r"<|==|~=", requirement):
            assert above.startswith("#"), f"{section}: {requirement} has an upper bound without a reason above it"


FOREIGN = {"websocket", "requests", "attrs", "attr", "orjson", "aiohttp", "cattrs", "trustme", "click", "rich"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_X14_no_private_name_of_another_package_is_used(path: Path) -> None:
    """They may change in any release."""
    tree, private, modules = tree_of(path), [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name for a in node.names if a.name.split(".")[0] in FOREIGN | {"python_socks"}}
            private += [a.name for a in node.names if "._" in a.name and not a.name.startswith("kucoin_sync")]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            parts = node.module.split(".")
            if parts[0] != "kucoin_sync" and parts[0] not in sys.stdlib_module_names:
                private += [part for part in parts if part.startswith("_")]
                private += [a.name for a in node.names if a.name.startswith("_")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            base = ast.unparse(node.value)
            if base in modules or base.split(".")[0] in modules:
                private.append(f"{base}.{node.attr}")
    assert private == []
