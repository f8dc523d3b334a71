"""A separate program that stands where Telnyx stands: REST, signed webhooks, browser signalling and real audio."""
