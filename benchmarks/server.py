"""Build and run the benchmark server; what it serves is in server.c."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import attrs

__all__ = ["BuildError", "Built", "Server", "build"]

SOURCE = Path(__file__).with_name("server.c")
BUILD_TIMEOUT = 60.0
STOP_TIMEOUT = 5.0


class BuildError(Exception):
    """The server could not be compiled; the message says why."""


@attrs.frozen
class Built:
    """A compiled server: the program, and why it has no TLS (``None``: it has)."""

    program: Path
    no_tls_reason: str | None


def build(directory: Path) -> Built:
    """
    Compile the server into ``directory``, with TLS where OpenSSL's headers are present.

    Raises:
        BuildError: If there is no compiler or the plain build fails.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise BuildError("no C compiler: install gcc")
    program = directory / "server"
    with_tls = _compile(compiler, program, ["-DWITH_TLS"], ["-lssl", "-lcrypto"])
    if with_tls is None:
        return Built(program, None)
    without_tls = _compile(compiler, program, [], [])
    if without_tls is not None:
        raise BuildError(without_tls)
    return Built(program, f"the server was built without OpenSSL 3 ({with_tls})")


def _compile(compiler: str, program: Path, flags: list[str], libraries: list[str]) -> str | None:
    """Return ``None``, or the first error line."""
    command = [compiler, "-O2", *flags, "-o", str(program), str(SOURCE), *libraries]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_TIMEOUT, check=False)
    if ended.returncode == 0:
        return None
    lines = ended.stderr.splitlines()
    return next((line for line in lines if "error" in line), "gcc failed without a message")


class Server:
    """
    One running server, pinned to a core; a context manager.

    Args:
        built: What `build` returned.
        core: Number of the core it takes for itself.
        max_seconds: It ends by itself after so many seconds.
        certificate: Speak TLS and write the certificate to this file; ``None`` is plain.
        delay_us: Microseconds by which replies to orders are late.
        frames_per_record: How many stream messages share one TLS record.
    """

    def __init__(
        self,
        built: Built,
        *,
        core: int,
        max_seconds: int,
        certificate: Path | None = None,
        delay_us: int = 0,
        frames_per_record: int = 1,
    ) -> None:
        self.certificate = certificate
        command = [str(built.program), "--core", str(core), "--max-seconds", str(max_seconds)]
        command += ["--delay-us", str(delay_us), "--frames-per-record", str(frames_per_record)]
        if certificate is not None:
            command += ["--tls", str(certificate)]
        # It ends when this pipe closes, so it cannot outlive the process that started it.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        word, _, number = self._process.stdout.readline().partition(" ")
        if word != "PORT":
            self.close()
            raise BuildError(f"the server did not start (exit status {self._process.returncode})")
        self.port = int(number)

    def close(self) -> None:
        """End the server; again is fine."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc_details: object) -> None:
        self.close()
