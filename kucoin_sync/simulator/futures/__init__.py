"""The market of contracts behind the simulator: positions, margins, funding and liquidation. Pure computation."""
