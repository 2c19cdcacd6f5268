"""The data-driven attribution models: what each channel and campaign is worth by what paths with and without it did.

:mod:`.paths` counts in SQL, :mod:`.markov` and :mod:`.shapley` work on those counts, :mod:`.bootstrap` says how far the
result is chance, and :mod:`.build` writes ``attribution.channel_effect``.
"""
