"""The Pro (V2) streams, seen from the server: sessions, channels, and what turns events into pushes."""
