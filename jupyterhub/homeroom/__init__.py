"""The hub-side package: the classes that the rendered configuration sets, and the operator's commands on the hub."""
