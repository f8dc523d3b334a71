"""Speak with Telnyx: verified events in, commands out. Django-free; the only home of vendor words."""
