"""Tries on a live account what Telnyx's documents leave open, and says what each outcome means here."""
