"""Long runs as commands, ``python -m reparam.experiments.NAME``; what they found is kept in ``reparam/runs``."""
