"""Runs a program of another language or environment against a simulator, and reads what it printed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from kucoin_sync.simulator import Simulator

HERE = Path(__file__).parent
LIMIT = 180.0
TRUST = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables in which Node and Python clients look for certificate authorities."""


def said(simulator: Simulator, command: list[str], *, folder: Path) -> dict[str, Any]:
    """
    Return what a program printed, by the name of the call.

    Args:
        simulator: Its credentials are handed over in the environment.
        command: The program and its arguments.
        folder: Where it runs.
    """
    environment = {
        **os.environ,
        "API_KEY": simulator.api_key,
        "API_SECRET": simulator.api_secret,
        "API_PASSPHRASE": simulator.api_passphrase,
        # A proxy of the environment is not for this machine.
        "NO_PROXY": "127.0.0.1",
    }
    if simulator.ca_pem is not None:
        authority = folder / "ca.pem"
        authority.write_bytes(simulator.ca_pem)
        environment |= dict.fromkeys(TRUST, str(authority))
    run = subprocess.run(command, cwd=folder, env=environment, timeout=LIMIT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith('{"call"')]
    return {row["call"]: row["value"] for row in rows}
