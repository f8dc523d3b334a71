"""Facts that were not told: who is looked at, what is asked, and how the answers enter like any webhook."""
