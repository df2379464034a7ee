"""Sandbox: the trusted side of executing a notebook: start, watch, stop, and read what came."""
