"""Tests of the core, the network and the service; their photos are drawn by tests.drawn."""
