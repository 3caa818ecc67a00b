"""The classic (V1) streams, seen from the server: sessions, and what turns events into their topics."""
