"""
An echo client on the project's transport, for the Autobahn|Testsuite fuzzing server.

    python -m tests.engine.autobahn_echo ws://127.0.0.1:9001

Asks how many cases there are, echoes every message of each case until its connection ends, and asks for the report.
"""

from __future__ import annotations

import ssl
import sys

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.dial import Resolver
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.network import Network
from kucoin_sync.engine.transport import Transport, open_transport
from kucoin_sync.errors import ConnectionLost, ProtocolViolation
from kucoin_sync.protocol.frames import CloseFrame, Item

AGENT = "kucoin_sync"
CASE_TIMEOUT = 60.0


def open_line(url: str) -> tuple[Transport, Interrupt]:
    interrupt = Interrupt()
    transport = open_transport(
        url,
        network=Network(Resolver(), ssl.create_default_context()),
        deadline=Deadline(CASE_TIMEOUT),
        interrupt=interrupt,
    )
    return transport, interrupt


def echo(url: str) -> list[Item]:
    """Echo until the line ends; return what came in."""
    transport, interrupt = open_line(url)
    deadline = Deadline(CASE_TIMEOUT)
    received: list[Item] = []
    agreed = False
    try:
        while True:
            for item in transport.receive(deadline):
                received.append(item)
                if type(item) is str:
                    transport.send_text(item, deadline)
                elif type(item) is bytes:
                    transport.send_binary(item, deadline)
                elif isinstance(item, CloseFrame):
                    transport.send_close(item.code)
                    agreed = True
                    return received
    except ProtocolViolation as violation:
        transport.fail(violation)
    except ConnectionLost:
        pass
    finally:
        transport.close(reset=not agreed)
        interrupt.close()
    return received


def main(url: str) -> None:
    count = int(str(echo(f"{url}/getCaseCount")[0]))
    for case in range(1, count + 1):
        echo(f"{url}/runCase?case={case}&agent={AGENT}")
    echo(f"{url}/updateReports?agent={AGENT}")


if __name__ == "__main__":
    main(sys.argv[1])
