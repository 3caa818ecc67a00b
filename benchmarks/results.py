"""What the client processes printed, and the figures made of it; plain computation."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

import attrs

from benchmarks.plan import LATE, LATE_REPLY_US

__all__ = ["Results", "difference", "median_of", "ratio"]


@attrs.define
class Results:
    """
    What came out.

    Attributes:
        samples: (measurement, setting, client) -> what its process printed, one entry for each round.
        dropped: Client, with measurement and setting where it applies -> why it was not measured to the end.
        notes: What else the reader must know.
    """

    samples: dict[tuple[str, str, str], list[dict[str, Any]]] = attrs.field(factory=dict)
    dropped: dict[str, str] = attrs.field(factory=dict)
    notes: list[str] = attrs.field(factory=list)

    def by_round(self, measurement: str, setting: str, client: str, key: str | None) -> dict[int, float]:
        """Return round -> value; of the round trips of late replies without the time they were held back."""
        samples = self.samples.get((measurement, setting, client), [])
        held_back = LATE_REPLY_US if (measurement, setting) == ("orders", LATE) and key in ("p50_us", "p99_us") else 0
        return {sample["round"]: sample[key] - held_back for sample in samples if key in sample}

    def settings(self, measurement: str) -> list[str]:
        """Return the settings of a measurement, in the order in which they were measured."""
        return list(dict.fromkeys(setting for found, setting, _ in self.samples if found == measurement))

    def clients(self, measurement: str, setting: str) -> list[str]:
        """Return the clients that were measured in one setting, in order."""
        return [client for *where, client in self.samples if where == [measurement, setting]]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "samples": [
                {"measurement": measurement, "setting": setting, "client": client, "rounds": samples}
                for (measurement, setting, client), samples in self.samples.items()
            ],
            "dropped": self.dropped,
            "notes": self.notes,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Results:
        """Return what `to_json` was made of."""
        samples = {(each["measurement"], each["setting"], each["client"]): each["rounds"] for each in value["samples"]}
        return cls(samples, dict(value["dropped"]), list(value["notes"]))


def median_of(values: Mapping[int, float]) -> float | None:
    """Return the median over the rounds; ``None`` if there is none."""
    return median(values.values()) if values else None


def ratio(values: Mapping[int, float], others: Mapping[int, float]) -> float | None:
    """Return the median of the ratios in the same round; ``None`` if no round has both."""
    found = [value / others[number] for number, value in values.items() if others.get(number)]
    return median(found) if found else None


def difference(values: Mapping[int, float], others: Mapping[int, float]) -> float | None:
    """Return the median of the differences in the same round; ``None`` if no round has both."""
    found = [value - others[number] for number, value in values.items() if number in others]
    return median(found) if found else None
