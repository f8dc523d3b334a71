"""Sets an account at Telnyx up for this installation: what is wanted, what differs, and the way from one to the other.

It stands in this app because it needs the widgets, the settings and the client, and nothing of the hand-over.
"""
