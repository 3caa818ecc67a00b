"""
Runs the notebooks in real kernels: ``python -m tests.notebook_runs``. Prints what came out, as JSON.

A program of its own, because the machinery of notebooks leaves threads and descriptors behind.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "examples" / "notebooks"
CELL_LIMIT = 90
"""Seconds for one cell: a hang, not a slow machine."""
ENDLESS = """
loops = []
try:
    with client.stream("/market/ticker:BTC-USDT", WsKey.SPOT_PUBLIC_V1) as stream:
        for update in stream:
            loops.append(update)
            if len(loops) == 1:
                print("looping", flush=True)
except KeyboardInterrupt:
    print("interrupted after at least one update:", len(loops) > 0, "view open:", view.is_open)
"""
"""A loop without an end, which only an interrupt of the kernel ends."""
THREADS = "import threading; print(sorted(t.name for t in threading.enumerate() if 'view' in t.name))"


def outputs_of(cell: Any) -> list[dict[str, Any]]:
    """Return the text and the forms of each output of a cell."""
    shown = []
    for output in cell.outputs:
        data = output.get("data", {})
        text = output.get("text", "") + data.get("text/plain", "")
        shown.append({"text": text, "types": sorted(data)})
    return shown


def client_of(name: str) -> NotebookClient:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return NotebookClient(notebook, timeout=CELL_LIMIT, resources={"metadata": {"path": str(NOTEBOOKS)}})


def plain_run(name: str) -> dict[str, Any]:
    """Run a notebook from the first cell to the last."""
    client = client_of(name)
    client.execute()
    return {name: [outputs_of(cell) for cell in client.nb.cells if cell.cell_type == "code"]}


def harsh_run(name: str = "streams") -> dict[str, Any]:
    """
    Run cells, interrupt an endless loop, run all cells twice in one kernel, then restart it and run all again.
    """
    client = client_of(name)
    code = [index for index, cell in enumerate(client.nb.cells) if cell.cell_type == "code"]
    extra = {text: nbformat.v4.new_code_cell(text) for text in (ENDLESS, THREADS)}
    client.nb.cells += extra.values()

    def run(text_or_index: str | int) -> list[dict[str, Any]]:
        cell = client.nb.cells[text_or_index] if isinstance(text_or_index, int) else extra[text_or_index]
        index = client.nb.cells.index(cell)
        client.clear_display_id_mapping(index)  # of an earlier run of this cell, whose view may still be following
        client.execute_cell(cell, index)
        return outputs_of(cell)

    result: dict[str, Any] = {}
    with client.setup_kernel():
        for index in code[:2]:
            run(index)
        interrupting = Interrupting(client)
        result["interrupted"] = run(ENDLESS)
        interrupting.stop()
        # Twice, but for the last cell, which closes all: as somebody does who goes back and changes a line.
        result["again"] = [run(index) for index in code[:-1]][-3:]
        result["views"] = run(THREADS)
        run(code[-1])
    with client.setup_kernel():  # a kernel that has just been restarted
        result["restarted"] = [run(index) for index in code]
        result["views after the end"] = run(THREADS)
    return {f"{name}, harshly": result}


class Interrupting:
    """Interrupts the kernel once the endless cell has printed."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client
        self._seen = threading.Event()
        handle = client.process_message
        seen = self._seen

        def watch(message: Any, *arguments: Any) -> Any:
            if message["msg_type"] == "stream" and "looping" in message["content"]["text"]:
                seen.set()
            return handle(message, *arguments)

        client.process_message = watch  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        if self._seen.wait(CELL_LIMIT):
            asyncio.run(self._client.km.interrupt_kernel())

    def stop(self) -> None:
        self._thread.join()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(plain_run, "market_making"), pool.submit(plain_run, "orders"), pool.submit(harsh_run)]
        json.dump({key: value for run in runs for key, value in run.result().items()}, sys.stdout)
