"""The hub-side package: the classes that the rendered configuration sets, and the commands the operator's verbs call."""
