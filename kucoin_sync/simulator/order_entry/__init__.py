"""The order entry (WebSocket API), seen from the server: sessions and the handlers of its operations."""
