"""The ways to sign in that need nothing but the hub."""

from __future__ import annotations

NATIVE, DUMMY = "native", "dummy"
WAYS = {NATIVE: "homeroom.sign_in.native.NativeWay", DUMMY: "homeroom.sign_in.trial.TrialWay"}
ALWAYS = True
"""This topic's part of the configuration is there for every way."""
