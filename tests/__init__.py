"""Tests of kucoin_sync."""
