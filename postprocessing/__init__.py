"""Mattes on their way out: edges refined, colours cleaned, the cut-out encoded."""
