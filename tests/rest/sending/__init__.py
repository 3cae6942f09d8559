"""Tests of the way to the REST APIs: the client against a loopback server that plays every fault."""
