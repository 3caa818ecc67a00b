"""What the checklist of the simulator says of safety and no other test shows."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import socket as sockets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import kucoin_sync.simulator
from kucoin_sync import WebsocketAPIClient, WebsocketClient
from kucoin_sync.simulator import Controls, Simulator
from kucoin_sync.simulator.controls.control import controls_of
from tests.simulator.clients import Socket, open_orders_socket, open_pro, open_stream

Make = Callable[..., Simulator]

FOLDER = Path(kucoin_sync.simulator.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@functools.cache
def words_of(path: Path) -> frozenset[str]:
    """Return what a module imports (``os``), and what it calls by name (``eval()``) and by attribute (``.open()``)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update((str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(node.func.id + "()")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # Files are opened with a mode; what else is opened here is not.
            found.add(f".{node.func.attr}({'...' if node.func.attr == 'open' and node.args else ''})")
    return frozenset(found)


def users_of(words: set[str]) -> dict[str, set[str]]:
    return {name_of(path): set(words_of(path) & words) for path in MODULES if words_of(path) & words}


EXECUTING = {
    "eval()",
    "exec()",
    "compile()",
    "__import__()",
    "importlib",
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "yaml",
}
EXECUTING |= {"os", "subprocess", "multiprocessing", "ctypes", "runpy", "code", "pty"}
EXECUTING |= {".create_subprocess_exec()", ".create_subprocess_shell()", ".subprocess_exec()", ".subprocess_shell()"}
CONNECTING = {"http.client", "urllib.request", "requests", "websocket", "websockets", "httpx", "ftplib", "smtplib"}
CONNECTING |= {".ClientSession()", "aiohttp.ClientSession", ".create_connection()", ".open_connection()"}
CONNECTING |= {".connect()", ".connect_ex()", ".sock_connect()", ".sendto()", ".create_datagram_endpoint()"}
FILES = {"open()", ".open(...)", ".write_text()", ".write_bytes()", ".read_text()", ".read_bytes()", ".mkdir()"}
FILES |= {"tempfile", "shutil", "glob", "sqlite3", ".unlink()", ".save()"}


def test_nothing_of_the_simulator_executes_what_it_is_sent() -> None:
    """No pickle, no eval, no shell."""
    assert len(MODULES) > 100 and users_of(EXECUTING) == {}


def test_nothing_of_the_simulator_can_open_a_connection() -> None:
    """So it forwards nothing; what `Simulator.connect` makes speaks to a simulator and is no part of one."""
    assert users_of(CONNECTING) == {"controls/remote.py": {"http.client"}}


def test_files_are_touched_where_their_paths_come_from_the_caller_in_python() -> None:
    """The truth log and the recording; `Simulator.connect` reads the certificate it is given."""
    assert users_of(FILES) == {
        "truth.py": {".open(...)"},
        "market/recording.py": {".open(...)"},
        "controls/remote.py": {".read_bytes()"},
    }


def test_the_search_for_words_finds_them(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "import http.client\nfrom os import system\neval('1')\nloop.create_connection()\np.open('r')\nvenue.open()\n"
    )
    assert words_of(module) & EXECUTING == {"os", "eval()"}
    assert words_of(module) & CONNECTING == {"http.client", ".create_connection()"}
    assert words_of(module) & FILES == {".open(...)"}


def test_no_control_takes_a_path_of_a_file() -> None:
    """What comes over HTTP reaches controls only; ``path`` there is a part of the path of a call."""
    suspicious = [
        (name, parameter.name)
        for name, method in controls_of(Controls).items()
        for parameter in inspect.signature(method).parameters.values()
        if "Path" in str(parameter.annotation) or "file" in parameter.name
    ]
    assert suspicious == []


def test_engines_reckon_without_floats() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if name_of(path).split("/")[0] in ("matching", "spot", "futures")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert found == []


def test_secrets_are_compared_in_constant_time() -> None:
    """Where a key, a signature or a passphrase is compared; and nowhere by ``==``."""
    assert users_of({".compare_digest()"}).keys() == {
        "credentials.py",
        "controls/endpoint.py",
        "order_entry/ws_api.py",
    }
    by_value = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq))
        if re.search("sign|passphrase|secret|digest", ast.unparse(node).lower())
    ]
    assert by_value == []


@pytest.fixture
def busy(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulator with a connection of every kind, whose working directory is empty."""
    monkeypatch.chdir(tmp_path)
    simulator = make(market_maker=True)
    opened: list[Socket] = []
    try:
        opened += [
            open_stream(simulator),
            open_stream(simulator, private=True),
            open_stream(simulator, host="/futures"),
        ]
        opened += [open_pro(simulator), open_pro(simulator, "futures"), open_pro(simulator, "private")]
        opened.append(open_orders_socket(simulator))
        opened[0].subscribe("/market/level2:BTC-USDT")
        opened[-1].order("x")
        yield simulator
    finally:
        for socket in opened:
            socket.ws.close()


def test_stop_leaves_no_thread_no_port_and_no_file(busy: Simulator, tmp_path: Path) -> None:
    busy.wait_for(lambda s: s.truth("x").replies_sent)
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("simulator-")]
    assert len(threads) == 1
    port = int(busy.url.rpartition(":")[2])
    busy.stop()
    assert not threads[0].is_alive()
    with sockets.socket() as probe:
        probe.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    assert list(tmp_path.iterdir()) == []


def test_simulators_side_by_side_do_not_collide(make: Make) -> None:
    """Each has a port, accounts and a market of its own."""
    many = [make() for _ in range(5)]
    assert len({simulator.url for simulator in many}) == 5
    many[0].deposit("BTC", "1")
    many[0].counter_order("BTC-USDT", "sell", "1", "60000")
    assert [str(s.balances()["BTC"].available) for s in many] == ["11", "10", "10", "10", "10"]
    assert [len(s.book("BTC-USDT").asks) for s in many] == [1, 0, 0, 0, 0]


def test_a_script_that_forgets_to_stop_it_still_ends(tmp_path: Path) -> None:
    script = "from kucoin_sync.simulator import Simulator\nprint(Simulator().start())\n"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "") and "SIMULATOR" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [WebsocketClient, WebsocketAPIClient])
def test_client_shows_that_its_exchange_is_simulated(simulator: Simulator, kind: Any) -> None:
    with kind(**simulator.client_options()) as client:
        assert "WebsocketClient SIMULATOR no connections yet" in repr(client)
    assert "SIMULATOR" in repr(client)
    with WebsocketClient() as public:
        assert "SIMULATOR" not in repr(public)


def test_simulator_and_its_parts_show_what_they_are(simulator: Simulator, orders: Socket) -> None:
    assert repr(simulator).startswith("<Simulator KuCoin SIMULATOR at http://127.0.0.1:")
    assert repr(Simulator.connect(simulator.url)).startswith("<RemoteSimulator KuCoin SIMULATOR at ")
    peers = simulator._call(lambda: [repr(peer) for peer in simulator._venue.peers("all")])
    assert peers == ["<Peer SIMULATOR ws_api-1 open in=1 out=2>"]
