"""The simulator's OKX: its sessions, operations, channels and REST calls over the shared engines."""
