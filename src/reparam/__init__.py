"""Gradients through random nodes: noise -> sample -> estimate -> objective -> step.

Import the modules you need (``from reparam import noise, samplers``); each holds one idea.
"""

__version__ = "0.1.0"
